import Compute

/// The forms in which kernels read parameters; equal ones are made once.
enum ParameterForm: Hashable, Sendable {
  /// The values in their order, followed by zeros up to a whole tile of any kernel.
  case vector
  /// The rows of a table, each followed by zeros up to the padding of channels.
  case table
  /// A filter in the order in which `convolve_direct` and `convolve_tiled` read it.
  case packedFilter(FilterForm)
  /// A filter in the order and the precision in which `convolve_tensor_cores` reads it.
  case fragments(FilterForm)
  /// A filter transformed by Winograd's method.
  case transformedFilter(FilterForm)
}

/// What the form of a filter depends on.
struct FilterForm: Hashable, Sendable {
  let arrangement: Filter.Arrangement
  let taps: Int
  /// The input channels of both operands.
  let first: Int, second: Int
  /// Neighbouring output channels.
  let block: Int
}

extension OpenCLBackend {
  /// The form of a parameter, made by `make` from its values on the device; nil, and a failure, if there is no memory for it.
  func prepared(
    _ parameter: Parameter, _ form: ParameterForm, make: (_ values: DeviceMemory) -> DeviceMemory?
  ) -> DeviceMemory? {
    guard queue.failure == nil else { return nil }
    let prepared: DeviceMemory? = parameter.prepared(for: form, by: self) { values(of: parameter).flatMap(make) }
    if let prepared { return prepared }
    queue.fail(.outOfMemory, "no memory for a parameter \(parameter.shape)")
    return nil
  }

  /// The values of a parameter on the device: where they are if that is here, else a copy for the length of a call.
  private func values(of parameter: Parameter) -> DeviceMemory? {
    if let buffer = parameter.buffer as? OpenCLBuffer, let memory = buffer.memory, memory.isOf(pool) { return memory }
    do throws(DeviceError) {
      return upload(try parameter.values(), for: "a parameter \(parameter.shape)")
    } catch {
      queue.fail(error.reason, error.message)
      return nil
    }
  }

  /// The values of a parameter in their order, followed by zeros up to a whole tile of any kernel.
  func vector(_ parameter: Parameter) -> DeviceMemory? {
    prepared(parameter, .vector) { values in
      columns(
        0..<parameter.count, of: values, rows: 1, from: parameter.count, to: parameter.count.roundedUp(to: 64))
    }
  }

  /// The rows of a table, each followed by zeros up to the padding of channels.
  func table(_ parameter: Parameter) -> DeviceMemory? {
    let width = parameter.shape[1]
    return prepared(parameter, .table) { values in
      columns(0..<width, of: values, rows: parameter.shape[0], from: width, to: width.roundedUp(to: 16))
    }
  }

  /// Some columns of rows, each followed by zeros.
  private func columns(
    _ columns: Range<Int>, of values: DeviceMemory, rows: Int, from pitch: Int, to newPitch: Int
  ) -> DeviceMemory? {
    let count = rows * newPitch
    guard let result = pool.allocate(count, for: "\(rows) rows of a parameter") else { return nil }
    launch(
      .copyColumns, for: .write, items: count, .memory(values.id), .memory(result.id), .int(pitch),
      .int(columns.lowerBound), .int(columns.count), .int(newPitch), .int(count))
    return result
  }

  /// A filter in the order in which the kernels read it, split where the operands meet; `make` packs its values.
  func prepared(
    _ filter: Filter, _ operand: Operand, _ shape: ConvolutionShape, block: Int? = nil,
    as form: (FilterForm) -> ParameterForm, make: (_ values: DeviceMemory) -> DeviceMemory?
  ) -> DeviceMemory? {
    let first = operand.first.shape.channels
    let key = FilterForm(
      arrangement: filter.arrangement, taps: shape.taps, first: first, second: shape.inputChannels - first,
      block: block ?? parameters.filterBlock)
    return prepared(filter.parameter, form(key)) { values in arranged(values, filter).flatMap(make) }
  }

  /// The values of a filter in the order of its arrangement, for the length of a call.
  private func arranged(_ values: DeviceMemory, _ filter: Filter) -> DeviceMemory? {
    switch filter.arrangement {
    case .stored: return values
    case .inputs(let channels, let shape):
      return columns(
        channels.lowerBound * shape.taps..<channels.upperBound * shape.taps, of: values, rows: shape.outputChannels,
        from: shape.inputChannels * shape.taps, to: channels.count * shape.taps)
    case .mirrored(let shape, let channels):
      let count = filter.count
      guard let mirrored = pool.allocate(count, for: "a mirrored filter of \(shape)") else { return nil }
      launch(
        .mirrorFilter, for: .convolve, items: count, .memory(values.id), .memory(mirrored.id),
        .int(shape.outputChannels), .int(shape.inputChannels), .int(channels.lowerBound), .int(shape.taps),
        .int(shape.upsamplesInput ? 1 : 0), .int(count))
      return mirrored
    }
  }
}
