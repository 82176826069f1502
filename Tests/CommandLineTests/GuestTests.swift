import Files
import Foundation
import TestSupport
import Testing

@Suite("What comes from outside is refused in one line that says what it is", .serialized)
struct GuestTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The one line with which a command fails.
  private func refusal(_ arguments: [String], environment: [String: String] = ["DIFFUSE_DEVICE": "cpu"]) throws
    -> String
  {
    let result = try Program.run(arguments, environment: environment)
    #expect(result.status > 0 && result.status < 128, "status \(result.status)")
    #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
    #expect(!result.error.dropLast().unicodeScalars.contains { $0.value < 0x20 }, "\(result.error.debugDescription)")
    return result.error
  }

  private func sample(_ model: String) -> [String] {
    ["sample", "--quiet", "--steps", "1", "--count", "1", "--model", model, "--output", folder.path("out.npy")]
  }

  /// What a shell makes of a script, in which `$1` is the program and `$2` the test's folder; it is killed after a minute.
  private func shell(_ script: String) throws -> (status: Int32, error: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["-s", "KILL", "60", "bash", "-c", script, "bash", try Program.path, folder.url.path]
    let error = Pipe()
    process.standardError = error
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let data = try error.readToEnd()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test("A model whose files are not what their names say is named for what it is")
  func models() throws {
    let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8)
    let page = Array("<!doctype html><p>Sign in".utf8)
    for (name, bytes, expected) in [
      ("config.json", page, "web page"), ("diffusion_pytorch_model.safetensors", pointer, "Git LFS pointer"),
    ] {
      let unet = folder.path("\(name)/unet")
      try OutputFile.prepareFolder(folder.path(name))
      try FileManager.default.copyItem(atPath: Fixtures.path("sampling/random/unet"), toPath: unet)
      try FileManager.default.removeItem(atPath: "\(unet)/\(name)")
      try OutputFile.write(bytes, to: "\(unet)/\(name)")
      #expect(try refusal(sample(folder.path(name))).contains(expected))
    }
  }

  @Test("A component of a model is a folder beside its index")
  func components() throws {
    for name in ["../elsewhere", "/etc", "a/b", ".."] {
      try OutputFile.write(
        Array(#"{"\#(name)": ["diffusers", "UNet2DModel"]}"#.utf8), to: folder.path("model_index.json"))
      let line = try refusal(sample(folder.url.path))
      #expect(line.contains("model_index.json") && line.contains(name), "\(line)")
    }
  }

  @Test("Names from files cannot drive the terminal")
  func names() throws {
    try OutputFile.write(
      Array(#"{"../\u001b[2J\u202e\nx": ["diffusers", "UNet2DModel"]}"#.utf8), to: folder.path("model_index.json"))
    #expect(try refusal(sample(folder.url.path)).contains(#"\u{1B}[2J\u{202E}\nx"#))
  }

  @Test("An empty variable is as if it were not set")
  func emptyVariables() throws {
    let names = [
      "DIFFUSE_DEVICE", "DIFFUSE_CPU", "DIFFUSE_KERNELS", "DIFFUSE_KERNEL_CACHE", "DIFFUSE_OPENCL_TIER",
      "DIFFUSE_DEBUG",
    ]
    let result = try Program.run(
      ["sample", "--quiet", "--steps", "1", "--count", "1", "--output", folder.path("out.npy")],
      environment: Dictionary(uniqueKeysWithValues: names.map { ($0, "") }))
    #expect(result.status == 0, "\(result.error)")
  }

  @Test("A driver that cannot be loaded is named with its file and the reason")
  func drivers() throws {
    try OutputFile.write(Array("libnonesuch-opencl.so\n".utf8), to: folder.path("broken.icd"))
    let arguments = ["sample", "--quiet", "--device", "opencl", "--output", folder.path("out.npy")]
    let broken = try refusal(arguments, environment: ["OCL_ICD_VENDORS": folder.url.path])
    #expect(broken.contains("broken.icd") && broken.contains("libnonesuch-opencl.so"), "\(broken)")
    try FileManager.default.removeItem(atPath: folder.path("broken.icd"))
    let none = try refusal(arguments, environment: ["OCL_ICD_VENDORS": folder.url.path])
    #expect(none.contains("no OpenCL driver is installed"), "\(none)")
  }

  @Test("A path that is not UTF-8 is refused and nothing is written")
  func bytes() throws {
    let result = try shell(#"exec "$1" sample --device cpu --quiet --steps 1 --count 1 -o "$2/"$'a\xff.png'"#)
    #expect(result.status == 1 && result.error.contains("is not UTF-8"), "\(result)")
    #expect(try folder.listing().isEmpty)
    let listed = try shell(
      #"echo > "$2/"$'a\xff.png'; exec "$1" statistics --quiet --data "$2" -o "$2/out.safetensors""#)
    #expect(listed.status == 1 && listed.error.contains("is not UTF-8"), "\(listed)")
  }

  @Test(
    "Too few addresses for OpenBLAS end in one line, not in a loop",
    arguments: [150_000, 200_000, 300_000, 400_000, 600_000])
  func addresses(kilobytes: Int) throws {
    let result = try shell(
      #"ulimit -v \#(kilobytes); exec "$1" sample --device cpu --quiet --steps 1 --count 1 -o "$2/out.png""#)
    // 127 is the dynamic loader's, which may lack the room for the program itself.
    let statuses: [Int32] = [0, 1, 127]
    #expect(statuses.contains(result.status), "status \(result.status): \(result.error)")
    // The library's own loader may speak before the program does.
    let lines = result.error.split(separator: "\n").filter { !$0.hasPrefix("OpenBLAS") }
    if result.status != 0 { #expect(lines.count == 1, "\(result.error)") }
    #expect(kilobytes > 200_000 || result.status != 0, "a program without room for a buffer cannot compute")
    // Loading alone starts threads that must not hold up the end.
    let version = try shell(#"ulimit -v \#(kilobytes); exec "$1" --version"#)
    #expect(statuses.contains(version.status), "status \(version.status): \(version.error)")
  }
}
