public import Datasets
import Files
public import Training

/// A request for a training run: paths and settings.
public struct TrainingRequest {
  /// The images' path.
  public var data: String
  /// How the images are read.
  public var reading: ImageReading
  /// The path of the network's configuration, or nil for a small network.
  public var configuration: String?
  /// How it is trained; a run that goes on has those of its checkpoint, and may only do more steps.
  public var settings: TrainingSettings
  /// Where things go.
  public var output: TrainingOutput
  /// Whether it goes on from the last checkpoint.
  public var resumes: Bool

  /// A request.
  public init(
    data: String, reading: ImageReading = .init(), configuration: String? = nil, settings: TrainingSettings,
    output: TrainingOutput, resumes: Bool = false
  ) {
    self.data = data
    self.reading = reading
    self.configuration = configuration
    self.settings = settings
    self.output = output
    self.resumes = resumes
  }

  /// Reads the data into memory, with labels where they are needed.
  func openData(needsLabels: Bool = false, channels: Int? = nil, _ note: (String) -> Void) throws -> ImageSet {
    let set = try ImageSet(Dataset.open(data, reading, channels: channels, note: note))
    guard !needsLabels || !set.labels.isEmpty else {
      throw FileError(data, "holds no labels, which a classifier needs")
    }
    note(
      "\(data): \(set.count) images of \(set.shape)" + (set.labels.isEmpty ? "" : ", \(set.labels.count) labels each"))
    return set
  }

  /// The settings of the run: those given for a new run, or those of the last checkpoint, with more steps if the request has more.
  func runSettings() throws -> TrainingSettings {
    guard resumes, let last = output.savedCheckpoints.last else { return settings }
    var saved = try Trainer.settings(of: SafetensorsFile(last))
    if settings.steps != TrainingSettings().steps { saved.steps = max(saved.steps, settings.steps) }
    return saved
  }
}
