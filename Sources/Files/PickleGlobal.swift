/// A class or function that a pickle names: to this reader a name, which is never looked up.
final class PickleGlobal {
  /// The module, by its name in Python 3.
  let module: String
  /// The name in the module.
  let name: String
  /// What it means here, or nil if it is inert.
  let meaning: PickleMeaning?
  /// How often the pickle calls it, as a function that is not known or with arguments that it does not have.
  var inertCalls = 0
  /// How many instances of it there are.
  var instances = 0

  init(_ module: String, _ name: String) {
    // Python 2's names.
    self.module = ["__builtin__": "builtins", "copy_reg": "copyreg"][module] ?? module
    self.name = name
    self.meaning = PickleMeaning(self.module, name)
  }
}

extension PickleGlobal: CustomStringConvertible {
  /// The module and the name.
  var description: String { "\(module).\(name)" }
}

/// The globals that this reader understands, as functions of data; there are no others.
enum PickleMeaning {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case parameter
  case loadStorage
  case size
  case set
  case byteArray
  case encode
  case scalar
  case reconstructArray
  case persistent
  case reconstructObject
  case device
  /// A type of numbers, of a storage or alone; nil for numpy's `dtype`, which is told by its arguments.
  case elements(SafetensorsType?)
  /// A class whose instances are kept as records, and whose constructor has no other effect.
  case plainClass

  init?(_ module: String, _ name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
      self = .rebuildParameter
    case ("torch.nn.parameter", "Parameter"): self = .parameter
    case ("torch.storage", "_load_from_bytes"): self = .loadStorage
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("builtins", "set"), ("builtins", "frozenset"): self = .set
    case ("builtins", "bytearray"): self = .byteArray
    case ("_codecs", "encode"): self = .encode
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .scalar
    case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"):
      self = .reconstructArray
    case ("numpy", "dtype"): self = .elements(nil)
    case ("torch_utils.persistence", "_reconstruct_persistent_obj"): self = .persistent
    case ("copyreg", "_reconstructor"): self = .reconstructObject
    case ("numpy", "ndarray"), ("builtins", "object"), ("builtins", "dict"), ("builtins", "list"),
      ("dnnlib.util", "EasyDict"):
      self = .plainClass
    case ("torch", _), ("torch.storage", _):
      guard let type = Self.types["\(module).\(name)"] else { return nil }
      self = .elements(type)
    default: return nil
    }
  }

  /// Types of storages, and types of elements.
  private static let types: [String: SafetensorsType] = [
    "torch.FloatStorage": .float32, "torch.HalfStorage": .float16, "torch.BFloat16Storage": .bfloat16,
    "torch.DoubleStorage": .float64, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ShortStorage": .int16, "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
    "torch.storage.UntypedStorage": .uint8,
    "torch.float32": .float32, "torch.float16": .float16, "torch.bfloat16": .bfloat16, "torch.float64": .float64,
    "torch.int64": .int64, "torch.int32": .int32, "torch.int16": .int16, "torch.int8": .int8, "torch.uint8": .uint8,
    "torch.bool": .bool,
  ]
}
