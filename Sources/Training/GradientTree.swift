import Communication
import Compute
import Tensors

/// The gradients of a batch's parts, added in a balanced binary tree over the numbers of the parts: `((0 + 1) + (2 + 3)) + ...`.
///
/// The tree goes on over ranks, each of which holds a power of two of parts that follow each other. So a sum is the same, bit for bit, on one
/// process and on many of like devices.
struct GradientTree {
  /// Sums of `2^level` parts, the earliest first; levels fall.
  private var nodes: [(level: Int, sum: ParameterGradients)] = []

  /// Adds the next part, whose gradients are given away.
  mutating func add(_ gradients: ParameterGradients) {
    var node = (level: 0, sum: gradients)
    while let last = nodes.last, last.level == node.level {
      last.sum.add(node.sum)
      node = (last.level + 1, last.sum)
      nodes.removeLast()
    }
    nodes.append(node)
  }

  /// The sum over all parts of all ranks; as many parts as a power of two have been added.
  ///
  /// - Parameters:
  ///   - parameters: Those that are trained, in an order that all ranks share.
  ///   - communicator: The ranks.
  ///   - backend: The device.
  func total(
    of parameters: [Parameter], _ communicator: any Communicator, on backend: any Backend
  ) throws(DeviceError) -> ParameterGradients {
    guard let sum = nodes.first?.sum, nodes.count == 1 else { preconditionFailure("a tree needs 1, 2, 4, ... parts") }
    guard communicator.size > 1 else { return sum }
    let buffers = parameters.compactMap { sum.buffer(of: $0) }
    var values = try backend.read(buffers)
    communicator.sum(&values)
    var start = 0
    for buffer in buffers {
      backend.write(Array(values[start..<start + buffer.count]), to: buffer)
      start += buffer.count
    }
    return sum
  }
}
