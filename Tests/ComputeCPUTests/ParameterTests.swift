import Compute
import ComputeCPU
import Testing

@Suite("Parameters")
struct ParameterTests {
  @Test("An update raises the version and replaces the values")
  func updates() throws {
    let parameter = Parameter(shape: [2, 2], values: [1, 2, 3, 4])
    #expect(try parameter.values() == [1, 2, 3, 4])
    parameter.update([5, 6, 7, 8])
    #expect(parameter.version == 1)
    #expect(try parameter.values() == [5, 6, 7, 8])
  }

  @Test("The values of an adopted buffer are the parameter's, and those of its parts, until one of them changes")
  func adopts() throws {
    let backend = try CPUBackend()
    let parts = [Parameter(shape: [2], values: [1, 2]), Parameter(shape: [1], values: [3])]
    let joined = Parameter(joining: parts, shape: [3])
    #expect(try joined.values() == [1, 2, 3] && joined.buffer == nil)
    let buffer = backend.makeBuffer([4, 5, 6])
    joined.adopt(buffer, on: backend)
    #expect(joined.buffer === buffer && joined.version == 2)
    #expect(try joined.values() == [4, 5, 6] && parts.map { try $0.values() } == [[4, 5], [6]])
    #expect(parts[0].buffer == nil && parts[1].buffer == nil)
    parts[0].update([7, 8])
    #expect(try joined.values() == [7, 8, 6] && joined.buffer == nil)
    joined.update([9, 10, 11])
    #expect(try parts.map { try $0.values() } == [[9, 10], [11]] && joined.values() == [9, 10, 11])
  }

  @Test("A form is made once for each purpose, version and backend, and one that fails is not kept")
  func forms() throws {
    final class Form {}
    let parameter = Parameter(shape: [1], values: [1]), backend = try CPUBackend()
    func form(_ purpose: Int, by backend: CPUBackend) -> Form? {
      parameter.prepared(for: purpose, by: backend) { Form() }
    }
    #expect(parameter.prepared(for: 1, by: backend) { Form?.none } == nil)
    let first = form(1, by: backend)
    #expect(form(1, by: backend) === first && form(2, by: backend) !== first)
    #expect(form(1, by: try CPUBackend()) !== first)
    parameter.adopt(backend.makeBuffer([2]), on: backend)
    #expect(form(1, by: backend) !== first)
  }
}
