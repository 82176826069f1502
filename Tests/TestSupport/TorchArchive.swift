public import Files
import Foundation

/// Writes what `torch.save` makes of a dictionary of tensors, without checksums.
public enum TorchArchive {
  private static func bytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    withUnsafeBytes(of: word.littleEndian) { Array($0) }
  }

  /// Writes all tensors of a file, in the order of their names.
  public static func write(_ file: SafetensorsFile, to path: String) throws {
    let tensors = file.entries.sorted { $0.key < $1.key }
    var entries: [(name: String, data: [UInt8])] = [("weights/data.pkl", pickle(tensors))]
    for (place, tensor) in tensors.enumerated() {
      entries.append(("weights/data/\(place)", Array(file.file.bytes[tensor.value.range])))
    }
    try OutputFile.write(zip(entries), to: path)
  }

  private static func pickle(_ tensors: [(key: String, value: TensorEntry)]) -> [UInt8] {
    func text(_ text: String) -> [UInt8] { [0x58] + bytes(UInt32(text.utf8.count)) + Array(text.utf8) }
    func integer(_ value: Int) -> [UInt8] { [0x4A] + bytes(Int32(value)) }
    func tuple(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }
    var body: [UInt8] = [0x80, 2, 0x7D, 0x28]
    for (place, (name, entry)) in tensors.enumerated() {
      let storage = [.float16: "HalfStorage", .bfloat16: "BFloat16Storage"][entry.type] ?? "FloatStorage"
      let strides = entry.shape.indices.map { entry.shape[($0 + 1)...].reduce(1, *) }
      body += text(name) + Array("ctorch._utils\n_rebuild_tensor_v2\n((".utf8) + text("storage")
      body += Array("ctorch\n\(storage)\n".utf8) + text("\(place)") + text("cpu") + integer(entry.count)
      body += [0x74, 0x51] + integer(0) + tuple(entry.shape) + tuple(strides) + [0x89, 0x7D, 0x74, 0x52]
    }
    return body + [0x75, 0x2E]
  }

  private static func zip(_ entries: [(name: String, data: [UInt8])]) -> [UInt8] {
    var (result, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, data) in entries {
      let common = [0, 0, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0] + bytes(UInt32(data.count)) + bytes(UInt32(data.count))
      let length = bytes(UInt16(name.utf8.count)), start = bytes(UInt32(result.count))
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + length + [UInt8](repeating: 0, count: 12) + start
      directory += Array(name.utf8)
      result += [0x50, 0x4B, 3, 4, 20, 0] + common + length + [0, 0] + Array(name.utf8)
      result += data
    }
    let count = bytes(UInt16(entries.count))
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    end += count + count + bytes(UInt32(directory.count)) + bytes(UInt32(result.count)) + [0, 0]
    return result + directory + end
  }
}
