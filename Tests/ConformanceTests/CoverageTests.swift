import Compute
import Conformance
import Foundation
import Instruments
import Testing

@Suite("Coverage of the protocol")
struct CoverageTests {
  /// Requirements that allocate, wait and report: they have no results of their own to compare.
  static let bookkeeping: Set<String> = [
    "makeBuffer", "makeFeatureMap", "synchronize", "byteCount", "memoryUse", "memoryBudget", "releaseUnusedMemory",
    "checkGuardZones", "method",
  ]

  @Test("Each requirement of the families' protocols is an operation of the list, and the other way round")
  func listMatchesProtocols() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Compute")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasSuffix("Operations.swift") }
    #expect(files.count >= 9)
    let names = try files.reduce(into: Set<String>()) { names, file in
      names.formUnion(requirements(in: try String(contentsOf: file, encoding: .utf8)))
    }
    #expect(names == Set(OperationKind.allCases.map(\.rawValue)).union(Self.bookkeeping))
  }

  /// The names of the functions and properties that the protocols of a file require.
  private func requirements(in source: String) -> Set<String> {
    var names: Set<String> = []
    var isInProtocol = false
    for line in source.split(separator: "\n") {
      if line.hasPrefix("public protocol ") { isInProtocol = true }
      if line.hasPrefix("}") { isInProtocol = false }
      if isInProtocol, let name = line.firstMatch(of: /^  (?:func|var) (\w+)/)?.1 { names.insert(String(name)) }
    }
    return names
  }

  @Test("Each operation has cases in each class of shapes", arguments: OperationKind.allCases)
  func coversShapes(operation: OperationKind) {
    let list = ConformanceSuite.operation(operation), cases = list.cases
    #expect(cases.allSatisfy { $0.operation == operation })
    let covered = cases.reduce(into: Set<ShapeClass>()) { $0.formUnion($1.shapeClasses) }
    #expect(list.shapes.subtracting(covered) == [])
    #expect(list.values.subtracting(cases.map(\.values)) == [])
    #expect(cases.contains { $0.size == .tiny })
  }

  @Test("Every size is in the list, so that there is something to interpret and something to time")
  func coversSizes() {
    #expect(Set(ConformanceSuite.cases.map(\.size)) == Set(SizeClass.allCases))
  }

  @Test("A call outside of all classes is reported, one inside is not")
  func reportsMissing() {
    let known = ConformanceSuite.cases[0].record
    #expect(ConformanceSuite.missing(for: [known]) == [])
    let shape = FeatureMapShape(batch: 1, channels: 8, height: 8, width: 8)
    let convolution = ConvolutionShape(inputChannels: 8, outputChannels: 8, kernel: 9, padding: .all(4))
    let unknown = OperationRecord(
      .convolve, .convolution(convolution, operands: [shape], result: shape), floatingPointOperations: 0, bytesRead: 0,
      bytesWritten: 0)
    let lines = ConformanceSuite.missing(for: [unknown])
    #expect(lines.count == 2)
    #expect(lines.first?.contains("kernel(9)") ?? false)
  }
}
