import DiffuseGPU

/// The first example of the README, word for word; a test compares the two.
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

/// The second example, that of a session.
func readmeSession(to path: String) async throws {
  let session = SamplingSession(try Model.pretrained("mnist"), on: try Devices.open(.auto))
  for try await preview in session.sample(SamplingSettings(seeds: [0, 1, 2, 3])) {
    try ImageConversion.writeGrid(preview.values, preview.shape, to: path)
  }
}
