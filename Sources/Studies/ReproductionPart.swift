import Files
import Foundation

/// A part of a ``Reproduction``, in the order in which they run.
public enum ReproductionPart: String, Sendable, Hashable, Codable, CaseIterable {
  /// The moments of the data.
  case statistics
  /// The fit of the start, without a sample.
  case fit
  /// The scan of late starts.
  case scan
  /// The starts that the fit proposes, drawn like cells of the scan.
  case starts
  /// The order parameter.
  case network
  /// The potential between samples.
  case potential
  /// Clones, U-turns and decisions.
  case dynamics
  /// Grids of samples and of real images.
  case pictures

  /// The part in words.
  public var words: String {
    switch self {
    case .statistics: "moments of the data"
    case .fit: "fit of the start"
    case .scan: "scan of late starts"
    case .starts: "starts that the fit proposes"
    case .network: "order parameter"
    case .potential: "potential between samples"
    case .dynamics: "clones, U-turns and decisions"
    case .pictures: "pictures"
    }
  }

  /// The folder of its cells within that of the reproduction; empty for that itself.
  var folder: String {
    switch self {
    case .statistics, .fit, .pictures: ""
    case .scan, .starts: "scan"
    case .network, .potential, .dynamics: rawValue
    }
  }
}

/// When each part of a reproduction was first finished, and how long its cells took: the one thing that two runs differ in.
final class ReproductionJournal {
  struct Entry: Codable {
    let part: ReproductionPart
    /// The time in ISO 8601, in UTC.
    let finished: String
    let seconds: Double
  }

  private let path: String
  private(set) var entries: [Entry] = []

  /// The journal in a folder, empty if there is none yet.
  init(_ folder: String) throws {
    path = (folder as NSString).appendingPathComponent("journal.json")
    guard FileManager.default.fileExists(atPath: path) else { return }
    let document = try JSONValue(contentsOf: path)
    guard let entries = try? document.decoded(as: [Entry].self) else {
      throw FileError(path, "is no journal of finished parts; remove it, and it is made again")
    }
    self.entries = entries
  }

  /// Notes that a part is finished, if that is not known yet.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - seconds: What all cells in its folder took, those of other parts among them.
  func finish(_ part: ReproductionPart, seconds: Double) throws {
    guard !entries.contains(where: { $0.part == part }) else { return }
    let others = entries.filter { $0.part.folder == part.folder }.reduce(0) { $0 + $1.seconds }
    entries.append(Entry(part: part, finished: Date.now.ISO8601Format(), seconds: max(0, seconds - others)))
    try OutputFile.write((JSONValue(encoding: entries).text + "\n").utf8, to: path)
  }
}
