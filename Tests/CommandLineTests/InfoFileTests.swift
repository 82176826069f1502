import Files
import Foundation
import TestSupport
import Testing

@Suite("info lists what is in a file, and runs nothing of it")
struct InfoFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { Fixtures.path("checkpoints/\(name)") }

  @Test("The tensors and names of a file of PyTorch", arguments: ["archive.pt", "legacy.pt", "protocol4.pt"])
  func torch(name: String) throws {
    let result = try Program.run(["info", path(name), "--json"])
    #expect(result.status == 0, "\(result.error)")
    let json = try JSONValue(result.output, path: "output")
    let tensors = try #require(json["tensors"]?.array), names = try SafetensorsFile(path("values.safetensors")).entries
    #expect(Set(tensors.compactMap { $0["name"]?.string }) == Set(names.keys))
    let transposed = try #require(tensors.first { $0["name"]?.string == "transposed" })
    #expect(transposed["dtype"]?.string == "F32" && transposed["strided"]?.bool == true)
    #expect(transposed["shape"]?.array?.map(\.int) == [6, 4] && json["fault"] == nil)
    let text = try Program.run(["info", path(name)])
    #expect(text.output.contains("  F32   transposed  [6, 4], in another order\n"), "\(text.output)")
    #expect(text.output.hasSuffix("verdict      data alone\n") && text.error.isEmpty)
  }

  @Test("A hostile file is listed as well, with what it wanted and that it did not run")
  func hostile() throws {
    let folder = try FileManager.default.contentsOfDirectory(atPath: path("hostile")).sorted()
    #expect(folder.count >= 28)
    for name in folder {
      let result = try Program.run(["info", path("hostile/\(name)")])
      #expect(result.status == 0 && result.error.isEmpty, "\(name): \(result.error)")
      let verdict = result.output.split(separator: "\n").last ?? ""
      #expect(verdict.hasPrefix("verdict      ") && !verdict.contains("data alone"), "\(name): \(result.output)")
      if name.contains("system") || name.contains("archive") {
        #expect(result.output.contains("os.system") || result.output.contains("is compressed"), "\(name)")
      }
    }
    let calls = try Program.run(["info", path("hostile/archive-value.pt")]).output
    #expect(calls.contains("  F32  weight  [2]\n"), "\(calls)")
    #expect(calls.contains("inert        os.system: Python would call it, once; it was not run\n"))
    #expect(
      calls.hasSuffix(
        "verdict      Python would run os.system; nothing of it was run, and no tensors are taken from the file\n"))
    #expect(!FileManager.default.fileExists(atPath: "diffuse-gpu-ran-a-pickle"))
    // A pickle that brings its class along is data here, and a program to Python.
    let network = try Program.run(["info", path("persistent4.pkl")]).output
    #expect(
      network.contains(
        "verdict      data; Python would import torch.nn.modules.container.ModuleDict; Python would run the source"))
  }

  @Test("safetensors and .npz are listed; a file of something else is an error of one line")
  func others() throws {
    let tensors = try Program.run(["info", Fixtures.path("foreign/all.safetensors")])
    #expect(tensors.status == 0 && tensors.output.contains("  F8_E4M3  f8  ["), "\(tensors.output)\(tensors.error)")
    let arrays = try Program.run(["info", Fixtures.path("foreign/deflated.npz")])
    #expect(arrays.status == 0 && arrays.output.contains("  U8   arr_0  [2, 2, 2, 3]\n"), "\(arrays.output)")
    for file in [Fixtures.path("make_checkpoint_cases.py"), Fixtures.path("pictures/photo.png")] {
      let refused = try Program.run(["info", file])
      #expect(refused.status != 0 && refused.error.split(separator: "\n").count == 1, "\(refused.error)")
    }
    // A model's own file of weights is the model, as ever.
    let model = try Program.run(["info", Fixtures.path("unet-scale-shift/unet/diffusion_pytorch_model.safetensors")])
    #expect(model.status == 0 && model.output.hasPrefix("model "), "\(model.output)\(model.error)")
  }

  @Test("Names in a file cannot speak to the terminal")
  func escapes() throws {
    let name = "os\u{1B}[2J", file = folder.path("x.pkl")
    try OutputFile.write([0x80, 2, 0x63] + Array("\(name)\nsystem\n".utf8) + [0x29, 0x52, 0x2E], to: file)
    let result = try Program.run(["info", file])
    #expect(result.status == 0 && result.output.contains("os\\u{1B}[2J.system") && !result.output.contains("\u{1B}"))
  }

  @Test(
    "A bomb ends in one line, within four times its size of memory and what the program itself takes",
    arguments: ["N", "(", "]", "\\224", "}N\\224"])
  func memory(opcodes: String) throws {
    let file = folder.path("bomb.pkl"), megabytes = 64
    // The limit is on what the program may write to, without the file's own pages.
    let script = """
      { printf '\\200\\004N'; yes "$(printf '\(opcodes)')" | tr -d '\\n' | head -c \(megabytes << 20); } > "$1"
      ulimit -d \(4 * megabytes * 1024 + 300_000)
      exec "$2" info "$1"
      """
    let result = try Program.run(["-c", script, "sh", file, Program.path], program: "/bin/sh")
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    #expect(result.output.contains("fault  "), "\(result.output)")
  }
}
