// swift-tools-version: 6.2
import PackageDescription

/// The language features that every Swift target shares.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target and the targets of lower floors that it imports; `.ci/check-floors` reads both from this file.
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
    .executable(name: "diffuse-gpu", targets: ["diffuse-gpu"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Floor 0: the protocol, random numbers, and what is not Swift.
    library("Compute"),
    library("Random"),
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

    // Floor 1: values, devices, planning and timing, files.
    library("Tensors", ["Compute"]),
    library("Instruments", ["Compute"]),
    library("ComputeCPU", ["Compute", "CPUKernels", "COpenBLAS"]),
    library("ComputeOpenCL", ["Compute", "COpenCL", "CKernels"]),
    library("HostMath", ["COpenBLAS"]),
    library("Files", ["CPNG", "CZlib"]),

    // Floor 2: images, networks, the mathematics that works with any denoiser, and the suite that all devices pass.
    library("Datasets", ["Tensors", "Files", "Random"]),
    library("Networks", ["Compute", "Tensors", "Files", "Random"]),
    library("Diffusion", ["Compute", "Tensors", "Random"]),
    library("Conformance", ["Compute", "Instruments"]),

    // Floor 3: the science, the measures, what changes a network, and finding a device.
    library("DeviceSelection", ["Compute", "ComputeCPU", "ComputeOpenCL", "Conformance"]),
    library("SymmetryBreaking", ["Compute", "Diffusion", "Tensors", "HostMath"]),
    library("Evaluation", ["Tensors", "Datasets", "HostMath"]),
    library("Training", ["Compute", "Tensors", "Files", "Datasets", "Random", "Networks", "Diffusion", "Instruments"]),

    // Floor 4: what users do, from files to files.
    library(
      "Pipelines",
      [
        "Compute", "Tensors", "Files", "Datasets", "HostMath", "Networks", "Diffusion", "Instruments",
        "Training", "PretrainedModels",
      ]),

    // Floor 5: the umbrella.
    library(
      "DiffuseGPU",
      [
        "Compute", "Random", "Instruments", "Tensors", "HostMath", "Files", "Datasets", "Networks", "Diffusion",
        "Conformance", "DeviceSelection", "SymmetryBreaking", "Evaluation", "Training", "Pipelines",
      ]),

    // Floor 6: the command line.
    .executableTarget(
      name: "diffuse-gpu",
      dependencies: ["DiffuseGPU", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),

    // Tests, on no floor.
    .target(
      name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests(of: "Compute"),
    tests(of: "Instruments", ["Compute"]),
    tests(of: "Tensors", ["Conformance"]),
    tests(of: "Conformance", ["Compute", "Instruments", "DeviceSelection", "ComputeCPU", "ComputeOpenCL"]),
    tests(of: "ComputeCPU", ["Conformance"]),
    tests(of: "ComputeOpenCL", ["Conformance"]),
    tests(of: "Random"),
    tests(of: "HostMath", ["Random"]),
    tests(of: "Files"),
    tests(of: "Datasets", ["Tensors", "Files", "HostMath"]),
    tests(of: "Networks", ["Instruments", "Tensors", "Files", "Conformance", "ComputeCPU"]),
    tests(of: "Diffusion", ["Tensors", "HostMath", "Files", "Conformance", "ComputeCPU"]),
    tests(of: "DeviceSelection", ["Compute"]),
    tests(of: "SymmetryBreaking", ["Tensors", "Diffusion", "Conformance", "ComputeCPU"]),
    tests(of: "Evaluation", ["Tensors", "HostMath", "Datasets", "Files"]),
    tests(
      of: "Training",
      [
        "Compute", "ComputeCPU", "Conformance", "Datasets", "DeviceSelection", "Diffusion", "Files", "Networks",
        "Tensors",
      ]),
    tests(
      of: "Pipelines",
      ["Compute", "Instruments", "Networks", "Diffusion", "Tensors", "Files", "ComputeCPU", "Datasets", "HostMath"]),
    tests(of: "DiffuseGPU"),
    .testTarget(
      name: "CommandLineTests", dependencies: ["diffuse-gpu", "TestSupport", "Files"], swiftSettings: settings),
  ],
  cLanguageStandard: .gnu2x
)
