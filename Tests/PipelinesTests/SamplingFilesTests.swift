import Files
import Foundation
import Pipelines
import TestSupport
import Testing

@Suite("The files of a run are checked before it")
struct SamplingFilesTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func files(_ output: String, seeds: [UInt64] = [0, 1], _ change: (inout SamplingFiles) -> Void = { _ in })
    -> SamplingFiles
  {
    var files = SamplingFiles(output: folder.path(output) + (output.hasSuffix("/") ? "/" : ""), seeds: seeds)
    change(&files)
    return files
  }

  private func fault(_ files: SamplingFiles) -> FileError? {
    do throws(FileError) {
      try files.check()
      return nil
    } catch {
      return error
    }
  }

  private func write(_ text: String, _ name: String) throws { try OutputFile.write(text.utf8, to: folder.path(name)) }

  @Test("A folder that is there, or a slash at the end, is a folder, whatever its name")
  func forms() throws {
    for name in ["plain", "eta0.5", "x.png", "a.b.npz", "run.2026", ".hidden", "x.jpeg"] {
      #expect(fault(files(name + "/")) == nil)
      var isFolder: ObjCBool = false
      #expect(FileManager.default.fileExists(atPath: folder.path(name), isDirectory: &isFolder) && isFolder.boolValue)
      #expect(fault(files(name)) == nil, "\(name) is there")
      #expect(try ImageOutput.missing([3], in: folder.path(name)) == [3])
    }
    #expect(fault(files("new.5"))?.fault.contains("'.5'") == true)
    try write("x", "file")
    for path in ["file", "file/", "file/x.png"] { #expect(fault(files(path)) != nil) }
    #expect(try folder.listing().contains("new.5") == false)
  }

  private static let record = #"{"program": "diffuse-gpu 0.1.0", "function_evaluations": 2}"#

  @Test("A record takes the place of a record, and of nothing else")
  func records() throws {
    let strangers = [
      "mine\n", "", "{}", "[1]", #"{"program": "other 1", "function_evaluations": 1}"#, #"{"seeds": [1]}"#,
    ]
    try OutputFile.prepareFolder(folder.path("pictures"))
    for (output, record) in [
      ("x.png", "x.json"), ("x.npz", "x.json"), ("x.npy", "x.json"), ("pictures", "pictures/run.json"),
    ] {
      for text in strangers {
        try write(text, record)
        #expect(fault(files(output))?.path == folder.path(record))
        #expect(try String(contentsOfFile: folder.path(record), encoding: .utf8) == text)
      }
      try write(Self.record, record)
      #expect(fault(files(output)) == nil)
      try FileManager.default.removeItem(atPath: folder.path(record))
    }
    try OutputFile.prepareFolder(folder.path("x.json"))
    #expect(fault(files("x.png"))?.fault.contains("is a folder") == true)
  }

  @Test("Pictures under names that follow take the place of this program's own pictures only")
  func pictures() throws {
    let picture = PNGImage(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4])
    let (stranger, own) = (
      try picture.encoded(texts: ["Author": "me"]), try picture.encoded(texts: ["Software": "diffuse-gpu"])
    )
    try OutputFile.prepareFolder(folder.path("p"))
    for (output, name) in [("p", "p/000001.png"), ("x.png", "x-step0002.png")] {
      let files = files(output) { if output == "x.png" { $0.grids = [folder.path("x-step0002.png")] } }
      for bytes in [stranger, try picture.encoded(), Array(own.prefix(30)), [1]] {
        try OutputFile.write(bytes, to: folder.path(name))
        #expect(fault(files)?.path == folder.path(name))
        #expect(try fileBytes(folder.path(name)) == bytes)
      }
      try OutputFile.write(own, to: folder.path(name))
      #expect(fault(files) == nil)
    }
    // Another seed's picture is not in the way, and what is named is written over.
    try OutputFile.write(stranger, to: folder.path("p/000007.png"))
    try OutputFile.write(stranger, to: folder.path("y.png"))
    #expect(fault(files("p")) == nil && fault(files("y.png")) == nil)
  }

  @Test("No file is written twice, nor one that is read")
  func twice() throws {
    try write("x", "noise.npy")
    for (output, other) in [
      ("x.png", "x.png"), ("x.png", "x.json"), ("x.png", "x-step0002.png"), ("p/", "p/000001.png"),
      ("p/", "p/run.json"),
    ] {
      let files = files(output) {
        $0.animation = folder.path(other)
        $0.grids = [folder.path("x-step0002.png")]
      }
      #expect(fault(files)?.fault.contains("twice") == true, "\(output) \(other)")
    }
    #expect(fault(files("x.png") { $0.animation = folder.path("y.png") }) == nil)
    #expect(fault(files("noise.npy") { $0.inputs = [folder.path("noise.npy")] })?.fault.contains("is read") == true)
    #expect(fault(files("x.png") { $0.animation = folder.path("missing/a.png") }) != nil)
  }
}
