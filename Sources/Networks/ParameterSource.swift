public import Compute

/// A parameter and the name that files give it.
public typealias NamedParameter = (name: String, parameter: Parameter)

/// How PyTorch fills a parameter of a new network.
public enum InitialValues: Sendable, Hashable {
  /// Uniform between `-1 / sqrt(fanIn)` and `1 / sqrt(fanIn)`: weights and biases of convolutions and linear layers.
  case uniform(fanIn: Int)
  /// One value everywhere: normalisations.
  case constant(Float)
  /// Standard normals: tables of embeddings.
  case normal
  /// Normals of deviation 16, drawn twice of which the second draw counts: the frequencies of a Fourier embedding.
  case fourier
}

/// Where a network's parameters come from: files, a random generator, or a mere list.
///
/// Networks ask in the order in which PyTorch's constructors draw initial values.
public protocol ParameterSource: AnyObject {
  /// What messages call the configuration behind the network.
  var configurationPath: String { get }

  /// The parameter of a name that diffusers gives it, such as `down_blocks.0.resnets.1.conv1.weight`.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - shape: The extents that the architecture demands.
  ///   - initial: How a new network fills it.
  /// - Throws: ``NetworkError`` if there is none, or one of another shape.
  func parameter(_ name: String, shape: [Int], initially initial: InitialValues) throws(NetworkError) -> Parameter
}

/// A source that has every parameter, all zero: for building a network to see whether that can be done.
final class ZeroParameters: ParameterSource {
  let configurationPath: String

  init(configurationPath: String) {
    self.configurationPath = configurationPath
  }

  func parameter(_ name: String, shape: [Int], initially: InitialValues) -> Parameter {
    Parameter(shape: shape) { $0.update(repeating: 0) }
  }
}

/// A source that passes another's parameters on and remembers them in order.
final class ParameterRecorder: ParameterSource {
  let source: any ParameterSource
  private(set) var recorded: [NamedParameter] = []

  init(_ source: any ParameterSource) {
    self.source = source
  }

  var configurationPath: String { source.configurationPath }

  func parameter(_ name: String, shape: [Int], initially initial: InitialValues) throws(NetworkError) -> Parameter {
    let parameter = try source.parameter(name, shape: shape, initially: initial)
    recorded.append((name, parameter))
    return parameter
  }
}

/// A place in the tree of names under which a layer finds its parameters.
struct ParameterScope {
  let source: any ParameterSource
  let path: String

  init(_ source: any ParameterSource, path: String = "") {
    self.source = source
    self.path = path
  }

  /// The place of a child.
  subscript(_ name: String) -> ParameterScope { .init(source, path: path.isEmpty ? name : "\(path).\(name)") }

  /// The place of a numbered child.
  subscript(_ name: String, _ index: Int) -> ParameterScope { self["\(name).\(index)"] }

  func parameter(_ name: String, shape: [Int], initially: InitialValues) throws(NetworkError) -> Parameter {
    try source.parameter(self[name].path, shape: shape, initially: initially)
  }

  /// A fault of the configuration that shows at this place.
  func fault(_ text: String) -> NetworkError { NetworkError(source.configurationPath, text) }
}
