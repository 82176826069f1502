import Diffusion
import Files
import Models
import Pipelines

extension JobRequest {
  /// The command that gives the same samples.
  ///
  /// - Parameter device: The flags of the device.
  package func command(device: [String]) -> String {
    let settings = sampling.settings
    var words = ["diffuse-gpu", "sample"], before = "", output = "samples.png"
    switch subject {
    case .model(let model): words += model.flags
    case .world(let world):
      let file = world.file
      before = file.map { "echo '\($0.text)' > \($0.name) && " } ?? ""
      words += ["--world", file.map { "mixture:\($0.name)" } ?? "two-points"]
      output = "samples.npy"
    }
    let isPaper = settings.options.eta == 1
    if case .named(let name) = settings.sampler {
      words += ["--sampler", isPaper ? SamplerName.paperDDPM : name.rawValue]
    }
    words += settings.steps.map { ["--steps", "\($0)"] } ?? []
    if case .late(let step, let kind) = settings.start {
      words += ["--late-start", "\(step)"] + (kind == .gaussian ? [] : ["--late-start-init", kind.rawValue])
    }
    words += settings.classes.map { ["--class", "\($0)"] } ?? []
    words += settings.guidance == 1 ? [] : ["--guidance", JSONValue.number(settings.guidance).line]
    words += ["--seeds", "\(SeedRanges(settings.seeds))"] + device + ["--output", output]
    return before + words.map(Self.quoted).joined(separator: " ")
  }

  /// A word as a shell reads it.
  private static func quoted(_ word: String) -> String {
    let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,+=@%".contains($0)) }
    return plain && !word.isEmpty
      ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
