import Diffusion
package import Files
import Foundation
import Networks

/// What an EDM file says in words: the class around the network, and what both were made with.
package struct EDMWrapper {
  /// The class of the network.
  enum Network: String, CaseIterable {
    case song = "SongUNet"
    case dhariwal = "DhariwalUNet"
  }

  /// The class around the network, which scales its input and output.
  enum Preconditioning: String, CaseIterable {
    case edm = "EDMPrecond"
    case vp = "VPPrecond"
    case ve = "VEPrecond"
    case iddpm = "iDDPMPrecond"

    /// The network that it has unless it is named.
    var network: Network { self == .edm || self == .iddpm ? .dhariwal : .song }
  }

  /// Channels of a head of DhariwalUNet.
  static let headWidth = 64

  let preconditioning: Preconditioning
  let network: Network
  /// Rows and columns of images.
  let size: Int
  let dropout: Double
  let filter: UNetConfiguration.ResizingFilter
  /// The scheduler that EDM's sampler is: algorithm 2 in 18 steps, without churn (Karras and others 2022).
  let scheduler: SchedulerConfiguration

  /// - Parameters:
  ///   - className: The class of the object.
  ///   - arguments: What it was made with.
  ///   - path: What messages call the file.
  package init(className: String?, arguments: JSONValue?, path: String) throws(FileError) {
    guard let preconditioning = className.flatMap(Preconditioning.init(rawValue:)) else {
      let legal = Preconditioning.allCases.map(\.rawValue).joined(separator: ", ")
      throw FileError(path, "holds an object \(className ?? "without a class"); EDM's networks, \(legal), are read")
    }
    guard let arguments, arguments.object != nil else {
      throw FileError(path, "does not say what its \(preconditioning.rawValue) was made with, as EDM's files do")
    }
    let fields = Arguments(path: path, json: arguments)
    self.preconditioning = preconditioning
    let name = arguments["model_type"]?.string
    network = name.flatMap(Network.init(rawValue:)) ?? preconditioning.network
    guard name == nil || name == network.rawValue else {
      let legal = Network.allCases.map(\.rawValue).joined(separator: " and ")
      throw fields.fault("model_type", "'\(name ?? "")' is not supported; \(legal) are")
    }
    guard let size = fields.count("img_resolution"), size <= ConfigurationFields.largestExtent else {
      throw fields.fault("img_resolution", "a number of pixels is needed")
    }
    self.size = size
    dropout = try fields.number("dropout", in: 0...1) ?? 0.1
    let taps = arguments["resample_filter"]?.array?.map { $0.int ?? 0 } ?? [1, 1]
    guard let filter = UNetConfiguration.ResizingFilter(taps: taps), network == .song || filter == .box else {
      throw fields.fault("resample_filter", "\(taps) is not supported; [1, 1] and, in SongUNet, [1, 3, 3, 1] are")
    }
    self.filter = filter
    scheduler = try Self.scheduler(preconditioning, fields)
  }

  private static func scheduler(
    _ preconditioning: Preconditioning, _ fields: Arguments
  ) throws(FileError) -> SchedulerConfiguration {
    // What EDM's sampler takes, where the network knows such noise.
    var range = (0.002, 80.0), constants: [String: Double] = [:]
    func read(_ name: String, _ standard: Double, in legal: ClosedRange<Double>) throws(FileError) -> Double {
      let value = try fields.number(name, in: legal) ?? standard
      constants[name] = value
      return value
    }
    func restrict(to lowest: Double, _ largest: Double) {
      range = (max(range.0, lowest), min(range.1, largest))
    }
    switch preconditioning {
    case .edm:
      _ = try read("sigma_data", 0.5, in: 1e-3...1e3)
    case .vp:
      let slope = try read("beta_d", 19.9, in: 1e-3...1e3), smallest = try read("beta_min", 0.1, in: 0...1e3)
      let earliest = try read("epsilon_t", 1e-5, in: 1e-9...0.5)
      _ = try read("M", 1000, in: 2...Double(NoiseSchedule.largestCount))
      let sigma = { Diffusion.Preconditioning.preservingSigma(at: $0, betaD: slope, betaMin: smallest) }
      restrict(to: sigma(earliest), sigma(1))
    case .ve:
      restrict(
        to: try fields.number("sigma_min", in: 1e-6...1e3) ?? 0.02,
        try fields.number("sigma_max", in: 1e-3...1e6) ?? 100)
    case .iddpm:
      let smallest = try read("C_1", 0.001, in: 1e-6...1), offset = try read("C_2", 0.008, in: 1e-6...1)
      let steps = try read("M", 1000, in: 2...Double(NoiseSchedule.largestCount))
      let sigmas = Diffusion.Preconditioning.improvedSigmas(c1: smallest, c2: offset, steps: Int(steps))
      restrict(to: sigmas[0], sigmas[sigmas.count - 1])
    }
    guard range.0 < range.1 else { throw fields.fault("sigma_min", "\(range.0) is no smallest noise below \(range.1)") }
    return SchedulerConfiguration(
      [
        "_class_name": .string("EDMEulerScheduler"), "sigma_min": .number(range.0), "sigma_max": .number(range.1),
        "sigma_data": .number(0.5), "rho": .number(7), "num_train_timesteps": .number(1000),
        "prediction_type": .string("epsilon"), "preconditioning": .string("\(preconditioning)"),
        // Algorithm 2 of Karras and others (2022), as EDM's own program samples; diffusers ignores the key.
        "sampler": .string(SamplerName.heun.rawValue), "steps": .number(18),
      ].merging(constants.mapValues { .number($0) }) { $1 })
  }

  /// What a class was made with, by names.
  private struct Arguments {
    let path: String
    let json: JSONValue

    func fault(_ name: String, _ text: String) -> FileError { FileError(path, "_init_kwargs.\(name): \(text)") }

    func count(_ name: String) -> Int? { json[name]?.int.flatMap { $0 > 0 ? $0 : nil } }

    func number(_ name: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
      guard let value = json[name] else { return nil }
      return try FileError.ofNumber({ () throws(NumberFault) in try value.number(in: range) }) { fault(name, $0) }
    }
  }
}
