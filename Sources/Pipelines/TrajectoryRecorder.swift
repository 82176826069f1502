import Diffusion
public import Files
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
    guard isRecorded(index) else { return }
    // The last frame is the result, whatever the others show.
    let values = try (view == .denoised && !isLast ? progress.state.denoised : progress.state.x).values()
    frames[index, default: []] += ImageConversion.pictureBytes(values, shape)
  }

  /// The most bytes of all frames.
  private static let largestTrajectory = 1 << 32

  /// Finds out before any work is done whether the frames of a run fit pictures and memory.
  ///
  /// - Parameters:
  ///   - count: Images of the run.
  ///   - zoom: How often pixels are repeated in both directions.
  ///   - path: What messages call the trajectory.
  /// - Throws: `FileError` if one frame is too large for a picture, or all frames together take more than 4 GB.
  public func check(count: Int, zoom: Int, path: String) throws(FileError) {
    try ImageConversion.checkGrid(count, shape, zoom: zoom, path: path)
    let frames = (0..<stepCount).count(where: isRecorded)
    guard let bytes = product(of: [frames, count, shape.count]), bytes <= Self.largestTrajectory else {
      throw FileError(path, "\(frames) frames of \(count) images are more than 4 GB; fewer of either are needed")
    }
  }

  private func isRecorded(_ index: Int) -> Bool { (index + 1).isMultiple(of: interval) || index == stepCount - 1 }

  /// The grids that ``writeGrids(beside:zoom:)`` writes: `digits.png` has `digits-step0010.png`, a folder has `step0010.png` inside.
  ///
  /// - Throws: `FileError` if the form of the path is unknown.
  public func grids(beside path: String) throws(FileError) -> [String] {
    let form = try OutputForm(path)
    return (0..<stepCount).filter(isRecorded).map { Self.grid($0, form, path) }
  }

  private static func grid(_ index: Int, _ form: OutputForm, _ path: String) -> String {
    let name = "step" + (index + 1).padded(to: 4) + ".png"
    return form == .folder
      ? (path as NSString).appendingPathComponent(name) : "\((path as NSString).deletingPathExtension)-\(name)"
  }

  /// Writes one grid a step beside a path; see ``grids(beside:)``.
  public func writeGrids(beside path: String, zoom: Int) throws {
    let form = try OutputForm(path), shape = ImageConversion.pictureShape(shape)
    for (index, bytes) in frames {
      let picture = ImageConversion.grid(bytes, shape, zoom: zoom)
      try OutputFile.write(picture.encoded(texts: RunRecord.marks), to: Self.grid(index, form, path))
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
