import Compute
import Diffusion
import Files
import Models
import Pipelines
import Tensors

extension Reproduction {
  /// Images in a row of a grid.
  private static let columns = 8

  /// What a grid depends on besides the identity.
  private struct GridSettings: Encodable {
    var sampling: SamplingSettings?
    var images: String?
  }

  /// Grids of real images, and of the scan's first sampler at every number of steps from the prior and from its best late start.
  func pictures(
    of model: any DiffusionModel, _ scan: ScanFindings, _ shouldStop: () -> Bool, _ progress: Progress
  ) throws -> [ReproductionFindings.Grid] {
    let cells = scan.steps.flatMap { steps -> [ScanCell] in
      guard let sampler = scan.samplers.first, let prior = scan.prior(sampler, steps) else { return [] }
      return [prior.cell, scan.best(sampler, steps, .gaussian)?.cell].compactMap(\.self)
    }
    let total = settings.pictures * cells.reduce(0) { $0 + $1.steps }
    return try part(.pictures, in: store) {
      var grids = [try realGrid()], done = 0
      for cell in cells {
        grids.append(
          try grid(of: cell, model, shouldStop) { progress(.pictures, "image steps", done + $0, total) })
        done += settings.pictures * cell.steps
      }
      return grids
    }
  }

  private func realGrid() throws -> ReproductionFindings.Grid {
    let count = min(settings.pictures, images.count)
    let values = (0..<count).flatMap { place -> ArraySlice<Float> in
      let first = place * images.count / count * shape.count
      return images.values[first..<first + shape.count]
    }
    let stored = try store.cell("pictures-real", GridSettings(images: sha256(of: values)))
    return try grid(nil, count, stored) { values }
  }

  /// The grid of a cell's first seeds, the same images as the scan measures.
  private func grid(
    of cell: ScanCell, _ model: any DiffusionModel, _ shouldStop: () -> Bool, _ progress: (Int) -> Void
  ) throws -> ReproductionFindings.Grid {
    var sampling = try settings.scan.sampling(cell)
    sampling.seeds = Array(sampling.seeds.prefix(settings.pictures))
    let stored = try store.cell("pictures-\(cell.name)", GridSettings(sampling: sampling)), seeds = sampling.seeds
    return try grid(cell, seeds.count, stored) {
      var values: [Float] = []
      let pipeline = try SamplingPipeline(model, sampling, on: backend)
      let summary = try pipeline.run(
        shouldStop: shouldStop,
        progress: { progress($0.finishedImages * cell.steps + $0.seeds.count * min(cell.steps, $0.state.index + 1)) },
        finished: { values += $0.values })
      if summary.wasStopped { throw StudyStop() }
      return values
    }
  }

  /// Images as a picture that is kept beside its cell, unless it is there.
  private func grid(
    _ cell: ScanCell?, _ count: Int, _ stored: CellStore.Cell, _ values: () throws -> [Float]
  ) throws -> ReproductionFindings.Grid {
    let path = store.path(of: stored, "png")
    _ = try store.result(of: stored, with: ["png"]) {
      let picture = ImageConversion.pictureShape(shape), pixels = ImageConversion.pictureBytes(try values(), shape)
      let grid = ImageConversion.grid(pixels, picture, columns: min(count, Self.columns))
      try OutputFile.write(grid.encoded(), to: path)
      return count
    }
    let file = try MappedFile(path), image = try PNGImage(contentsOf: path)
    defer { withExtendedLifetime(file) {} }
    return .init(cell: cell, count: count, png: Array(file.bytes), width: image.width, height: image.height)
  }
}
