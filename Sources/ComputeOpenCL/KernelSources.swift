import CKernels
package import Compute
import Glibc

/// The texts of `Kernels/`: those embedded in the program, or those of the folder that `DIFFUSE_KERNELS` names.
package struct KernelSources {
  /// The texts by the name of their file.
  private let texts: [String: String]

  /// Reads all texts.
  ///
  /// - Parameter folder: The folder to read instead of the embedded texts.
  /// - Throws: ``DeviceError`` if the folder lacks one of the files.
  package init(folder: String? = environment("DIFFUSE_KERNELS")) throws(DeviceError) {
    var texts: [String: String] = [:]
    for (name, text) in Self.embedded {
      guard let folder else {
        texts[name] = text
        continue
      }
      let path = "\(folder)/\(name)"
      guard let bytes = readFile(path) else {
        throw DeviceError(
          .unavailable, device: "OpenCL",
          message: "DIFFUSE_KERNELS: cannot read \(path); the folder must hold all files of Kernels/")
      }
      texts[name] = String(decoding: bytes, as: UTF8.self)
    }
    self.texts = texts
  }

  /// The text of one family, with what families share in front of it.
  func program(_ family: KernelFamily) -> String {
    ["common", family.usesFragments ? "fragments" : nil, family.rawValue]
      .compactMap { $0.flatMap { texts["\($0).cl"] } }.joined()
  }

  /// The names and texts of the embedded files.
  package static var embedded: [(name: String, text: String)] {
    var count = 0
    let table = UnsafeBufferPointer(start: embedded_kernels(&count), count: count)
    return table.map { file in
      let bytes = UnsafeRawBufferPointer(start: file.text, count: file.length)
      return (String(cString: file.name), String(decoding: bytes, as: UTF8.self))
    }
  }
}

/// The value of an environment variable that is set and not empty: an empty one is as if it were not set.
package func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

/// All bytes of a file, or nil if it cannot be read.
func readFile(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "rb") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return ferror(file) == 0 ? bytes : nil
}
