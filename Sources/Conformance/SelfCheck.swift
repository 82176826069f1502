public import Compute
import Instruments

extension ConformanceSuite {
  /// Runs a handful of tiny cases, so that a device whose results are wrong is not used.
  ///
  /// They cover the way in and out, noise, a product, a convolution with a whole epilogue over a pair, one that goes by
  /// Winograd's method, whose tiles reach past the edge, a normalisation with scale and shift over a pair, and attention:
  /// some milliseconds once kernels are built.
  ///
  /// - Throws: The device's own error, or one that names the first case whose result is wrong.
  public static func selfCheck(on backend: any Backend) throws(DeviceError) {
    for test in selfCheckCases {
      let values = try test.run(on: backend)
      let storage = backend.featureMapPrecision
      let tolerance = test.tolerance(in: backend.precision, storage: storage)
      guard let fault = Comparison.fault(in: values, expected: oracle(test, storage: storage), tolerance: tolerance)
      else {
        continue
      }
      throw DeviceError(
        .execution, device: backend.device.name, message: "self-check: \(test.title) \(test.record.shape): \(fault)")
    }
    try backend.checkGuardZones()
  }

  /// The cases of the self-check; they are not part of the list.
  package static let selfCheckCases: [ConformanceCase] = [
    fillNormalCase(length: 7, seeds: [3, 1 << 40], key: .init(step: 5, draw: 2)),
    multiplyMatricesCase(.init(rows: 9, columns: 17, inner: 5, transposesB: true), alpha: 0.5, beta: 1),
    convolveCase(Layer(2, [5, 4], 4, 3, to: 9).offset.residual(.separate).scaled(0.7)),
    convolveCase(Layer(2, [9], 5, 5, to: 8, kernel: 1)),
    convolveCase(Layer(1, [20, 13], 5, 7, to: 35).offset.residual(.separate)),
    normalizeGroupsCase(Normalization(2, [5, 7], 4, 3, groups: 3).modulated),
    attendCase(.init(batch: 2, channels: 16, height: 3, width: 3), heads: 2),
  ]
}
