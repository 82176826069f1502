public import Compute
import Datasets
import Diffusion
import Evaluation
import Files
import Foundation
public import Models
public import Pipelines
import Tensors

/// The paper's experiments on one model and one data set: the scan of late starts, the fit that does without it, the analyses of symmetry
/// breaking, and pictures; ``ReproductionReport`` makes one page of them.
///
/// ```
/// FOLDER/study.json, cells/           the identity, the fit and the pictures
/// FOLDER/scan, network, ...           a folder a part, each that of the command of the same study
/// FOLDER/journal.json                 when each part was finished, and how long it took
/// ```
///
/// A reproduction that was stopped or killed goes on cell by cell. After Raya and Ambrogioni (2023); what is not theirs says so where it
/// is described.
public struct Reproduction {
  /// What is studied.
  public struct Subject {
    /// The model; a network gets the moments of the data.
    public let model: any DiffusionModel
    /// Whose features are measured, and whose answers are the classes.
    public let classifier: ClassifierModel
    /// The data set.
    public let data: ScanReference.Images
    /// Real images of another split, or nil for the second half of the data.
    public let real: ScanReference.Images?
    /// The kind of label that is the class, for models with classes; may be nil where the data have one kind.
    public let label: Int?

    /// A subject.
    public init(
      _ model: any DiffusionModel, classifier: ClassifierModel, data: ScanReference.Images,
      real: ScanReference.Images? = nil, label: Int? = nil
    ) {
      (self.model, self.classifier, self.data, self.real, self.label) = (model, classifier, data, real, label)
    }
  }

  /// What is studied.
  public let subject: Subject
  /// How much.
  public let settings: ReproductionSettings
  /// The folder of the reproduction.
  public let store: CellStore
  /// The device and its arithmetic.
  public let machine: RunRecord.Machine
  /// The program's version.
  public let version: String

  let backend: any Backend
  let shape: ImageShape
  let journal: ReproductionJournal
  /// Images evenly spaced through the data.
  let images: StartFit.Images

  /// Checks that everything fits, before any work is done, and opens the folder.
  ///
  /// - Parameters:
  ///   - subject: What is studied.
  ///   - settings: How much.
  ///   - folder: Where everything is written.
  ///   - machine: The device and its arithmetic, which is part of the identity.
  ///   - version: The program's version.
  ///   - backend: The device.
  /// - Throws: `ModelError` for data or a classifier of another size, `EvaluationError` for too few images, ``StudyError`` for the folder
  ///   of another study, or an error of reading.
  public init(
    _ subject: Subject, _ settings: ReproductionSettings, in folder: String, machine: RunRecord.Machine,
    version: String, on backend: any Backend
  ) throws {
    (self.subject, self.settings, self.machine, self.version) = (subject, settings, machine, version)
    self.backend = backend
    shape = try subject.model.sampleShape(nil)
    try Self.check(subject, shape)
    let count = settings.scan.base.seeds.count
    guard count >= 2 else { throw EvaluationError.tooFewImages(path: "the scan", count: count, needed: 2) }
    try ScanReference(data: subject.data, other: subject.real).check(count: count)
    images = try StartFit.Images(
      of: subject.data.open(), count: settings.fit.images, for: subject.model, shape, label: subject.label)
    store = try CellStore(folder, Self.identity(subject, settings, machine: machine, version: version))
    journal = try ReproductionJournal(folder)
  }

  private static func check(_ subject: Subject, _ shape: ImageShape) throws {
    for images in [subject.data, subject.real].compactMap(\.self) {
      let own = try images.open().shape
      guard own == shape else {
        throw ModelError.images(path: images.name, shape: own, model: subject.model.name, expected: shape)
      }
    }
    guard subject.classifier.imageShape == shape else {
      throw ModelError.images(
        path: subject.model.name, shape: shape, model: subject.classifier.name,
        expected: subject.classifier.imageShape)
    }
  }

  /// Everything that decides the page; the cells of each part have identities of their own.
  private static func identity(
    _ subject: Subject, _ settings: ReproductionSettings, machine: RunRecord.Machine, version: String
  ) throws -> StudyIdentity {
    let files = try subject.model.fingerprints().mapValues { JSONValue.string($0) }
    return StudyIdentity(
      "reproduction",
      [
        "version": .string(version), "extent": .string(settings.extent.rawValue),
        "count": .number(Double(settings.scan.base.seeds.count)),
        "model": files.isEmpty ? .string(subject.model.name) : .object(files),
        "classifier": .string(try subject.classifier.extractor.sha256), "data": .string(subject.data.sha256),
        "real": subject.real.map { .string($0.sha256) } ?? .null, "label": JSONValue(subject.label.map(Double.init)),
        "device": .string("\(machine.backend): \(machine.device)"), "precision": .string(machine.precision.rawValue),
        "exact": .boolean(machine.isExact),
      ])
  }

  /// The path of something in the folder.
  func path(_ name: String) -> String { (store.folder as NSString).appendingPathComponent(name) }
}
