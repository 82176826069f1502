import DiffuseGPU
import Foundation

extension ReproduceCommand {
  /// The commands by which the page and each of its parts are made again.
  ///
  /// Those of analyses and scan go on with what is in the folders of the page.
  func recipe(_ reproduction: Reproduction, _ findings: ReproductionFindings) -> ReproductionReport.Recipe {
    let all = words(
      ["diffuse-gpu", "reproduce", "--data", source.data] + flag("--real", source.real) + model
        + flag("--classifier", source.classifier) + labels + (quick ? ["--quick"] : [])
        + flag("--count", count.map(String.init)) + read + arithmetic + ["--output", output])
    return .init(
      command: all, commands: commands(of: reproduction.settings, findings), pictures: pictures(findings),
      model: source.network.model ?? PretrainedModel.defaultName, program: "diffuse-gpu \(packageVersion)")
  }

  private var model: [String] { source.network.words }
  private var labels: [String] { flag("--label", source.label.map(String.init)) }
  private var statistics: [String] { ["--statistics", inside(Reproduction.statisticsName)] }
  private var arithmetic: [String] { flag("--device", device.device) + (device.exact ? ["--exact"] : []) }

  /// A path in the folder of the page.
  private func inside(_ name: String) -> String { (output as NSString).appendingPathComponent(name) }

  private func flag(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
  private func flag(_ name: String, _ values: [Int]) -> [String] { flag(name, values.map(String.init)) }
  private func flag(_ name: String, _ values: [String]) -> [String] { [name, values.joined(separator: ",")] }

  /// How images are read.
  private var read: [String] {
    flag("--layout", reading.layout?.rawValue) + flag("--range", reading.range?.rawValue)
      + flag("--array", reading.array) + flag("--labels-array", reading.labelsArray)
      + flag("--resize", reading.resize.map(String.init)) + flag("--color", reading.color?.rawValue)
      + (reading.recursive ? ["--recursive"] : [])
  }

  private func commands(
    of settings: ReproductionSettings, _ findings: ReproductionFindings
  ) -> [ReproductionPart: [String]] {
    let data = ["--data", source.data], classifier = ["--classifier", findings.scan.classifier]
    func command(_ name: String, _ parts: [[String]]) -> [String] {
      [words(["diffuse-gpu"] + name.split(separator: " ").map(String.init) + parts.flatMap(\.self) + arithmetic)]
    }
    func scan(_ samplers: [String], _ steps: [Int], _ starts: [String], _ kinds: [String], in folder: String = "scan")
      -> [String]
    {
      command(
        "late-start scan",
        [
          model, statistics, classifier, data, flag("--real", source.real), read, flag("--sampler", samplers),
          flag("--steps", steps), flag("--start", starts), flag("--init", kinds),
          flag("--count", [settings.scan.base.seeds.count]), ["--output", inside(folder)],
        ])
    }
    let (network, potential, dynamics) = (settings.network, settings.potential, settings.dynamics)
    return [
      .statistics: command("statistics", [data, read, ["--output", inside(Reproduction.statisticsName)]]),
      .fit: command(
        "late-start fit",
        [
          model, statistics, data, labels, read, flag("--images", [settings.fit.images]),
          ["--output", inside("late_start.json")],
        ]
      ),
      .scan: scan(
        settings.scan.samplers, settings.scan.steps, settings.scan.starts.map(\.description),
        settings.scan.kinds.map(\.rawValue)),
      .starts: findings.starts.flatMap { start in
        scan(
          [start.result.cell.sampler], [start.result.cell.steps], ["\(start.choice.start)"], ["gaussian"], in: "starts")
      },
      .network: command(
        "analyze network",
        [
          model, statistics, data, read, flag("--steps", network.steps), flag("--draws", [network.average.draws]),
          flag("--sets", [network.sets]), flag("--error-images", [settings.errorImages]),
          ["--output", inside("network")],
        ]),
      .potential: command(
        "analyze potential",
        [
          model, statistics, flag("--steps", potential.steps), flag("--pairs", [potential.pairs]),
          flag("--sampler-steps", [potential.samplerSteps]), ["--output", inside("potential")],
        ]),
      .dynamics: command(
        "analyze dynamics",
        [
          model, statistics, classifier, data, read, flag("--steps", dynamics.steps),
          flag("--count", [dynamics.count]), flag("--sampler-steps", [dynamics.samplerSteps]),
          flag("--loss-images", [dynamics.lossImages]), ["--output", inside("dynamics")],
        ]),
    ]
  }

  /// The command of each grid of samples.
  private func pictures(_ findings: ReproductionFindings) -> [ScanCell: String] {
    let cells = findings.pictures.compactMap { grid in grid.cell.map { ($0, grid.count) } }
    return Dictionary(
      uniqueKeysWithValues: cells.map { cell, count in
        let start = cell.start.map { ["--late-start", "\($0)"] + statistics } ?? []
        return (
          cell,
          words(
            ["diffuse-gpu", "sample"] + model + ["--sampler", cell.sampler, "--steps", "\(cell.steps)"] + start
              + ["--count", "\(count)"] + arithmetic + ["--output", "\(cell.name).png"])
        )
      })
  }

  /// Words as a shell reads them.
  private func words(_ words: [String]) -> String {
    let plain = CharacterSet.alphanumerics.union(.init(charactersIn: "-_./,:+=@%"))
    return words.map { word in
      !word.isEmpty && word.unicodeScalars.allSatisfy(plain.contains)
        ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }
}
