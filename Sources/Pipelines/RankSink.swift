import Communication
import Files
import Tensors

/// The images of a run that several ranks share out: the first rank writes what one process would have written.
///
/// Each rank brings a range of places that follows those of lower ranks. Into a folder every rank writes its own pictures; arrays and
/// grids go to the first rank in the end.
struct RankSink: ImageSink {
  let path: String
  private let ranks: any Communicator
  /// The places of this rank's images in the run.
  private let places: [Int]
  /// Where images go here; nil where they go to the first rank.
  private var sink: (any ImageSink)?
  private let isFolder: Bool
  private var images: [Float] = []
  private var count = 0
  private let shape: ImageShape

  /// - Parameters:
  ///   - total: Images of all ranks.
  init(_ path: String, _ shape: ImageShape, places: [Int], total: Int, zoom: Int, _ ranks: any Communicator) throws {
    (self.path, self.shape, self.places, self.ranks) = (path, shape, places, ranks)
    isFolder = try OutputForm(path) == .folder
    // The others look at the folder when the first has made it.
    if ranks.isRoot { sink = try ImageOutput.open(path, shape, count: total, zoom: zoom) }
    ranks.wait()
    if isFolder, !ranks.isRoot { sink = try ImageOutput.open(path, shape, count: total, zoom: zoom) }
  }

  mutating func append(_ images: [Float], seeds: ArraySlice<UInt64>, record: RunRecord) throws {
    count += seeds.count
    guard !isFolder else { return try sink?.append(images, seeds: seeds, record: record) ?? () }
    self.images += images
  }

  /// - Parameter record: That of the whole run.
  mutating func finish(_ record: RunRecord) throws {
    let drawn = ranks.gathered(places.prefix(count).map { Double($0) }).map { $0.map { Int($0) } }
    let record = record.with(places: drawn.flatMap { $0 })
    guard !isFolder else {
      if ranks.isRoot { try record.write(to: OutputForm.folder.record(of: path)) }
      return
    }
    try ranks.bringToRoot(images, counts: drawn.map { $0.count * shape.count }) { rank, values in
      let seeds = record.request.settings.seeds
      try sink?.append(values, seeds: seeds.prefix(drawn[rank].count), record: record)
    }
    try sink?.finish(record)
  }
}
