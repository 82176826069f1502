public import Compute

/// A record of what feature maps were made of, from which gradients are taken in reverse (Linnainmaa 1976).
///
/// ```
/// let tape = Tape(on: backend)
/// let result = layers(x.featureMaps(watchedBy: tape)) // operations on watched feature maps record themselves
/// tape.backward(from: result, gradient: g)         // g = d loss / d result
/// tape.gradients.buffer(of: parameter)             // d loss / d parameter
/// ```
///
/// Feature maps are values that nothing overwrites; parameters can change, so their versions are checked when gradients are taken.
/// Going back forgets the record, piece by piece, so that activations are given back as soon as they have served. A record
/// that nobody goes back through is forgotten with the tape, which lives as long as somebody holds it or feature maps that it
/// watches. Gradients of parameters add up over several uses.
///
/// Of a network's input a tape has the gradient as well, if it is told to watch it, and may then be gone back through several times:
///
/// ```
/// tape.watch(x)
/// let result = layers(x.featureMaps(watchedBy: tape))
/// tape.backward(from: result, gradient: v, keepsRecord: true)
/// tape.takeGradient(of: x)                         // v^T d result / d x
/// ```
public final class Tape {
  /// The device that holds what is recorded.
  public let backend: any Backend
  /// Where the gradients of parameters go.
  public let gradients: ParameterGradients
  /// The noise of dropout, or nil for none.
  public let dropout: DropoutNoise?
  /// Whether the blocks of networks keep their inputs only and are evaluated again on the way back.
  public let checkpointsBlocks: Bool
  /// Whether the gradients of parameters are taken, and not those of inputs alone.
  public let watchesParameters: Bool

  /// The seeds of dropout: one for each sample, and the step that is part of its key.
  public struct DropoutNoise: Sendable {
    /// One for each sample.
    public let seeds: [UInt64]
    /// The step of training.
    public let step: UInt32

    /// Noise of a step.
    public init(seeds: [UInt64], step: UInt32) {
      self.seeds = seeds
      self.step = step
    }
  }

  /// The place of a feature map's gradient.
  final class Slot {
    var gradient: FeatureMap?
  }

  private struct Record {
    let result: Slot
    let parameters: [(parameter: Parameter, version: Int)]
    let backward: (FeatureMap) -> Void
  }

  /// The tensors whose gradients are wanted, with the places of those of the feature maps made from them.
  private var inputs: [ObjectIdentifier: (tensor: Tensor, uses: [(slot: Slot, scale: Double)])] = [:]
  private var records: [Record] = []
  private var nextDraw: UInt32

  /// An empty record.
  ///
  /// - Parameters:
  ///   - backend: The device.
  ///   - dropout: The noise of dropout, or nil for none.
  ///   - checkpointsBlocks: Whether blocks trade time for memory.
  ///   - watchesParameters: Whether the gradients of parameters are taken.
  public convenience init(
    on backend: any Backend, dropout: DropoutNoise? = nil, checkpointsBlocks: Bool = false,
    watchesParameters: Bool = true
  ) {
    self.init(
      on: backend, gradients: .init(on: backend), dropout: dropout, checkpointsBlocks: checkpointsBlocks,
      watchesParameters: watchesParameters, nextDraw: 0)
  }

  /// An empty record for a block of this tape's, with the same gradients and noise.
  private func part(from draw: UInt32) -> Tape {
    .init(
      on: backend, gradients: gradients, dropout: dropout, checkpointsBlocks: false,
      watchesParameters: watchesParameters, nextDraw: draw)
  }

  private init(
    on backend: any Backend, gradients: ParameterGradients, dropout: DropoutNoise?, checkpointsBlocks: Bool,
    watchesParameters: Bool, nextDraw: UInt32
  ) {
    self.backend = backend
    self.gradients = gradients
    self.dropout = dropout
    self.checkpointsBlocks = checkpointsBlocks
    self.watchesParameters = watchesParameters
    self.nextDraw = nextDraw
  }

  /// Adds an operation: `backward` is given the gradient of the result, which is its own to change and to pass on.
  func record(_ result: Slot, parameters: [Parameter], _ backward: @escaping (FeatureMap) -> Void) {
    records.append(.init(result: result, parameters: parameters.map { ($0, $0.version) }, backward: backward))
  }

  /// The key of the next dropout.
  func drawKey(_ step: UInt32) -> NoiseKey {
    defer { nextDraw += 1 }
    return .init(step: step, draw: nextDraw)
  }

  /// Watches a tensor: the gradients of feature maps that are made from it with this tape are kept.
  public func watch(_ input: Tensor) {
    inputs[ObjectIdentifier(input.buffer)] = (input, [])
  }

  /// The place of the gradient of feature maps that are made from a buffer, if that is watched.
  func inputSlot(of buffer: Buffer, scale: Double) -> Slot? {
    guard inputs[ObjectIdentifier(buffer)] != nil else { return nil }
    let slot = Slot()
    inputs[ObjectIdentifier(buffer)]?.uses.append((slot, scale))
    return slot
  }

