// swift-tools-version: 6.2
import PackageDescription

/// The language features that every Swift target shares.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target and the targets of lower floors that it may import.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one library target, with the helpers that all tests share.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
    swiftSettings: settings)
}

let package = Package(
  name: "diffuse-gpu",
  products: [
    .library(name: "DiffuseGPU", targets: ["DiffuseGPU"]),
    // Each with the modules that its interface speaks of.
    .library(name: "Diffusion", targets: ["Diffusion", "Tensors", "Compute"]),
    .library(name: "ComputeCPU", targets: ["ComputeCPU", "Compute"]),
    .executable(name: "diffuse-gpu", targets: ["diffuse-gpu"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Floor 0: the protocol, and what is not Swift.
    library("Compute"),
    .target(name: "COpenCL"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    // Embeds the files of Kernels/, which hold OpenCL C and nothing else.
    .target(name: "CKernels"),
    .target(name: "CPUKernels"),
    // Embeds the model directories that the binary carries.
    .target(
      name: "PretrainedModels",
      exclude: ["mnist", "fashion-mnist", "faces", "mnist-classifier", "fashion-mnist-classifier", "faces-classifier"]),

    // Floor 1: values, devices, files.
    library("Tensors", ["Compute"]),
    library("ComputeCPU", ["Compute", "CPUKernels", "COpenBLAS"]),
    library("ComputeOpenCL", ["Compute", "COpenCL", "CKernels"]),
    library("Conformance", ["Compute"]),
    library("HostMath", ["COpenBLAS"]),
    library("Files", ["CPNG", "CZlib"]),
    library("Datasets", ["Files", "HostMath"]),

    // Floor 2: networks, and the mathematics that works with any denoiser.
    library("Networks", ["Compute", "Tensors", "HostMath"]),
    library("Diffusion", ["Compute", "Tensors", "HostMath"]),
    library("Devices", ["Compute", "ComputeCPU", "ComputeOpenCL", "Conformance"]),

    // Floor 3: diffusers' files, as networks, samplers and grids.
    library("DiffusersFormat", ["Compute", "Files", "Networks", "Diffusion"]),

    // Floor 3: the science, the measures, and what changes a network.
    library("SymmetryBreaking", ["Compute", "Diffusion", "Tensors", "HostMath"]),
    library("Evaluation", ["Datasets", "HostMath"]),
    library("Training", ["Compute", "Tensors", "Files", "Datasets", "HostMath", "Networks", "Diffusion"]),

    // Floor 4: what users do, from files to files.
    library(
      "Pipelines",
      [
        "Compute", "Tensors", "Files", "Datasets", "HostMath", "Networks", "Diffusion", "DiffusersFormat",
        "Devices", "Training", "PretrainedModels",
      ]),

    // Floor 5: the umbrella.
    library(
      "DiffuseGPU",
      [
        "Compute", "Tensors", "Conformance", "Devices", "Files", "Datasets", "HostMath", "Networks", "Diffusion",
        "DiffusersFormat", "SymmetryBreaking", "Evaluation", "Training", "Pipelines",
      ]),

    // Floor 6: the command line.
    .executableTarget(
      name: "diffuse-gpu",
      dependencies: ["DiffuseGPU", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),

    .target(
      name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests(of: "Compute"),
    tests(of: "Tensors", ["Conformance"]),
    tests(of: "Conformance", ["Devices", "ComputeCPU", "ComputeOpenCL"]),
    tests(of: "ComputeCPU", ["Conformance"]),
    tests(of: "ComputeOpenCL", ["Conformance"]),
    tests(of: "HostMath"),
    tests(of: "Files"),
    tests(of: "Datasets", ["Files", "HostMath"]),
    tests(of: "Networks", ["Compute", "Tensors", "Conformance"]),
    tests(of: "Diffusion", ["Compute", "Tensors", "HostMath", "Files", "Conformance", "ComputeCPU"]),
    tests(
      of: "DiffusersFormat",
      ["Compute", "ComputeCPU", "Conformance", "Diffusion", "Files", "HostMath", "Networks", "Tensors"]),
    tests(of: "Devices", ["Compute"]),
    tests(of: "SymmetryBreaking", ["Tensors", "Diffusion", "Conformance", "ComputeCPU"]),
    tests(of: "Evaluation", ["HostMath", "Datasets", "Files"]),
    tests(
      of: "Training",
      [
        "Compute", "ComputeCPU", "Conformance", "Datasets", "Devices", "DiffusersFormat", "Diffusion", "Files",
        "Networks",
        "Tensors",
      ]),
    tests(
      of: "Pipelines",
      ["Compute", "Networks", "Diffusion", "DiffusersFormat", "Tensors", "Files", "ComputeCPU", "Datasets", "HostMath"]),
    tests(of: "DiffuseGPU"),
    .testTarget(
      name: "CommandLineTests", dependencies: ["diffuse-gpu", "TestSupport", "Files"], swiftSettings: settings),
  ],
  cLanguageStandard: .gnu2x
)
