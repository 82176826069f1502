import Files
import Foundation
import TestSupport
import Testing

import Studies

@Suite("Cells of a study on disk")
struct CellStoreTests {
  private struct Settings: Codable {
    var steps: Int
    var share = 0.1
  }

  private struct Finding: Codable, Equatable {
    var value: Double
  }

  private static func identity(_ count: Int = 100, model: String = "abc") -> StudyIdentity {
    StudyIdentity("late-start scan", ["count": .number(Double(count)), "model_sha256": .string(model)])
  }

  @Test("A cell that is kept is found again, by what it depends on and by nothing else")
  func keeps() throws {
    let folder = try TemporaryFolder(), path = folder.path("study")
    do {
      let store = try CellStore(path, Self.identity()), cell = try store.cell("ddim-5", Settings(steps: 5))
      #expect(try store.result(of: cell, as: Finding.self) == nil)
      try store.keep(Finding(value: 0.1), of: cell, seconds: 3)
      #expect(try store.result(of: cell, as: Finding.self) == Finding(value: 0.1))
      // Not finished while a file beside it is missing.
      #expect(try store.result(of: cell, with: ["npz"], as: Finding.self) == nil)
    }
    let store = try CellStore(path, Self.identity())
    #expect(try store.result(of: store.cell("ddim-5", Settings(steps: 5)), as: Finding.self) == Finding(value: 0.1))
    for other in [Settings(steps: 6), Settings(steps: 5, share: 0.1.nextUp)] {
      #expect(try store.result(of: store.cell("ddim-5", other), as: Finding.self) == nil)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0 != ".lock" }
    #expect(names.sorted() == ["cells", "study.json"])
  }

  @Test("A folder of another study is refused in one line that names the difference, and stays as it is")
  func refuses() throws {
    let folder = try TemporaryFolder(), path = folder.path("study")
    do { _ = try CellStore(path, Self.identity()) }
    let before = try fileBytes(path + "/study.json")
    for (identity, part) in [
      (Self.identity(200), "count is 100, not 200"), (Self.identity(model: "abd"), "model sha256 is 'abc', not 'abd'"),
      (StudyIdentity("fit", Self.identity().facts), "study is 'late-start scan', not 'fit'"),
      (StudyIdentity("late-start scan", [:]), "count is 100, not null"),
    ] {
      #expect {
        _ = try CellStore(path, identity)
      } throws: {
        "\($0)".contains(path) && "\($0)".contains(part) && !"\($0)".contains("\n")
      }
    }
    #expect(try fileBytes(path + "/study.json") == before)
  }

  @Test("One process at a time works in a folder; a damaged cell is named")
  func locksAndNames() throws {
    let folder = try TemporaryFolder(), path = folder.path("study"), store = try CellStore(path, Self.identity())
    #expect {
      _ = try CellStore(path, Self.identity())
    } throws: {
      "\($0)".contains("in use")
    }
    let cell = try store.cell("a", Settings(steps: 1))
    for text in ["{", "{}", "{\"key\": \"\(cell.key)\", \"result\": {}}"] {
      try OutputFile.write(text.utf8, to: store.path(of: cell, "json"))
      #expect {
        _ = try store.result(of: cell, as: Finding.self)
      } throws: {
        "\($0)".contains("a.\(cell.key.prefix(12)).json")
      }
    }
  }
}
