public import Compute
import Instruments
public import Models
public import Tensors

/// Finds the fastest variant of kernels for each convolution of a network by running them, and checks what they compute.
///
/// Operations: each variant of a layer runs until it has taken some 50 ms, after one run that compiles and prepares it. All variants of a
/// layer take turns, so that what else the machine does meets all of them.
public struct ConvolutionTuner {
  /// A variant that was tried.
  public struct Measurement: Sendable, Hashable {
    /// Its name.
    public var variant: String
    /// The median of the seconds of a call, or nil if it failed.
    public var seconds: Double?
    /// The largest difference to the first variant's result, by the largest of its values.
    public var difference = 0.0
    /// Why it does not count, or nil.
    public var fault: String?
  }

  /// What was found for a layer.
  public struct Finding: Sendable, Hashable {
    /// The layer.
    public var layer: ConvolutionLayer
    /// How often an evaluation of the network calls it.
    public var calls: Int
    /// All variants, the device's own choice first.
    public var measurements: [Measurement]
    /// The variant to take: the fastest that is right, where it gains enough; else the device's own choice.
    public var best: String

    /// The device's own choice.
    public var own: Measurement { measurements[0] }

    /// Seconds of a call by the best variant, or nil if all failed.
    public var bestSeconds: Double? { measurements.first { $0.variant == best }?.seconds }

    /// By how much faster the best variant is than the device's own choice.
    public var gain: Double {
      guard let seconds = own.seconds, let bestSeconds else { return 1 }
      return seconds / bestSeconds
    }
  }

  /// A layer with the operands of one of its calls.
  private struct Call {
    let layer: ConvolutionLayer
    let operands: [FeatureMapShape]
    let result: FeatureMapShape
    var calls: Int
  }

  /// The layers that have a choice, the costliest first.
  private let calls: [Call]
  private let backend: any TunableConvolutions

  /// The layers of a model.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - shape: The images' extents.
  ///   - batch: Images of an evaluation; the choices hold for all.
  ///   - backend: The device.
  public init(_ model: Model, _ shape: ImageShape, batch: Int, on backend: any TunableConvolutions) throws {
    self.backend = backend
    let plan = try model.network.planned(shape, batch: batch, on: backend)
    var found: [ConvolutionLayer: (call: Call, work: Int)] = [:]
    for (record, count) in plan.records where record.operation == .convolve {
      guard case .convolution(let shape, let operands, let result) = record.shape else { continue }
      let layer = ConvolutionLayer(shape, output: result)
      guard backend.variants(of: layer).count > 1 else { continue }
      // Layers that differ in nothing but their epilogue, or where their operands meet, are one.
      let others = found[layer]?.call.calls ?? 0
      found[layer] = (
        Call(layer: layer, operands: operands, result: result, calls: others + count),
        (found[layer]?.work ?? 0) + count * record.floatingPointOperations
      )
    }
    calls = found.values.sorted { ($1.work, $0.call.layer.description) < ($0.work, $1.call.layer.description) }.map(
      \.call)
  }

  /// The layers that have a choice.
  public var layers: [ConvolutionLayer] { calls.map(\.layer) }

  /// Tries the variants of each layer that has no choice yet.
  ///
  /// - Parameters:
  ///   - tuning: The choices so far; those that are found are added.
  ///   - shouldStop: Asked before each layer.
  ///   - found: Called after each layer with what was found and all choices so far.
  /// - Returns: Whether all layers have a choice.
  /// - Throws: What the device throws besides the failure of a variant, or what `found` throws.
  public func run(
    over tuning: inout ConvolutionTuning, shouldStop: () -> Bool = { false },
    found: (Finding, ConvolutionTuning) throws -> Void
  ) throws -> Bool {
    let before = backend.tuning
    defer { backend.tuning = before }
    for call in calls where tuning[call.layer] == nil {
      if shouldStop() { return false }
      let finding = try tried(call)
      tuning[call.layer] = finding.best
      try found(finding, tuning)
    }
    return true
  }

  /// What a variant must gain to be taken in place of the device's own choice: less is within what times vary.
  private static let least = 1.03

