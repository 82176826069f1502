// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as anybody could write it: it knows the products of the package above and nothing inside of it.
let package = Package(
  name: "OwnSampler",
  dependencies: [
    // The name is said, because a clone's folder may be called anything.
    .package(name: "diffuse-gpu", path: "../..")
  ],
  targets: [
    // A sampler, a grid and a denoiser of one's own, on the CPU.
    .executableTarget(
      name: "OwnSampler",
      dependencies: [
        .product(name: "Diffusion", package: "diffuse-gpu"), .product(name: "ComputeCPU", package: "diffuse-gpu"),
      ]),
    // The mathematics alone: no device, and so no OpenBLAS.
    .executableTarget(name: "NoiseLevels", dependencies: [.product(name: "Diffusion", package: "diffuse-gpu")]),
  ]
)
