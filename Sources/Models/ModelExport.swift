public import DiffusersFormat
public import Evaluation
public import Files
import Foundation
public import Networks

/// Writing of a trained network as a pipeline directory that this program and diffusers' `DDPMPipeline` load.
public enum ModelExport {
  /// Writes `model_index.json`, `unet`, `scheduler` and the statistics of the data.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - scheduler: What `scheduler_config.json` is to hold.
  ///   - statistics: The statistics of the data, or nil for none.
  ///   - type: The element type of the weights.
  ///   - directory: Made with its parents; it holds no network yet.
  public static func write(
    _ network: UNet, scheduler: SchedulerConfiguration, statistics: ImageStatistics?,
    as type: SafetensorsType = .float32,
    to directory: String
  ) throws {
    func join(_ name: String) -> String { (directory as NSString).appendingPathComponent(name) }
    try ModelWriter(type: type).write(
      network.configuration, parameters: ParameterList(network.parameters), to: directory)
    try OutputFile.prepareFolder(join("scheduler"))
    try OutputFile.write((scheduler.json.text + "\n").utf8, to: join("scheduler/scheduler_config.json"))
    if let statistics {
      // Half a basis is as good as a whole one: its errors are those of the weights.
      try OutputFile.write(
        statistics.encoded(basisType: type), to: join(ModelDirectory.statisticsName))
    }
    let index = JSONValue.object([
      "_class_name": .string("DDPMPipeline"), "_diffusers_version": .string("0.30.0"),
      "unet": .array([.string("diffusers"), .string("UNet2DModel")]),
      "scheduler": .array([.string("diffusers"), .string(scheduler.className ?? "DDPMScheduler")]),
    ])
    try OutputFile.write((index.text + "\n").utf8, to: join("model_index.json"))
  }
}
