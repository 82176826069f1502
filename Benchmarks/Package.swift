// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses the library resolves the benchmark framework.
let package = Package(
  name: "Benchmarks",
  dependencies: [
    // The name is said, because a clone's folder may be called anything.
    .package(name: "diffuse-gpu", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "OperationBenchmarks",
      dependencies: [
        .product(name: "DiffuseGPU", package: "diffuse-gpu"), .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "OperationBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
