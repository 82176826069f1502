public import Compute
public import Datasets
import HostMath
import Networks

/// The Frechet distance of two sets of images in the features of a classifier, and what the classifier sees in the first.
///
/// It is the distance of Heusel et al. (2017, equation 6) with a classifier of one's own in Inception's place: distances of
/// different classifiers, or at different counts, do not compare.
public struct FeatureDistance: Sendable {
  /// The distance.
  public let distance: Double
  /// Images of the first set.
  public let count: Int
  /// The part of each class of the first question in the first set.
  public let composition: [Double]
  /// The same of the second set.
  public let reference: [Double]

  /// Compares samples with data.
  ///
  /// - Throws: An error of reading, or if there are fewer than two images or they are not of the classifier's size.
  public init(
    of samples: any ImageSource, to data: any ImageSource, by classifier: ClassifierModel, on backend: any Backend
  ) throws {
    let width = classifier.network.configuration.featureCount
    func describe(_ source: any ImageSource) throws -> (Moments, [Double], Int) {
      let answers = try classifier.answers(to: source, on: backend, keepsFeatures: true)
      let count = answers.features.count / width
      guard count >= 2 else { throw PipelineError("\(source.path): holds \(count) images; at least two are needed") }
      var accumulator = MomentAccumulator(dimension: width)
      accumulator.add(answers.features)
      let classes = answers.classes[0], kinds = classifier.network.configuration.heads[0].classes
      let parts = (0..<kinds).map { kind in Double(classes.filter { $0 == kind }.count) / Double(count) }
      return (accumulator.moments(), parts, count)
    }
    let (own, ownParts, ownCount) = try describe(samples), (other, otherParts, _) = try describe(data)
    distance = frechetDistance(own, other)
    count = ownCount
    composition = ownParts
    reference = otherParts
  }
}
