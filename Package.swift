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

/// A product of each library that makes sense alone, with the modules that its interface speaks of.
let products: [(name: String, modules: [String])] = [
  ("Compute", []), ("Random", []), ("Tensors", ["Compute"]), ("Instruments", ["Compute"]), ("HostMath", []),
  ("Charts", []), ("Communication", []), ("Files", []), ("ComputeCPU", ["Compute"]), ("ComputeOpenCL", ["Compute"]),
  ("Conformance", ["Compute"]),
  ("DeviceSelection", ["Compute", "Files"]), ("CheckpointFormats", ["Files"]), ("Datasets", ["Tensors", "Files"]),
  ("Networks", ["Tensors", "Compute"]),
  ("Diffusion", ["Tensors", "Compute"]), ("SymmetryBreaking", ["Diffusion", "HostMath", "Tensors", "Compute"]),
  ("Evaluation", ["Datasets", "HostMath", "Files", "Tensors"]),
  ("DiffusersFormat", ["Networks", "Diffusion", "CheckpointFormats", "Files"]),
  ("Training", ["Communication", "Networks", "Diffusion", "Datasets", "Tensors", "Compute"]),
  ("Models", ["DiffusersFormat", "Networks", "Diffusion", "Tensors", "Compute"]),
  ("Pipelines", ["Models", "Training", "DiffusersFormat", "Diffusion", "Tensors", "Compute"]),
  ("Profiling", ["Models", "Tensors", "Compute"]), ("Pretrained", ["Models", "DiffusersFormat"]),
  ("Studies", ["Pipelines", "Models", "Evaluation", "SymmetryBreaking", "Diffusion", "Charts", "Tensors", "Compute"]),
  ("DiffuseGPU", []),
]

