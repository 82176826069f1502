import CZlib

/// Pictures of equal size shown one after the other: an animated PNG (APNG 1.0), which every browser plays.
public enum AnimatedPNG {
  /// The frames as one file.
  ///
  /// Each frame is encoded as a PNG of its own; its image data become a frame of the animation, and viewers that know no
  /// animation show the first.
  ///
  /// - Parameters:
  ///   - frames: At least one picture; all have the same size and channels.
  ///   - milliseconds: How long each frame is shown; one count a frame.
  ///   - texts: Text chunks, as for ``PNGImage/encoded(texts:)``.
  public static func encoded(
    _ frames: [PNGImage], milliseconds: [Int], texts: [String: String] = [:]
  ) throws(FileError) -> [UInt8] {
    precondition(!frames.isEmpty && frames.count == milliseconds.count, "a duration a frame")
    let size = (frames[0].width, frames[0].height, frames[0].channels)
    precondition(frames.allSatisfy { ($0.width, $0.height, $0.channels) == size }, "frames of equal size")
    var sequence: UInt32 = 0
    var result: [UInt8] = []
    for (number, frame) in frames.enumerated() {
      let chunks = chunks(of: try frame.encoded(texts: number == 0 ? texts : [:]))
      if number == 0 {
        result += signature + chunk("IHDR", chunks.first { $0.type == "IHDR" }?.data ?? [])
        result += chunk("acTL", bytes(UInt32(frames.count)) + bytes(UInt32(0)))
        for text in chunks where text.type == "iTXt" { result += chunk(text.type, text.data) }
      }
      result += chunk("fcTL", control(frame, milliseconds: milliseconds[number], sequence: &sequence))
      for data in chunks where data.type == "IDAT" {
        if number == 0 {
          result += chunk("IDAT", data.data)
        } else {
          result += chunk("fdAT", bytes(sequence) + data.data)
          sequence += 1
        }
      }
    }
    return result + chunk("IEND", [])
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  private static func control(_ frame: PNGImage, milliseconds: Int, sequence: inout UInt32) -> [UInt8] {
    defer { sequence += 1 }
    return bytes(sequence) + bytes(UInt32(frame.width)) + bytes(UInt32(frame.height)) + bytes(UInt32(0))
      + bytes(UInt32(0)) + bytes(UInt16(clamping: milliseconds)) + bytes(UInt16(1000)) + [0, 0]
  }

  private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    let checksum = crc32(0, body, UInt32(body.count))
    return bytes(UInt32(data.count)) + body + bytes(UInt32(checksum))
  }

  /// The chunks of a PNG file that libpng has just written.
  private static func chunks(of file: [UInt8]) -> [(type: String, data: [UInt8])] {
    var result: [(String, [UInt8])] = []
    var position = signature.count
    while position + 12 <= file.count {
      let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: file[position + 4..<position + 8], as: UTF8.self)
      result.append((type, Array(file[position + 8..<position + 8 + length])))
      position += 12 + length
    }
    return result
  }

  /// The bytes of an integer, highest first, as PNG has them.
  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
