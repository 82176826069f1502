public import Compute
import Foundation

extension ReferenceBackend {
  /// Philox words and the transform of Box and Muller, four normals at a time.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    checkFillNormal(destination, seeds: seeds)
    let length = destination.count / seeds.count
    destination.values = seeds.flatMap { seed in
      stride(from: 0, to: length, by: 4).flatMap { place in
        Self.normals(seed: seed, block: UInt32(place / 4), key: key).prefix(length - place)
      }
    }
  }

  private static func normals(seed: UInt64, block: UInt32, key: NoiseKey) -> [Double] {
    let words = Philox.words(
      counter: [block, key.step, key.draw, 0],
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return [0, 2].flatMap { (first: Int) -> [Double] in
      let u1 = Double(words[first]) * 0x1p-32 + 0x1p-33
      let angle = 2 * Double.pi * Double(words[first + 1]) * 0x1p-32
      let radius = (-2 * log(u1)).squareRoot()
      return [radius * cos(angle), radius * sin(angle)]
    }
  }
}
