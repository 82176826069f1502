package import Compute
import Instruments
package import Tensors

/// AdamW over all parameters of a task, with its state on the device.
///
/// It trains the parameters that operations read, some of which join several parameters of the files; every
/// number of the state belongs to one number of a file's parameter, so checkpoints have the files' names.
package final class AdamOptimizer {
  /// The optimiser's state of one parameter.
  struct Entry {
    let parameter: Parameter
    let state: AdamState
  }

  /// The running quantities of the state, by their names in checkpoints.
  enum Quantity: String, CaseIterable {
    case weights, averages
    case firstMoments = "first_moments"
    case secondMoments = "second_moments"

    func buffer(_ state: AdamState) -> Buffer {
      switch self {
      case .weights: state.values
      case .averages: state.average
      case .firstMoments: state.firstMoment
      case .secondMoments: state.secondMoment
      }
    }
  }

  let entries: [Entry]
  let backend: any Backend

  /// The state before the first step: moments are zero, the EMA weights are the weights.
  ///
  /// Parameters keep their masters until that step: a training that is only planned leaves them alone.
  ///
  /// - Parameters:
  ///   - task: The task; the parameters that an evaluation reads are trained.
  ///   - shape: The extents of its images.
  ///   - backend: The device.
  package init(_ task: any TrainingTask, _ shape: ImageShape, on backend: any Backend) throws {
    let plan = PlanningBackend()
    try task.rehearse(shape, on: plan)
    let order = Dictionary(
      uniqueKeysWithValues: task.parameters.enumerated().map { (ObjectIdentifier($1.parameter), $0) })
    let used = plan.parameters.values.compactMap { parameter in
      parameter.masters.first.flatMap { order[ObjectIdentifier($0)] }.map { (place: $0, parameter: parameter) }
    }
    self.backend = backend
    entries = try used.sorted { $0.place < $1.place }.map { _, parameter in
      let values = try parameter.values(), zeros = [Float](repeating: 0, count: parameter.count)
      return Entry(
        parameter: parameter,
        state: .init(
          values: backend.makeBuffer(values), firstMoment: backend.makeBuffer(zeros),
          secondMoment: backend.makeBuffer(zeros), average: backend.makeBuffer(values)))
    }
  }

  /// The norm of all gradients together.
  package func norm(of gradients: ParameterGradients) throws(DeviceError) -> Double {
    // All sums are asked for before they are waited for, once.
    let sums = entries.compactMap { entry in
      gradients.buffer(of: entry.parameter).map { Tensor($0, shape: [1, $0.count], on: backend).rowSquares().buffer }
    }
    return try backend.read(sums).reduce(0) { $0 + Double($1) }.squareRoot()
  }

  /// One step; the parameters have their new values afterwards.
  package func advance(_ gradients: ParameterGradients, _ step: AdamStep) {
    for entry in entries {
      guard let gradient = gradients.buffer(of: entry.parameter) else { continue }
      backend.adamStep(step, gradient: gradient, entry.state)
    }
    publish(.weights)
  }

  /// Lets the parameters have the values of a quantity, where they lie: the weights, or the EMA weights for sampling.
  func publish(_ quantity: Quantity) {
    for entry in entries { entry.parameter.adopt(quantity.buffer(entry.state), on: backend) }
  }

  /// The values of a quantity by the files' parameters.
  func values(of quantity: Quantity) throws(DeviceError) -> [ObjectIdentifier: [Float]] {
    var result: [ObjectIdentifier: [Float]] = [:]
    for entry in entries {
      let values = try backend.read(quantity.buffer(entry.state))
      var start = 0
      for master in entry.parameter.masters {
        result[ObjectIdentifier(master)] = Array(values[start..<start + master.count])
        start += master.count
      }
    }
    return result
  }

  /// Replaces a quantity; every parameter has values.
  func setValues(of quantity: Quantity, _ values: (Parameter) throws -> [Float]) rethrows {
    for entry in entries {
      backend.write(try entry.parameter.masters.flatMap(values), to: quantity.buffer(entry.state))
    }
  }
}
