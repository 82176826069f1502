// swift-tools-version: 6.2
import PackageDescription

// A package of its own, because all of it, the library included, is built with the fuzzer's instruments: see .ci/fuzz.
let package = Package(
  name: "Fuzz",
  dependencies: [
    // The name is said, because a clone's folder may be called anything.
    .package(name: "diffuse-gpu", path: "../..")
  ],
  targets: [
    .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CLibFuzzer", .product(name: "DiffuseGPU", package: "diffuse-gpu"),
        .product(name: "ComputeCPU", package: "diffuse-gpu"),
      ],
      path: "Fuzz"),
  ])
