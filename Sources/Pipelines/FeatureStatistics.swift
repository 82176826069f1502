public import Compute
public import Datasets
import HostMath
import Networks

/// The moments of a set of images in the features of a classifier, and what the classifier sees in them.
public struct FeatureStatistics: Sendable {
  /// Images of the set.
  public let count: Int
  /// The part of each class of the first question.
  public let composition: [Double]
  private let moments: Moments

  /// Asks the classifier about all images.
  ///
  /// - Throws: An error of reading, or if there are fewer than two images or they are not of the classifier's size.
  public init(of source: any ImageSource, by classifier: ClassifierModel, on backend: any Backend) throws {
    let configuration = classifier.network.configuration, width = configuration.featureCount
    let answers = try classifier.answers(to: source, on: backend, keepsFeatures: true)
    let count = answers.features.count / width
    guard count >= 2 else { throw PipelineError("\(source.path): holds \(count) images; at least two are needed") }
    var accumulator = MomentAccumulator(dimension: width)
    accumulator.add(answers.features)
    let classes = answers.classes[0]
    self.count = count
    moments = accumulator.moments()
    composition = (0..<configuration.heads[0].classes).map { kind in
      Double(classes.filter { $0 == kind }.count) / Double(count)
    }
  }

  /// The Frechet distance to another set in the features of the same classifier.
  ///
  /// It is the distance of Heusel et al. (2017, equation 6) with a classifier of one's own in Inception's place: distances of
  /// different classifiers, or at different counts, do not compare.
  public func distance(to other: FeatureStatistics) -> Double { frechetDistance(moments, other.moments) }
}
