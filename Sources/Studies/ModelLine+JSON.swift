package import Files
import Foundation
import Pipelines
import SymmetryBreaking
import Tensors

extension ModelLine {
  /// The document for a page, with the ends as pictures.
  package var json: JSONValue {
    get throws {
      var members = members
      members["pictures"] = .array(try ends.map { .string(try picture(of: $0)) })
      return .object(members)
    }
  }

  /// The document from which ``init(_:_:path:)`` makes the same line.
  var file: JSONValue {
    var members = members
    members["ends"] = .array(ends.map { .string(Data($0).base64EncodedString()) })
    return .object(members)
  }

  private var members: [String: JSONValue] {
    [
      "seeds": JSONValue(seeds.map { Double($0) }), "places": JSONValue(places),
      "levels": .array(
        levels.map { .object(["step": .number(Double($0.step)), "potential": JSONValue($0.potential)]) }),
      "branches": .array(levels.flatMap { level in level.fixedPlaces.map { Self.branch(level.step, $0) } }),
    ]
  }

  private static func branch(_ step: Int, _ fixed: LineEquilibria.FixedPlace) -> JSONValue {
    .object([
      "step": .number(Double(step)), "place": .number(fixed.place), "stable": .boolean(fixed.isStable),
    ])
  }

  private func picture(of end: [UInt8]) throws -> String {
    let bytes = ImageConversion.pictureBytes(ImageConversion.values(end), shape)
    return Data(try ImageConversion.picture(bytes, ImageConversion.pictureShape(shape)).encoded()).base64EncodedString()
  }

  private static let most = 1000

  /// Reads a line.
  ///
  /// - Parameters:
  ///   - json: What ``file`` has written.
  ///   - shape: The extents of the model's samples.
  ///   - path: What messages call the file.
  /// - Throws: `FileError` naming what is missing or out of range.
  init(_ json: JSONValue, _ shape: ImageShape, path: String) throws(FileError) {
    func numbers(_ value: JSONValue?, _ name: String) throws(FileError) -> [Double] {
      let numbers = (value?.array ?? []).compactMap(\.double)
      guard numbers.count == value?.array?.count, (2...Self.most).contains(numbers.count),
        numbers.allSatisfy({ abs($0) < 1e12 })
      else { throw FileError(path, "\(name): two or more finite numbers are needed") }
      return numbers
    }
    let places = try numbers(json["places"], "places")
    guard zip(places, places.dropFirst()).allSatisfy(<) else { throw FileError(path, "places: do not rise") }
    let fixed = Dictionary(grouping: json["branches"]?.array ?? []) { $0["step"]?.int ?? -1 }
    var levels: [Level] = []
    for level in (json["levels"]?.array ?? []).prefix(Self.most) {
      let potential = try numbers(level["potential"], "potential")
      guard let step = level["step"]?.int, potential.count == places.count else {
        throw FileError(path, "levels: each needs a step and a potential at every place")
      }
      let branches = (fixed[step] ?? []).compactMap { branch in
        branch["place"]?.double.map { place in
          LineEquilibria.FixedPlace(place: place, isStable: branch["stable"]?.bool ?? false)
        }
      }
      levels.append(Level(step: step, potential: potential, fixedPlaces: branches))
    }
    let ends = (json["ends"]?.array ?? []).compactMap(\.string).compactMap {
      Data(base64Encoded: $0).map { [UInt8]($0) }
    }
    let seeds = (json["seeds"]?.array ?? []).compactMap(\.int)
    guard !levels.isEmpty, seeds.count == 2, ends.count == 2, ends.allSatisfy({ $0.count == shape.count }),
      let line = ModelLine(seeds: seeds, ends: ends, shape, places: places, levels: levels)
    else { throw FileError(path, "needs levels, and two different images of \(shape) with their seeds as ends") }
    self = line
  }
}
