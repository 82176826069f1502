public import Compute
public import Files
public import Networks

/// The weights of pytorch-fid's network, `pt_inception-2015-12-05-6726825d.pth`, or a safetensors file of its state.
///
/// Each normalisation is made part of the convolution before it, in Double:
///
/// ```
/// weight' = weight * gamma / sqrt(variance + 1e-3),   bias' = beta - mean * gamma / sqrt(variance + 1e-3)
/// ```
///
/// Nothing but numbers is read, so that no foreign code is run.
public final class InceptionWeights: ParameterSource {
  /// What messages call the network: the file itself.
  public var configurationPath: String { file.path }

  private let file: any TensorFile
  private var unread: Set<String>

  /// Weights in a file.
  ///
  /// - Throws: `FileError` if it is of another network; what tells is the last layer, of 1008 classes, which the features do without.
  public init(_ file: any TensorFile) throws(FileError) {
    self.file = file
    let classes = file.entries["fc.weight"]?.shape
    guard classes == [1008, Inception.featureCount] else {
      let found = classes.map { "is of shape \($0)" } ?? "is missing"
      throw FileError(
        file.path,
        "is not FID's Inception: tensor 'fc.weight', of [1008, \(Inception.featureCount)] there, \(found)")
    }
    unread = Set(file.entries.keys).subtracting(["fc.weight", "fc.bias"])
      .filter { !$0.hasSuffix(".num_batches_tracked") }
  }

  /// Finds out whether the network has taken all tensors.
  ///
  /// - Throws: `FileError` that names one that it does not have.
  public func checkAllRead() throws(FileError) {
    guard let name = unread.min() else { return }
    throw FileError(file.path, "is not FID's Inception, which has no tensor '\(name)'")
  }

  /// A convolution's weight or bias, with the normalisation after it.
  public func parameter(
    _ name: String, shape: [Int], initially: InitialValues
  ) throws(NetworkError) -> Parameter {
    let place = name.lastIndex(of: ".") ?? name.startIndex, layer = String(name[..<place])
    let outputs = shape[0]
    func normalization(_ part: String) throws(NetworkError) -> [Double] { try values("\(layer).bn.\(part)", [outputs]) }
    let gamma = try normalization("weight"), variance = try normalization("running_var")
    if let fault = variance.first(where: { $0 < 0 }) {
      throw NetworkError(file.path, "tensor '\(layer).bn.running_var' holds \(fault), which is no variance")
    }
    let scales = zip(gamma, variance).map { $0 / ($1 + Self.epsilon).squareRoot() }
    let folded: [Double]
    if name.hasSuffix(".weight") {
      let weights = try values("\(layer).conv.weight", shape), size = weights.count / outputs
      folded = weights.indices.map { weights[$0] * scales[$0 / size] }
    } else {
      let mean = try normalization("running_mean"), beta = try normalization("bias")
      folded = (0..<outputs).map { beta[$0] - mean[$0] * scales[$0] }
    }
    let rounded = folded.map { Float($0) }
    guard rounded.allSatisfy(\.isFinite) else {
      throw NetworkError(file.path, "layer '\(layer)' with its normalisation passes the range of 32 bits")
    }
    return Parameter(shape: shape, values: rounded)
  }

  /// What pytorch-fid adds to variances.
  private static let epsilon = 1e-3

  /// The values of a tensor, its shape checked and all of them finite.
  private func values(_ name: String, _ shape: [Int]) throws(NetworkError) -> [Double] {
    let path = file.path
    guard let entry = file.entries[name] else {
      throw NetworkError(path, "is not FID's Inception: tensor '\(name)' is missing")
    }
    guard entry.shape == shape else {
      throw NetworkError(path, "is not FID's Inception: tensor '\(name)' has shape \(entry.shape), not \(shape)")
    }
    guard entry.type.isFloatingPoint else {
      throw NetworkError(path, "tensor '\(name)' has dtype \(entry.type.rawValue); F32, F16 and BF16 are read")
    }
    let values = file.doubles(entry)
    if let value = values.first(where: { !$0.isFinite }) {
      throw NetworkError(path, "tensor '\(name)' holds \(value)")
    }
    unread.remove(name)
    return values
  }
}