  private func tried(_ call: Call) throws -> Finding {
    let trial = try Trial(call.layer, call.operands, call.result, on: backend)
    var measurements: [Measurement] = [], reference: [Float] = []
    for variant in backend.variants(of: call.layer) {
      var measurement = Measurement(variant: variant)
      do throws(DeviceError) {
        let values = try trial.result(of: variant)
        if reference.isEmpty { reference = values }
        measurement.difference = Self.difference(values, reference)
        if !(measurement.difference <= tolerance) { measurement.fault = "differs by \(measurement.difference)" }
      } catch {
        measurement.fault = error.message
      }
      measurements.append(measurement)
    }
    let right = measurements.indices.filter { measurements[$0].fault == nil }
    for (place, seconds) in zip(right, try trial.seconds(of: right.map { measurements[$0].variant })) {
      measurements[place].seconds = seconds
    }
    let own = measurements[0], best = measurements.min { $0.seconds ?? .infinity < $1.seconds ?? .infinity } ?? own
    let gains = (own.seconds ?? .infinity) / (best.seconds ?? .infinity) >= Self.least
    return Finding(
      layer: call.layer, calls: call.calls, measurements: measurements, best: gains ? best.variant : own.variant)
  }

  /// How much results may differ: Winograd's method and products of 16-bit elements round differently.
  private var tolerance: Double { backend.featureMapPrecision == .float32 ? 1e-4 : 2e-2 }

  private static func difference(_ values: [Float], _ reference: [Float]) -> Double {
    let largest = reference.reduce(0) { max($0, abs($1)) }
    let apart = zip(values, reference).reduce(Float(0)) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
    return Double(apart / max(largest, .leastNormalMagnitude))
  }
}

/// A convolution of random values by one variant after the other.
private struct Trial {
  let layer: ConvolutionLayer
  let operand: Operand
  let filter: Filter
  let epilogue: ConvolutionEpilogue
  let result: FeatureMap
  let backend: any TunableConvolutions

  init(
    _ layer: ConvolutionLayer, _ operands: [FeatureMapShape], _ output: FeatureMapShape,
    on backend: any TunableConvolutions
  ) throws {
    let maps = operands.enumerated().map { place, shape in Self.normals(shape, draw: UInt64(place), on: backend) }
    self.layer = layer
    self.backend = backend
    operand = Operand(maps[0], maps.count > 1 ? maps[1] : nil)
    let scale = 1 / Float(layer.shape.inputChannels * layer.shape.taps).squareRoot()
    let count = layer.shape.filterCount, buffer = backend.makeBuffer(count: count)
    backend.fillNormal(buffer, seeds: [7], key: .init(step: 0))
    filter = Filter(Parameter(shape: layer.shape.filterShape, values: try backend.read(buffer).map { $0 * scale }))
    epilogue = ConvolutionEpilogue(
      bias: Parameter(shape: [output.channels], values: (0..<output.channels).map { Float($0 % 7) / 7 }))
    result = backend.makeFeatureMap(output)
  }

  private static func normals(
    _ shape: FeatureMapShape, draw: UInt64, on backend: any TunableConvolutions
  ) -> FeatureMap {
    let buffer = backend.makeBuffer(count: shape.count), map = backend.makeFeatureMap(shape)
    backend.fillNormal(buffer, seeds: (0..<UInt64(shape.batch)).map { 100 * draw + $0 }, key: .init(step: 0))
    backend.enter(buffer, scale: 1, shift: 0, into: map)
    return map
  }

  private func choose(_ variant: String) {
    var tuning = ConvolutionTuning()
    tuning[layer] = variant
    backend.tuning = tuning
  }

  private func convolve() { backend.convolve(operand, filter, layer.shape, epilogue, into: result) }

  /// What a variant computes.
  func result(of variant: String) throws(DeviceError) -> [Float] {
    choose(variant)
    convolve()
    let buffer = backend.makeBuffer(count: result.shape.count)
    backend.leave(result, into: buffer)
    return try backend.read(buffer)
  }

  /// The median of the seconds of a call for each variant, in rounds that all take part in.
  func seconds(of variants: [String]) throws -> [Double] {
    let rounds = 5, target = 0.01
    var times = variants.map { _ in [Double]() }, calls = variants.map { _ in 1 }
    for round in 0...rounds {
      for (place, variant) in variants.enumerated() {
        choose(variant)
        try backend.synchronize()
        let seconds = try Duration.seconds {
          for _ in 0..<calls[place] { convolve() }
          try backend.synchronize()
        }
        // The first round tells how many calls the others take.
        if round == 0 {
          calls[place] = max(1, min(200, Int(target / max(seconds, 1e-9))))
        } else {
          times[place].append(seconds / Double(calls[place]))
        }
      }
    }
    return times.map { $0.sorted()[rounds / 2] }
  }
}
