import DiffuseGPU

/// The example of the README, word for word; a test compares the two.
func readmeExample(to path: String) throws {
  let backend = try Devices.open(.auto)
  let model = try Model(nil)  // the embedded MNIST model; Model("path/to/ddpm-cifar10-32") reads a directory
  var settings = SamplingSettings(seeds: [0, 1, 2, 3])
  settings.sampler = .named(.dpmMultistep2)
  settings.steps = 10
  settings.start = .late(timestep: 600, .flow)

  let pipeline = try SamplingPipeline(model, settings, on: backend)
  var images: [Float] = []
  _ = try pipeline.run { finished in images += finished.values }

  let bytes = ImageConversion.interleaved(images, pipeline.imageShape)
  let grid = ImageConversion.grid(bytes, pipeline.imageShape)
  try OutputFile.write(grid.encoded(), to: path)
}
