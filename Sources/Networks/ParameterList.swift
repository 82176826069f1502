public import Compute

/// Parameters that are there already, by name.
public final class ParameterList: ParameterSource {
  /// What messages call the configuration behind the network.
  public let configurationPath: String

  private let parameters: [String: Parameter]

  /// The parameters of a network.
  public init(_ parameters: [NamedParameter], configurationPath: String = "config.json") {
    self.parameters = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.parameter) })
    self.configurationPath = configurationPath
  }

  /// The parameter of a name.
  public func parameter(
    _ name: String, shape: [Int], initially initial: InitialValues
  ) throws(NetworkError) -> Parameter {
    guard let parameter = parameters[name], parameter.shape == shape else {
      throw NetworkError(configurationPath, "there is no parameter '\(name)' of shape \(shape)")
    }
    return parameter
  }
}