let package = Package(
  name: "diffuse-gpu",
  products: products.map { .library(name: $0.name, targets: [$0.name] + $0.modules) } + [
    .executable(name: "diffuse-gpu", targets: ["diffuse-gpu"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    // Floor 0: the protocol, random numbers, and what is not Swift.
    library("Compute"),
    library("Random"),
    .target(name: "COpenCL"),
    .target(name: "CMPI"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // OpenSSL's SHA-256, by which a record names the files of its run, and which seals cached programs.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    // Embeds the files of Kernels/, which hold OpenCL C and nothing else.
    .target(name: "CKernels"),
    .target(name: "CPUKernels"),
    // Embeds the model directories that the binary carries.
    .target(
      name: "PretrainedModels",
      exclude: ["mnist", "fashion-mnist", "faces", "mnist-classifier", "fashion-mnist-classifier", "faces-classifier"]),
    // Embeds the page of the live server.
    .target(name: "PageFiles", exclude: ["page"]),

    // Floor 1: values, devices, planning and timing, matrices on the host, charts, files, processes that work together.
    library("Tensors", ["Compute"]),
    library("Instruments", ["Compute"]),
    library("ComputeCPU", ["Compute", "CPUKernels", "COpenBLAS"]),
    library("ComputeOpenCL", ["Compute", "COpenCL", "CKernels", "CCrypto"]),
    library("HostMath", ["COpenBLAS"]),
    library("Charts"),
    library("Communication", ["CMPI"]),
    library("Files", ["CPNG", "CJPEG", "CZlib", "CCrypto"]),

    // Floor 2: images, other code's checkpoints, networks, the mathematics that works with any denoiser, and the suite that all
    // devices pass.
    library("CheckpointFormats", ["Files"]),
    library("Datasets", ["Tensors", "Files", "Random"]),
    library("Networks", ["Compute", "Tensors", "Random"]),
    library("Diffusion", ["Compute", "Tensors", "Random"]),
    library("Conformance", ["Compute", "Instruments"]),

    // Floor 3: the science, the measures, diffusers' files, what changes a network, and finding a device.
    library("DeviceSelection", ["Compute", "ComputeCPU", "ComputeOpenCL", "Conformance", "Files"]),
    library("SymmetryBreaking", ["Compute", "Diffusion", "Tensors", "HostMath"]),
    library("Evaluation", ["Tensors", "Random", "Datasets", "Files", "HostMath"]),
    library("DiffusersFormat", ["Compute", "Tensors", "Files", "CheckpointFormats", "Networks", "Diffusion"]),
    library(
      "Training",
      [
        "Communication", "Compute", "Tensors", "Instruments", "Charts", "Files", "Datasets", "Random", "Networks",
        "Diffusion",
      ]),

    // Floor 4: whatever can be sampled: networks with their files, data sets, exact worlds.
    library(
      "Models",
      [
        "Compute", "Tensors", "Instruments", "Files", "CheckpointFormats", "Datasets", "Networks", "Diffusion",
        "DiffusersFormat", "SymmetryBreaking", "Evaluation",
      ]),

    // Floor 5: sampling and training, from files to files; what networks and devices cost; the models that are carried.
    library(
      "Pipelines",
      [
        "Communication", "Compute", "Random", "Tensors", "HostMath", "Files", "CheckpointFormats", "Datasets",
        "Networks", "Diffusion", "DiffusersFormat", "SymmetryBreaking", "Evaluation", "Training", "Models",
      ]),
    library("Profiling", ["Compute", "Tensors", "Instruments", "Files", "Networks", "Models"]),
    library("Pretrained", ["Files", "DiffusersFormat", "Models", "PretrainedModels"]),

    // Floor 6: whatever runs a model many times, keeps what it found on disk and draws it.
    library(
      "Studies",
      [
        "Compute", "Tensors", "HostMath", "Charts", "Files", "Datasets", "Networks", "Diffusion", "SymmetryBreaking",
        "Evaluation", "Models", "Pipelines",
      ]),

    // Floor 7: the umbrella.
    library(
      "DiffuseGPU",
      [
        "Communication", "Compute", "Random", "Instruments", "Tensors", "HostMath", "Charts", "Files",
        "CheckpointFormats", "Datasets", "Networks", "Diffusion", "Conformance", "DeviceSelection", "SymmetryBreaking",
        "Evaluation", "DiffusersFormat", "Training", "Models", "Pipelines", "Profiling", "Pretrained", "Studies",
      ]),

    // The live page and its server, which only the executable links.
    library(
      "Serving",
      [
        "Compute", "Tensors", "Files", "Diffusion", "SymmetryBreaking", "Models", "Pipelines", "Studies", "PageFiles",
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ]),

    // Floor 8: the command line.
    .executableTarget(
      name: "diffuse-gpu",
      dependencies: [
        "DiffuseGPU", "Instruments", "Tensors", "Serving",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Tests, on no floor.
    .target(
      name: "TestSupport", dependencies: ["Compute", "Instruments", "Files"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests(of: "Compute"),
    tests(of: "Instruments", ["Compute"]),
    tests(of: "Tensors", ["Conformance"]),
    tests(of: "Conformance", ["Compute", "Instruments", "DeviceSelection", "ComputeCPU", "ComputeOpenCL"]),
    tests(of: "ComputeCPU", ["Conformance"]),
    tests(of: "ComputeOpenCL", ["Conformance"]),
    tests(of: "Random"),
    tests(of: "HostMath", ["Random"]),
    tests(of: "Charts"),
    tests(of: "Communication"),
    tests(of: "Files"),
    tests(of: "CheckpointFormats", ["Files"]),
    tests(of: "Datasets", ["Tensors", "Files", "HostMath"]),
    tests(of: "Networks", ["Compute", "Instruments", "Tensors", "Conformance"]),
    tests(of: "Diffusion", ["Compute", "Tensors", "HostMath", "Files", "Conformance", "ComputeCPU"]),
    tests(
      of: "DiffusersFormat",
      [
        "CheckpointFormats", "Compute", "ComputeCPU", "Conformance", "Diffusion", "Files", "HostMath", "Networks",
        "Random", "Tensors",
      ]),
    tests(of: "DeviceSelection", ["Compute"]),
    tests(of: "SymmetryBreaking", ["Compute", "HostMath", "Tensors", "Diffusion", "Conformance", "ComputeCPU"]),
    tests(of: "Evaluation", ["Tensors", "HostMath", "Random", "Datasets", "Files"]),
    tests(
      of: "Training",
      [
        "Communication", "Compute", "ComputeCPU", "ComputeOpenCL", "Conformance", "Datasets", "DeviceSelection",
        "Diffusion", "DiffusersFormat", "Files", "Instruments", "Networks", "Tensors",
      ]),
    tests(of: "Models", ["Diffusion", "Tensors", "Files", "ComputeCPU", "SymmetryBreaking"]),
    tests(
      of: "Pipelines",
      [
        "Compute", "Models", "Pretrained", "Networks", "Diffusion", "DiffusersFormat", "Evaluation", "Tensors",
        "Files", "ComputeCPU", "Conformance", "Datasets", "HostMath", "DeviceSelection", "Training",
      ]),
    tests(
      of: "Profiling",
      ["Compute", "Instruments", "Models", "Pretrained", "Pipelines", "Networks", "Tensors", "Files", "ComputeCPU"]),
    tests(
      of: "Studies",
      [
        "Charts", "Compute", "ComputeCPU", "Conformance", "Tensors", "HostMath", "Files", "Datasets", "Networks",
        "Diffusion", "SymmetryBreaking", "Evaluation", "Models", "Pipelines", "Pretrained",
      ]),
    tests(
      of: "Serving",
      [
        "Compute", "ComputeCPU", "Tensors", "Files", "Diffusion", "Models", "Pipelines", "Pretrained",
        "SymmetryBreaking",
        .product(name: "FlyingFox", package: "FlyingFox"),
      ]),
    tests(of: "DiffuseGPU"),
    .testTarget(
      name: "CommandLineTests", dependencies: ["diffuse-gpu", "DiffuseGPU", "TestSupport", "Files"],
      swiftSettings: settings),
  ],
  cLanguageStandard: .gnu2x
)

// The plugin that builds the documentation; other builds do not pay for it.
if !Context.environment["DIFFUSE_DOCS", default: ""].isEmpty {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
