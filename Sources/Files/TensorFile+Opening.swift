/// Opens the tensors of a file, whatever its form: safetensors, or a dictionary of tensors that PyTorch wrote.
///
/// - Parameter path: The file.
/// - Returns: A ``SafetensorsFile``, or the ``StateDictionary`` of a ``TorchFile``.
/// - Throws: ``FileError`` if it is neither, damaged, or a pickle of more than tensors.
public func openTensors(_ path: String) throws(FileError) -> any TensorFile {
  try openTensors(MappedFile(path))
}

/// Opens the tensors of a file that is already mapped; see ``openTensors(_:)-(String)``.
public func openTensors(_ file: MappedFile) throws(FileError) -> any TensorFile {
  defer { withExtendedLifetime(file) {} }
  guard TorchFile.Container(file.bytes) != nil, FileKind(file.bytes) != .npz else { return try SafetensorsFile(file) }
  let torch = try TorchFile(file)
  return try torch.state(torch.root, name: "the file")
}
