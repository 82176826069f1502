public import Compute
import Instruments
import Synchronization

/// One list of cases that every backend must pass, run by tests, by `diffuse-gpu check` and by `diffuse-gpu bench`.
public enum ConformanceSuite {
  /// All cases, in the order of `Compute.OperationKind`.
  public static let cases: [ConformanceCase] = OperationKind.allCases.flatMap { operation($0).cases }

  /// Runs cases and compares their results with the oracle's.
  ///
  /// Each case must also give the same bits when it is run again, leave guard zones alone if the backend was opened with
  /// them, and give the last sample of a batch alone what it gives it within the batch, within the case's tolerance.
  ///
  /// - Parameters:
  ///   - backend: What is tested.
  ///   - cases: What is run.
  ///   - skipping: Reasons to skip cases, by title.
  ///   - progress: Called after each case.
  /// - Returns: One result a case, in their order.
  public static func run(
    on backend: any Backend, cases: [ConformanceCase] = cases, skipping: [String: String] = [:],
    progress: (CaseResult) -> Void = { _ in }
  ) -> [CaseResult] {
    cases.map { test in
      let outcome: CaseResult.Outcome =
        if let reason = skipping[test.title] ?? tooLarge(test, for: backend) {
          .skipped(reason)
        } else if let fault = fault(of: test, on: backend) {
          .failed(fault)
        } else {
          .passed
        }
      let result = CaseResult(test: test, device: backend.device.name, outcome: outcome)
      progress(result)
      return result
    }
  }

  /// A reason to skip a case that no error of the backend could excuse.
  private static func tooLarge(_ test: ConformanceCase, for backend: any Backend) -> String? {
    let largest = max(test.record.bytesRead, test.record.bytesWritten)
    guard largest > backend.device.largestAllocationBytes else { return nil }
    return "needs \(largest) bytes at once, the device allows \(backend.device.largestAllocationBytes)"
  }

  /// What is wrong with a case on a backend, or nil if nothing is.
  private static func fault(of test: ConformanceCase, on backend: any Backend) -> String? {
    let storage = backend.featureMapPrecision
    let tolerance = test.tolerance(in: backend.precision, storage: storage)
    do throws(DeviceError) {
      let values = try test.run(on: backend)
      if let fault = Comparison.fault(in: values, expected: oracle(test, storage: storage), tolerance: tolerance) {
        return fault
      }
      if let fault = Comparison.difference(values, try test.run(on: backend)) { return "does not repeat: \(fault)" }
      if let batch = test.batch, batch > 1 {
        let alone = try test.run(on: backend, samples: batch - 1..<batch)
        let within = Array(values.suffix(values.count / batch))
        if let fault = Comparison.fault(in: alone, expected: within, tolerance: tolerance) {
          return "the last sample alone differs from the batch: \(fault)"
        }
      }
      try backend.checkGuardZones()
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// A case whose feature maps are stored in some precision.
  private struct OracleKey: Hashable {
    let title: String
    let storage: Precision
  }

  private static let oracleResults = Mutex<[OracleKey: [Float]]>([:])

  /// The oracle's result of a case, computed once; what it stores in feature maps is rounded to `storage` on the way in and out.
  static func oracle(_ test: ConformanceCase, storage: Precision = .float32) -> [Float] {
    let key = OracleKey(title: test.title, storage: storage)
    if let known = oracleResults.withLock({ $0[key] }) { return known }
    guard let values = try? test.run(on: ReferenceBackend(), storage: storage) else {
      preconditionFailure("the oracle does not fail")
    }
    oracleResults.withLock { $0[key] = values }
    return values
  }
}

/// What came of one case on one device.
public struct CaseResult: Sendable {
  /// What came of it.
  public enum Outcome: Sendable, Hashable {
    /// The result is right.
    case passed
    /// It is wrong, in the way that the text says.
    case failed(String)
    /// It was not tried, for the reason that the text gives.
    case skipped(String)
  }

  /// The case.
  public let test: ConformanceCase
  /// The device's name.
  public let device: String
  /// What came of it.
  public let outcome: Outcome

  /// Whether the result is wrong.
  public var isFailure: Bool { if case .failed = outcome { true } else { false } }
}

extension CaseResult: CustomStringConvertible {
  /// One line: outcome, operation, name, sizes, and for a failure what is wrong on which device.
  public var description: String {
    let subject = "\(test.title) \(test.record.shape)"
    return switch outcome {
    case .passed: "passed: \(subject)"
    case .failed(let fault): "failed: \(subject): \(fault), on \(device)"
    case .skipped(let reason): "skipped: \(subject): \(reason)"
    }
  }
}