  /// The gradient of a watched tensor since it was last taken, of its shape; zeros if nothing came of it.
  public func takeGradient(of input: Tensor) -> Tensor {
    guard let uses = inputs[ObjectIdentifier(input.buffer)]?.uses else {
      preconditionFailure("the tensor is not watched by this tape")
    }
    let terms = uses.compactMap { slot, scale in
      slot.gradient.map { (scale, FeatureMaps(Operand($0), on: backend).tensor().reshaped(input.shape)) }
    }
    for use in uses { use.slot.gradient = nil }
    guard !terms.isEmpty else {
      return Tensor(.init(repeating: 0, count: input.count), shape: input.shape, on: backend)
    }
    return .combination(terms)
  }

  /// Takes the gradients of everything that `features` were made of.
  ///
  /// - Parameters:
  ///   - features: What this tape recorded.
  ///   - gradient: The derivative of a loss with respect to them, `[batch, channels, height, width]`.
  ///   - keepsRecord: Whether the record is kept, to go back through it again.
  public func backward(from features: FeatureMaps, gradient: Tensor, keepsRecord: Bool = false) {
    let entered = gradient.featureMaps()
    precondition(entered.shape == features.shape, "a gradient of \(entered.shape) for \(features.shape)")
    backward(from: features, entered.activation, keepsRecord: keepsRecord)
  }

  private func backward(from features: FeatureMaps, _ gradient: FeatureMap, keepsRecord: Bool = false) {
    precondition(features.tape === self, "the features were not recorded by this tape")
    accumulate(gradient, into: features.slots.first)
    var place = records.count
    while place > 0 {
      place -= 1
      let record = keepsRecord ? records[place] : records.removeLast()
      for (parameter, version) in record.parameters {
        precondition(
          parameter.version == version,
          "a parameter \(parameter.shape) has changed since it was used; take gradients first")
      }
      guard let gradient = record.result.gradient else { continue }
      record.result.gradient = nil
      record.backward(gradient)
    }
  }

  /// Adds a gradient to a place, if somebody wants it; the gradient is given away.
  func accumulate(_ gradient: FeatureMap, into slot: Slot?) {
    guard let slot else { return }
    if let existing = slot.gradient {
      backend.add(existing, times: 1, gradient, times: 1, into: existing)
    } else {
      slot.gradient = gradient
    }
  }

  /// Evaluates a block, of which only the inputs are kept; on the way back it is evaluated again.
  ///
  /// Memory is that of one block instead of all, time one more evaluation (Chen et al. 2016).
  ///
  /// - Parameters:
  ///   - inputs: What the block reads, watched or not.
  ///   - block: A function of the inputs and of parameters.
  static func checkpointed(_ inputs: [FeatureMaps], _ block: @escaping ([FeatureMaps]) -> FeatureMaps) -> FeatureMaps {
    guard let tape = inputs.lazy.compactMap(\.tape).first else { return block(inputs) }
    let draw = tape.nextDraw
    // Draws are counted as if the block had been recorded, and are drawn again from the same number.
    let rehearsal = tape.part(from: draw)
    let result = block(inputs.map { $0.moved(to: rehearsal, slots: (nil, nil)) })
    tape.nextDraw = rehearsal.nextDraw
    rehearsal.records.removeAll()
    let slot = Slot()
    // Without the tape, which would hold itself.
    let kept = inputs.map { $0.moved(to: nil, slots: $0.slots) }
    tape.record(slot, parameters: []) { [unowned tape] gradient in
      let inner = tape.part(from: draw)
      let watched = kept.map { input in
        input.moved(
          to: inner, slots: (input.slots.first.map { _ in Slot() }, input.slots.second.map { _ in Slot() }))
      }
      inner.backward(from: block(watched), gradient)
      for (input, again) in zip(kept, watched) {
        for (outer, inner) in [(input.slots.first, again.slots.first), (input.slots.second, again.slots.second)] {
          if let gradient = inner?.gradient { tape.accumulate(gradient, into: outer) }
        }
      }
    }
    return result.moved(to: tape, slots: (slot, nil))
  }
}

/// Gradients of parameters, added up over their uses.
public final class ParameterGradients {
  private let backend: any Backend
  private var buffers: [ObjectIdentifier: (parameter: Parameter, buffer: Buffer)] = [:]
  private var ones: [Int: Buffer] = [:]

  /// No gradients yet.
  public init(on backend: any Backend) {
    self.backend = backend
  }

  /// The parameters that have gradients.
  public var parameters: [Parameter] { buffers.values.map(\.parameter) }

  /// The gradient of a parameter, row-major in its shape, or nil if nothing watched used it.
  public func buffer(of parameter: Parameter) -> Buffer? { buffers[ObjectIdentifier(parameter)]?.buffer }

  /// Adds other gradients of the same parameters, which are given away.
  public func add(_ others: ParameterGradients) {
    for (parameter, buffer) in others.buffers.values { add(buffer, of: parameter) }
  }

  /// So many ones, with which a product adds up samples.
  func ones(_ count: Int) -> Buffer {
    if let known = ones[count] { return known }
    let buffer = backend.makeBuffer([Float](repeating: 1, count: count))
    ones[count] = buffer
    return buffer
  }

  /// Adds a gradient; the buffer is given away.
  func add(_ gradient: Buffer, of parameter: Parameter) {
    if let existing = buffers[ObjectIdentifier(parameter)] {
      backend.combine([Term(1, existing.buffer), Term(1, gradient)], into: existing.buffer)
    } else {
      buffers[ObjectIdentifier(parameter)] = (parameter, gradient)
    }
  }
}
