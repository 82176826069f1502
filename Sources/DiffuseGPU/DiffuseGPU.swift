// The umbrella: `import DiffuseGPU` brings all of the libraries.
@_exported public import Charts
@_exported public import CheckpointFormats
@_exported public import Communication
@_exported public import Compute
@_exported public import Conformance
@_exported public import Datasets
@_exported public import DeviceSelection
@_exported public import DiffusersFormat
@_exported public import Diffusion
@_exported public import Evaluation
@_exported public import Files
@_exported public import HostMath
@_exported public import Instruments
@_exported public import Models
@_exported public import Networks
@_exported public import Pipelines
@_exported public import Pretrained
@_exported public import Profiling
@_exported public import Random
@_exported public import Studies
@_exported public import SymmetryBreaking
@_exported public import Tensors
@_exported public import Training

/// The version of the package, as `--version` prints it.
public let packageVersion = "0.1.0"
