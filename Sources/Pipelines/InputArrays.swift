import Datasets
import Files
import Tensors

/// Arrays that a user hands to a run, read and checked.
enum InputArrays {
  /// The first images of a data set, for a run that begins with real pictures.
  ///
  /// - Throws: ``PipelineError`` if the set is smaller or its images have other extents.
  static func images(
    _ path: String, _ reading: ImageReading, count: Int, _ shape: ImageShape, _ note: (String) -> Void
  ) throws -> [Float] {
    let source = try Dataset.open(path, reading, channels: shape.channels, note: note)
    guard source.shape == shape else {
      throw PipelineError.inputImages(path: path, fault: "images of \(source.shape), the model's are of \(shape)")
    }
    let images = try source.next(count)
    guard images.count == count * shape.count else {
      throw PipelineError.inputImages(
        path: path, fault: "holds \(images.count / shape.count) images, \(count) are asked for")
    }
    return images
  }

  /// Recorded noise: `[count, channels, height, width]`, and for the steps `[draws, count, channels, height, width]`.
  ///
  /// - Returns: The noise and the extents of its images.
  /// - Throws: ``PipelineError`` if the arrays have other shapes or hold values that are not finite.
  static func recordedNoise(
    initial: String, steps: String?
  ) throws -> (noise: RecordedNormals, count: Int, shape: ImageShape) {
    let array = try NumpyArray(contentsOf: initial)
    guard array.shape.count == 4, array.count > 0 else {
      throw PipelineError.initialNoise(
        path: initial, fault: "shape \(array.shape), not [count, channels, height, width]")
    }
    let shape = ImageShape(channels: array.shape[1], height: array.shape[2], width: array.shape[3])
    var noise = RecordedNormals(initial: array.floats)
    guard noise.initial.allSatisfy(\.isFinite) else {
      throw PipelineError.initialNoise(path: initial, fault: "holds values that are not finite")
    }
    guard let steps else { return (noise, array.shape[0], shape) }
    let draws = try NumpyArray(contentsOf: steps)
    guard draws.shape.count == 5, draws.shape.dropFirst().elementsEqual(array.shape) else {
      throw PipelineError.stepNoise(path: steps, fault: "shape \(draws.shape), not [draws] + \(array.shape)")
    }
    let values = draws.floats
    guard values.allSatisfy(\.isFinite) else {
      throw PipelineError.stepNoise(path: steps, fault: "holds values that are not finite")
    }
    noise.draws = (0..<draws.shape[0]).map { Array(values[$0 * array.count..<($0 + 1) * array.count]) }
    return (noise, array.shape[0], shape)
  }
}
