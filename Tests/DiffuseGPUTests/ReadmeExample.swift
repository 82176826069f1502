import DiffuseGPU

/// The example of the README, word for word; a test compares the two.
func readmeExample(to path: String) throws {
  let backend = try Devices.open(.auto)
  let model = try Model.pretrained("mnist")  // Model("path/to/ddpm-cifar10-32") reads a directory
  var settings = SamplingSettings(seeds: [0, 1, 2, 3])
  settings.sampler = .named(.dpmMultistep2)
  settings.steps = 10
  settings.start = .late(timestep: 600, kind: .flow)

  let pipeline = try SamplingPipeline(model, settings, on: backend)
  var images: [Float] = []
  _ = try pipeline.run { finished in images += finished.values }

  try ImageConversion.writeGrid(images, pipeline.imageShape, to: path)
}
