import Diffusion
import Files
import Foundation
import Tensors

/// Pictures of a trajectory: at regular steps, the estimate of the clean images or the noisy state.
public struct TrajectoryRecorder {
  /// What a frame shows.
  public enum View: String, Sendable, CaseIterable {
    /// The estimate of the clean images.
    case denoised
    /// The state of the sampler.
    case noisy
  }

  private let shape: ImageShape
  private let interval: Int
  private let view: View
  private let stepCount: Int
  /// The bytes of all images' pictures, by step.
  private var frames: [Int: [UInt8]] = [:]

  /// A recorder of every `interval`-th step and of the last.
  public init(_ pipeline: SamplingPipeline, every interval: Int, view: View) {
    precondition(interval > 0, "an interval of at least one step")
    shape = pipeline.imageShape
    stepCount = pipeline.plan.steps.count
    self.interval = interval
    self.view = view
  }

  /// Takes a step's images; batches come one after the other.
  public mutating func record(_ progress: SamplingPipeline.Progress) throws {
    let index = progress.state.index
    let isLast = index == stepCount - 1
    guard (index + 1).isMultiple(of: interval) || isLast else { return }
    // The last frame is the result, whatever the others show.
    let values = try (view == .denoised && !isLast ? progress.state.denoised : progress.state.x).values()
    frames[index, default: []] += ImageConversion.pictureBytes(values, shape)
  }

  /// Writes one grid a step beside a path: `digits.png` has `digits-step0010.png`, a folder has `step0010.png` inside.
  public func writeGrids(beside path: String, zoom: Int) throws {
    let picture = ImageConversion.pictureShape(shape)
    for (index, bytes) in frames {
      let name = "step" + (index + 1).padded(to: 4) + ".png"
      let stem = (path as NSString).deletingPathExtension
      let file =
        (path as NSString).pathExtension.isEmpty ? (path as NSString).appendingPathComponent(name) : "\(stem)-\(name)"
      try OutputFile.write(ImageConversion.grid(bytes, picture, zoom: zoom).encoded(), to: file)
    }
  }

  /// Writes all steps as an animation of about four seconds that rests on its end.
  public func writeAnimation(to path: String, zoom: Int) throws {
    // An interrupted batch leaves frames of unequal counts; those that all images reached are shown.
    let longest = frames.values.map(\.count).max() ?? 0
    let whole = frames.filter { $0.value.count == longest }.sorted { $0.key < $1.key }
    guard !whole.isEmpty else { return }
    let picture = ImageConversion.pictureShape(shape)
    let grids = whole.map { ImageConversion.grid($0.value, picture, zoom: zoom) }
    var milliseconds = [Int](repeating: min(500, max(20, 4000 / grids.count)), count: grids.count)
    milliseconds[grids.count - 1] = 2000
    try OutputFile.write(AnimatedPNG.encoded(grids, milliseconds: milliseconds), to: path)
  }
}
