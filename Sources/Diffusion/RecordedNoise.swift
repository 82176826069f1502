public import Compute
public import Tensors

/// Noise that was drawn elsewhere, in the order of its recording.
///
/// A sampler asks only where it adds something; other programs draw in the same order and at most once more, in a last
/// step that adds nothing, so that their recordings replay as they are.
public final class RecordedNoise: NoiseSource {
  private let initial: Tensor
  private let draws: [Tensor]
  private var used = 0

  /// A recording: the normals a run begins with and those of its steps, all of one shape.
  public init(initial: Tensor, draws: [Tensor] = []) {
    precondition(draws.allSatisfy { $0.shape == initial.shape }, "recorded draws have the shape of the initial noise")
    self.initial = initial
    self.draws = draws
  }

  /// A recording in host memory.
  ///
  /// - Parameters:
  ///   - initial: The normals a run begins with, row-major.
  ///   - draws: Those of the steps, one after the other, a multiple of the count of `initial`.
  ///   - shape: `[batch] + sampleShape`.
  ///   - backend: The device that is to hold them.
  public convenience init(initial: [Float], draws: [Float], shape: [Int], on backend: any Backend) {
    precondition(draws.count % initial.count == 0, "\(draws.count) values are not whole draws of \(initial.count)")
    self.init(
      initial: Tensor(initial, shape: shape, on: backend),
      draws: stride(from: 0, to: draws.count, by: initial.count).map {
        Tensor(Array(draws[$0..<$0 + initial.count]), shape: shape, on: backend)
      })
  }

  /// The recorded normals that the run begins with.
  public func initialNoise() -> Tensor { initial }

  /// The next recorded draw.
  public func stepNoise(step: Int, draw: Int) throws -> Tensor {
    guard used < draws.count else { throw RecordedNoiseExhausted(recorded: draws.count, step: step) }
    used += 1
    return draws[used - 1]
  }
}

/// A run needs more noise than was recorded.
public struct RecordedNoiseExhausted: Error, Sendable, Hashable, CustomStringConvertible {
  /// Draws that were recorded.
  public let recorded: Int
  /// The step that needs one more, from zero.
  public let step: Int

  /// The fault as one line for the user.
  public var description: String {
    "step noise: \(recorded) draws are recorded, but step \(step) of this sampler needs one more"
  }
}
