import Compute

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var write: OperationCases {
    .init(
      writeCases(),
      shapes: .extents,
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var read: OperationCases {
    .init(
      readCases(),
      shapes: .extents,
      values: [.ordinary, .nan, .infinity, .zeros])
  }
}

extension ConformanceSuite {
  /// Lengths around the sizes of vectors, work-groups and pages, and one of many pieces of which the last is short.
  static let lengths = [1, 2, 3, 7, 31, 33, 63, 65, 127, 257, 1009, 4097, 65537, 200_003]

  /// Values that go to the device and come back.
  static func writeCases() -> [ConformanceCase] {
    let plain = lengths.map { length in
      ConformanceCase(.write, "\(length) values", tolerance: .exact) { inputs in
        let destination = inputs.destination(count: length)
        let source = inputs.values(0, length)
        return inputs.prepared(destination) { inputs.backend.write(source, to: destination) }
      }
    }
    let reused = ConformanceCase(.write, "a source that changes after the call", tolerance: .exact) { inputs in
      let destination = inputs.destination(count: 1009)
      return inputs.prepared(destination) {
        var source = inputs.values(0, 1009)
        source.withUnsafeMutableBufferPointer { values in
          inputs.backend.write(UnsafeBufferPointer(values), to: destination)
          values.update(repeating: -1)
        }
      }
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.write, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
        let destination = inputs.destination(count: 33)
        let source = inputs.values(0, 33).special(values)
        return inputs.prepared(destination) { inputs.backend.write(source, to: destination) }
      }
    }
    return plain + [reused] + special
  }

  /// Reads that must wait for the work before them.
  static func readCases() -> [ConformanceCase] {
    let plain = lengths.map { length in
      ConformanceCase(.read, "\(length) values", tolerance: .exact) { inputs in
        let source = inputs.buffer(0, length)
        return inputs.prepared(source) {}
      }
    }
    let waiting = ConformanceCase(.read, "after a chain of operations", tolerance: .exact) { inputs in
      let values = inputs.buffer(0, 4097, .uniform(-1, 1))
      return inputs.prepared(values) {
        // Doublings are exact, so the result is as well.
        for _ in 0..<20 { inputs.backend.combine([.init(2, values)], into: values) }
      }
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.read, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
        let source = inputs.backend.makeBuffer(inputs.values(0, 33).special(values))
        return inputs.prepared(source) {}
      }
    }
    let several = ConformanceCase(.read, "several buffers at once", tolerance: .exact) { inputs in
      let sources = [33, 1, 4097, 7].enumerated().map { inputs.buffer(UInt64($0), $1) }
      return PreparedCase {
        for source in sources { inputs.backend.combine([.init(2, source)], into: source) }
      } result: { () throws(DeviceError) in
        try inputs.backend.read(sources)
      }
    }
    return plain + [waiting, several] + special
  }
}

extension [Float] {
  /// The same values with some replaced by those of a class: NaN, the infinities, zeros.
  func special(_ values: ValueClass) -> [Float] {
    enumerated().map { index, value in
      switch values {
      case .nan: index % 5 == 2 ? .nan : value
      case .infinity: index % 7 == 1 ? .infinity : index % 7 == 4 ? -.infinity : value
      case .zeros: 0
      case .huge: 1e4 * value
      case .ordinary, .largeMean, .constantChannels: value
      }
    }
  }
}
