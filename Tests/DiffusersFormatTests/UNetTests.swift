import DiffusersFormat
import Compute
import ComputeCPU
import Conformance
import Files
import Networks
import Tensors
import TestSupport
import Testing

@Suite("U-Nets give the outputs of diffusers")
struct UNetTests {
  @Test("The stored cases agree within 2e-6 of the largest value", arguments: UNetCase.stored + UNetCase.others)
  func storedCases(folder: String) throws {
    let test = try UNetCase(folder: folder)
    let loaded = try ModelDirectory(folder).unet(), unet = loaded.network
    let distance = try UNetCase.distance(test.output(of: unet), to: test.expected)
    #expect(distance < 2e-6)
    #expect(loaded.warnings.isEmpty)
  }

  @Test("Every kind of network agrees, with the weights that PyTorch draws for its seed", arguments: UNetCase.kinds)
  func kinds(folder: String) throws {
    let test = try UNetCase(folder: folder)
    let configuration = try ModelDirectory(folder).configuration()
    let unet = try UNet(configuration, parameters: InitialParameters(seed: 7))
    let distance = try UNetCase.distance(test.output(of: unet), to: test.expected)
    #expect(distance < 2e-6)
  }

  @Test("The CPU backend agrees within 5e-6", arguments: UNetCase.stored + UNetCase.others + UNetCase.kinds)
  func cpu(folder: String) throws {
    let test = try UNetCase(folder: folder)
    let directory = try ModelDirectory(folder)
    let isKind = UNetCase.kinds.contains(folder)
    let unet =
      isKind
      ? try UNet(directory.configuration(), parameters: InitialParameters(seed: 7)) : try directory.unet().network
    let backend = try CPUBackend(options: BackendOptions(threads: 1))
    let distance = try UNetCase.distance(test.output(of: unet, on: backend), to: test.expected)
    #expect(distance < 5e-6)
  }

  @Test("There are cases of every kind")
  func casesAreThere() {
    #expect(UNetCase.kinds.count == 23)
  }

  @Test("One timestep and one label serve all samples of a batch")
  func broadcast() throws {
    let folder = Fixtures.path("unet-class-conditional")
    let test = try UNetCase(folder: folder)
    let unet = try ModelDirectory(folder).unet().network
    let x = Tensor(test.sample.floats, shape: test.sample.shape, on: ReferenceBackend())
    let one = try unet(x, timesteps: [40], classLabels: [3]).values()
    let each = try unet(x, timesteps: [40, 40], classLabels: [3, 3]).values()
    #expect(one == each)
  }

  @Test("An input that does not fit is one line that says what would")
  func badInputs() throws {
    let shape = [1, 3, 8, 8]
    func message(
      _ kind: String, shape: [Int] = shape, _ timesteps: [Double] = [1], _ labels: [Double]? = nil
    ) throws -> String {
      let configuration = try ModelDirectory(Fixtures.path("unet-kinds/\(kind)")).configuration()
      let unet = try UNet(configuration, parameters: InitialParameters(seed: 7))
      let error = #expect(throws: NetworkError.self) {
        try unet.checkInput(shape: shape, timesteps: timesteps, classLabels: labels)
      }
      return error?.description ?? ""
    }
    #expect(
      try message("dummy", shape: [1, 3, 8, 9])
        == "the input is 8x9; height and width must be multiples of 2 for the network's 2 levels")
    #expect(try message("dummy", shape: [1, 4, 8, 8]) == "the input has 4 channels; the network takes 3")
    #expect(try message("dummy", shape: [3, 8, 8]).contains("[batch, channels, height, width] is needed"))
    #expect(try message("dummy", shape: [3, 3, 8, 8], [1, 2]).contains("2 timesteps for 3 samples"))
    #expect(try message("dummy", [.nan]) == "a timestep is not finite")
    #expect(try message("dummy", [1], [3]).contains("has no classes"))
    #expect(try message("admnet").contains("needs class labels"))
    #expect(try message("admnet", [1], [10]) == "class label 10.0 is no whole number from 0 to 9")
    #expect(try message("admnet", [1], [1, 2]).contains("2 values of class labels for 1 samples"))
    #expect(try message("learned", [20]) == "timestep 20.0 is no whole number from 0 to 19")
    #expect(try message("fourier", [0]).contains("timestep 0.0 is not positive"))
    #expect(try message("identity-class", shape: [2, 3, 8, 8], [1], [1, 2]).contains("32 each or 32 for all"))
  }
}
