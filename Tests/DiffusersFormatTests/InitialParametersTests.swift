import DiffusersFormat
import Compute
import Files
import Networks
import TestSupport
import Testing

@Suite("New networks have the weights that PyTorch gives them")
struct InitialParametersTests {
  /// A source that takes the checksum of everything that passes.
  private final class Checksums: ParameterSource {
    let source = InitialParameters(seed: 7)
    var configurationPath: String { source.configurationPath }
    var found: [String: [JSONValue]] = [:]

    func parameter(_ name: String, shape: [Int], initially: InitialValues) -> Parameter {
      let parameter = source.parameter(name, shape: shape, initially: initially)
      let checksum = ((try? parameter.values()) ?? []).reduce(UInt32(0)) { $0 &* 31 &+ $1.bitPattern }
      found[name] = [.array(shape.map { .number(Double($0)) }), .number(Double(checksum))]
      return parameter
    }
  }

  @Test("Names, shapes and every bit of the values agree, for every kind of network", arguments: UNetCase.kinds)
  func checksums(folder: String) throws {
    let expected = try #require(try JSONValue(contentsOf: "\(folder)/parameters.json").object)
    let checksums = Checksums()
    let unet = try UNet(ModelDirectory(folder).configuration(), parameters: checksums)
    #expect(unet.parameters.map(\.name).sorted() == expected.keys.sorted())
    for (name, value) in expected { #expect(checksums.found[name] == value.array, "\(name)") }
  }
}
