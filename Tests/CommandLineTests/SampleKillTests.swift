import Files
import Foundation
import TestSupport
import Testing

@Suite("sample, killed", .serialized)
struct SampleKillTests {
  private static let seeds = 60
  private static let pictures = (0..<seeds).map { "0000\($0 < 10 ? "0" : "")\($0).png" } + ["run.json"]

  /// Arguments that name an output in a folder, and the files that are there when the run is done.
  static let forms: [(arguments: [String], files: [String])] = [
    (["-o", "FOLDER/"], pictures),
    (["-o", "FOLDER/a.npz"], ["a.json", "a.npz"]),
    (
      ["-o", "FOLDER/g.png", "--save-every", "1", "--animate", "FOLDER/m.png"],
      ["g-step0001.png", "g-step0002.png", "g.json", "g.png", "m.png"]
    ),
  ]

  @Test(
    "kill -9 at random moments leaves nothing that the next run does not remove, and no half of a file",
    arguments: forms.indices)
  func kills(form: Int) throws {
    let folder = try TemporaryFolder(), (words, files) = Self.forms[form]
    let arguments =
      [
        "sample", "--model", Fixtures.path("sampling/random"), "--steps", "2", "--count", "\(Self.seeds)", "--batch",
        "10", "--device", "cpu", "--threads", "1", "--quiet",
      ] + words.map { $0.replacing("FOLDER", with: folder.url.path) }
    let begin = ContinuousClock.now, whole = try Program.run(arguments)
    #expect(whole.status == 0, "\(whole.error)")
    let duration = (ContinuousClock.now - begin) / .seconds(1)
    let wanted = try files.map { try fileBytes(folder.path($0)) }
    func check() throws {
      for (name, bytes) in zip(files, wanted) where FileManager.default.fileExists(atPath: folder.path(name)) {
        #expect(try fileBytes(folder.path(name)) == bytes, "\(name)")
      }
    }
    try Program.killRepeatedly(within: duration, check: check) { kills, _ in
      // Over what is there, and where nothing is.
      if kills.isMultiple(of: 2) { for name in files { unlink(folder.path(name)) } }
      return arguments
    }
    let last = try Program.run(arguments)
    #expect(last.status == 0, "\(last.error)")
    #expect(try folder.listing() == files.sorted())
  }
}
