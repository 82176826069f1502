import DiffuseGPU
import Foundation

extension Parser {
  /// The forms of files.
  static let files: [Parser] = [
    Parser("json") {
      [#"{"a": [1, -2.5e-3, true, null], "b": {"c": "d\n\u00e9\ud83d\ude00"}, "e": -9223372036854775808}"#, "[[[]]]"]
        .map { Array($0.utf8) }
    } read: { bytes in
      let value = try json(bytes)
      for text in [value.text, value.line] {
        try BrokenPromise.unless(try JSONValue(text, path: "text") == value, "what is written is read again")
      }
      _ = try? [value.short, "\(value.decoded(as: [Int].self))"]
    },
    Parser("safetensors") {
      try fixtures("foreign", ending: ".safetensors")
    } read: { bytes in
      let file = try tensors(bytes)
      for entry in file.entries.values {
        let values = entry.type.isFloatingPoint ? file.floats(entry) : []
        try BrokenPromise.unless(values.isEmpty || values.count == entry.count, "a tensor is full")
      }
    },
    Parser("safetensors-index") {
      let text =
        #"{"metadata": {"total_size": 8}, "weight_map": {"a.weight": "model-1.safetensors", "b": "b.safetensors"}}"#
      return [Array(text.utf8)]
    } read: { bytes in
      for name in try SafetensorsIndex(parsing: bytes, path: "input").shards.values {
        try BrokenPromise.unless(!name.contains("/") && !name.hasPrefix("."), "a shard lies beside its index")
      }
    },
    Parser("npy") {
      try fixtures("foreign", ending: ".npy")
    } read: { bytes in
      let array = try NumpyArray(parsing: bytes, path: "input")
      try BrokenPromise.unless(array.floats.count == array.count, "an array is full")
      _ = array.integers
      let again = array.encoded()
      try again.withUnsafeBytes { copy in
        try BrokenPromise.unless(
          try NumpyArray(parsing: copy, path: "copy").shape == array.shape, "what is written is read again")
      }
    },
    Parser("npz", longestInput: 16384) {
      try fixtures("foreign", ending: ".npz") + fixtures("pictures", ending: "fitted.npz")
    } read: { bytes in
      try withFile("input.npz", bytes) { path in
        for name in try NumpyArchive.names(in: path).prefix(4) { _ = try NumpyArchive.array(name, in: path) }
      }
    },
    Parser("words", longestInput: 256) {
      [
        "0-63,100", "3,5,0-9", "each", "hypersphere:3:2.5", "gaussian:x.safetensors", "dpm++2m", "opencl:1", "0..255",
        "1.5",
        "18446744073709551615",
      ].map { Array($0.utf8) }
    } read: { bytes in
      try readWords(text(bytes))
    },
  ]

  /// What people type: seeds, classes, worlds, samplers, devices, numbers.
  private static func readWords(_ text: String) throws {
    if let ranges = try? SeedRanges(text) {
      try BrokenPromise.unless(try SeedRanges("\(ranges)") == ranges, "seeds are read as they are written")
    }
    if let list = try? ClassList(text) {
      try BrokenPromise.unless(try ClassList("\(list)") == list, "classes are read as they are written")
    }
    if let world = try? WorldReference(text) {
      try BrokenPromise.unless(try WorldReference("\(world)") == world, "worlds are read as they are written")
    }
    _ = try? SamplerName(text)
    _ = try? DeviceRequest(text)
    let value = JSONValue.string(text)
    _ = try? value.wholeNumber(in: -5...5)
    let shown = text.printable
    try BrokenPromise.unless(shown == shown.printable && !shown.contains(where: \.isNewline), "names are one line")
  }
}
