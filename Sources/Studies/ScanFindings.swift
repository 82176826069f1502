public import Evaluation
import Files
import Models
public import Pipelines

/// Everything that a scan of late starts found.
public struct ScanFindings: Sendable, Hashable, Codable {
  /// The difference in entropy between a late start and the prior of the same sampler, steps and seeds.
  public struct Difference: Sendable, Hashable, Codable {
    /// The late start.
    public let cell: ScanCell
    /// The classifier's question.
    public let question: String
    /// Entropy of the late start less that of the prior, in bits; images of the same seed are drawn together for the interval.
    public let entropy: Estimate

    /// A difference from its parts.
    package init(cell: ScanCell, question: String, entropy: Estimate) {
      self.cell = cell
      self.question = question
      self.entropy = entropy
    }
  }

  /// What messages call the model.
  public internal(set) var model: String
  /// What messages call the network in whose features everything is measured.
  public let classifier: String
  /// What the distance in these features is called.
  public let distanceName: String
  /// What the samples are compared with.
  public let reference: String
  /// What the real images are.
  public let realName: String
  /// Images of each cell.
  public let count: Int
  /// The entropy of the data by question, in bits.
  public let dataEntropies: [String: Double]
  /// The cells, in the order in which they run.
  public let results: [ScanResult]
  /// Real images: what no sampler can be expected to pass.
  public let real: ScanMeasures
  /// Images of the Gaussian with the data's moments, without a network: what the features must tell from data to prove anything.
  public let gaussian: ScanMeasures
  /// The late starts of least distance against the prior.
  public let differences: [Difference]

  /// Findings from their parts.
  package init(
    model: String, classifier: String, distanceName: String = "Frechet distance", reference: String, realName: String,
    count: Int, dataEntropies: [String: Double], results: [ScanResult], real: ScanMeasures, gaussian: ScanMeasures,
    differences: [Difference]
  ) {
    self.model = model
    self.classifier = classifier
    self.distanceName = distanceName
    self.reference = reference
    self.realName = realName
    self.count = count
    self.dataEntropies = dataEntropies
    self.results = results
    self.real = real
    self.gaussian = gaussian
    self.differences = differences
  }

  /// The prior's result for a sampler and steps.
  public func prior(_ sampler: String, _ steps: Int) -> ScanResult? {
    results.first { $0.cell.sampler == sampler && $0.cell.steps == steps && $0.cell.kind == nil }
  }

  /// The late starts of a sampler and steps, in the order of the scan.
  public func late(_ sampler: String, _ steps: Int, _ kind: LateStartKind) -> [ScanResult] {
    results.filter { $0.cell.sampler == sampler && $0.cell.steps == steps && $0.cell.kind == kind }
  }

  /// The late start of least distance.
  public func best(_ sampler: String, _ steps: Int, _ kind: LateStartKind) -> ScanResult? {
    late(sampler, steps, kind).min { $0.measures.distance.value < $1.measures.distance.value }
  }

  /// Samplers in the order of the scan.
  public var samplers: [String] { unique(results.map(\.cell.sampler)) }
  /// Numbers of steps in the order of the scan.
  public var steps: [Int] { unique(results.map(\.cell.steps)) }
  /// Kinds of late start in the order of the scan.
  public var kinds: [LateStartKind] { unique(results.compactMap(\.cell.kind)) }
}

/// The elements of a list, each at its first place.
func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
  var seen: Set<Element> = []
  return elements.filter { seen.insert($0).inserted }
}

extension LateStartScan {
  /// Puts the cells' results together, and compares the entropies of the best late starts with those of the prior.
  func findings(
    _ results: [ScanResult], _ data: FeatureReference, real: ScanMeasures, gaussian: ScanMeasures
  ) throws -> ScanFindings {
    let entropies = data.questions.map { ($0.name, $0.composition.entropy) }
    func findings(_ differences: [ScanFindings.Difference]) -> ScanFindings {
      ScanFindings(
        model: model.name, classifier: classifier.name, distanceName: classifier.distanceName,
        reference: reference.name,
        realName: reference.realName, count: settings.base.seeds.count,
        dataEntropies: Dictionary(entropies) { first, _ in first }, results: results,
        real: real, gaussian: gaussian, differences: differences)
    }
    let plain = findings([])
    var differences: [ScanFindings.Difference] = []
    for sampler in plain.samplers {
      for steps in plain.steps {
        guard let prior = plain.prior(sampler, steps) else { continue }
        for best in plain.kinds.compactMap({ plain.best(sampler, steps, $0) }) {
          differences += try self.differences(of: best, to: prior)
        }
      }
    }
    return findings(differences)
  }

  private func differences(of late: ScanResult, to prior: ScanResult) throws -> [ScanFindings.Difference] {
    guard let bootstrap = settings.bootstrap else { return [] }
    return try late.measures.answers.enumerated().map { place, answers in
      func question(_ result: ScanResult) throws -> FeatureSet.Question {
        .init(
          name: answers.question, classCount: answers.shares.count,
          answers: try ScanArrays.answers(
            place, of: answers.shares.count, count: late.measures.images, in: store.path(of: stored(result.cell), "npz")
          ))
      }
      return ScanFindings.Difference(
        cell: late.cell, question: answers.question,
        entropy: try question(late).pairedDifference(to: question(prior), bootstrap) { $0.entropy })
    }
  }
}
