import Compute
import Conformance
import Instruments
import Networks
import Tensors
import Testing

/// Parameters of zero: for plans.
private final class ZeroParameters: ParameterSource {
  let configurationPath = "config.json"

  func parameter(_ name: String, shape: [Int], initially initial: InitialValues) -> Parameter {
    Parameter(shape: shape) { $0.update(repeating: 0) }
  }
}

@Suite("The conformance list covers U-Nets and Inception")
struct ConformanceCoverageTests {
  /// The networks of google/ddpm-cifar10-32 and of the embedded MNIST model, and one for each option.
  static var configurations: [(name: String, UNetConfiguration)] {
    var cifar = UNetConfiguration()
    cifar.sampleSize = .init(height: 32, width: 32)
    cifar.blockChannels = [128, 256, 256, 256]
    cifar.downBlocks = [.plain, .attention, .plain, .plain]
    cifar.upBlocks = [.plain, .plain, .attention, .plain]
    cifar.headWidth = nil
    cifar.downsamplePadding = 0
    cifar.epsilon = 1e-6
    var mnist = cifar
    mnist.sampleSize = .init(height: 28, width: 28)
    (mnist.inputChannels, mnist.outputChannels) = (1, 1)
    mnist.blockChannels = [32, 64, 64]
    mnist.downBlocks = [.plain, .plain, .attention]
    mnist.upBlocks = [.attention, .plain, .plain]
    mnist.layersPerBlock = 1
    mnist.downsamplePadding = 1
    var result = [("cifar", cifar), ("mnist", mnist)]
    for function in Nonlinearity.allCases {
      for conditioning in UNetConfiguration.TimeConditioning.allCases {
        for resampling in UNetConfiguration.Resampling.allCases {
          var option = mnist
          option.headWidth = 8
          option.activation = function
          option.timeConditioning = conditioning
          (option.downsampling, option.upsampling) = (resampling, resampling)
          option.middleScaleFactor = 2
          option.classEmbedding = .table
          option.classCount = 10
          option.centersInput = true
          result.append(("\(function) \(conditioning) \(resampling)", option))
        }
      }
    }
    for encoder in UNetConfiguration.Encoder.allCases {
      for filter in [UNetConfiguration.ResizingFilter.box, .binomial] {
        var score = mnist
        (score.encoder, score.decoder, score.resizingFilter) = (encoder, encoder == .skip ? .skip : .standard, filter)
        (score.downBlocks, score.upBlocks) = ([.resnet, .resnet, .attention], [.lastAttention, .resnet, .resnet])
        (score.downsampling, score.upsampling) = (.resnet, .resnet)
        (score.normalizationGroups, score.projectsWhenResizing) = (nil, true)
        (score.levelScaleFactor, score.middleScaleFactor) = (2.0.squareRoot(), 2.0.squareRoot())
        score.timeEmbedding = .logarithmicFourier
        (score.classEmbedding, score.classCount) = (.projection, 10)
        result.append(("\(encoder) \(filter)", score))
      }
    }
    return result
  }

  @Test("Each operation of a U-Net is of a kind that the list has", arguments: configurations.map(\.name), [1, 8])
  func covers(name: String, batch: Int) throws {
    let (_, configuration) = try #require(Self.configurations.first { $0.name == name })
    let plan = PlanningBackend()
    let unet = try UNet(configuration, parameters: ZeroParameters())
    let size = try #require(configuration.sampleSize)
    let shape = [batch, configuration.inputChannels, size.height, size.width]
    let x = Tensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape, on: plan)
    _ = try unet(x, timesteps: [1], classLabels: configuration.classCount == nil ? nil : [1])
    #expect(plan.records.count > 20)
    #expect(ConformanceSuite.missing(for: plan.records.keys) == [])
  }

  @Test("Each operation of Inception is of a kind that the list has", arguments: [1, 3], [1, 20])
  func coversInception(channels: Int, batch: Int) throws {
    let plan = PlanningBackend(), shape = [batch, channels, 28, 32]
    let images = Tensor([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape, on: plan)
    let features = try Inception(parameters: ZeroParameters()).features(of: images)
    #expect(features.reduce(0) { $0 + $1.shape.channels } == Inception.featureCount)
    #expect(features.allSatisfy { $0.shape.batch == batch && $0.shape.pixels == 1 })
    #expect(plan.records.count > 60)
    #expect(ConformanceSuite.missing(for: plan.records.keys) == [])
  }
}
