import Foundation
import Testing

/// The program as a user runs it.
enum Program {
  struct Result {
    let status: Int32
    let output: String
    let error: String
  }

  /// The built program, which lies beside the tests.
  static var path: String {
    get throws {
      let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      let candidates = [folder, Bundle.main.bundleURL, Bundle.main.bundleURL.deletingLastPathComponent()]
      let paths = candidates.map { $0.appendingPathComponent("diffuse-gpu").path }
      return try #require(paths.first { FileManager.default.isExecutableFile(atPath: $0) })
    }
  }

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: What is typed after the name.
  ///   - environment: Variables on top of the tests' own.
  ///   - program: Another program, such as a shell.
  ///   - interruptWhen: A condition upon which Ctrl-C is pressed.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], program: String? = nil,
    interruptWhen condition: (() -> Bool)? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try program ?? path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    process.standardInput = FileHandle.nullDevice
    try process.run()
    if let condition {
      while process.isRunning && !condition() { usleep(20_000) }
      process.interrupt()
    }
    let outputData = try output.readToEnd(), errorData = try error.readToEnd()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: String(decoding: outputData, as: UTF8.self),
      error: String(decoding: errorData, as: UTF8.self))
  }

  /// Starts the program and kills it, as `kill -9` does, after some seconds; whether it still ran.
  static func kill(_ arguments: [String], after seconds: Double) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try path)
    process.arguments = arguments
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    usleep(UInt32(1e6 * seconds))
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
  }

  /// How often the program is killed: a few times, or as often as the slow checks want.
  static let kills = ProcessInfo.processInfo.environment["DIFFUSE_KILLS"].flatMap { Int($0) } ?? 3

  /// Kills runs at random moments until ``kills`` of them were hit before their end.
  ///
  /// How long a run takes depends on what else the machine does: one that was too fast for its kill halves the time of the
  /// next.
  ///
  /// - Parameters:
  ///   - seconds: Within which a run is killed.
  ///   - check: What holds after every run.
  ///   - arguments: The next run's, by the number of kills so far and whether the one before came to its end.
  static func killRepeatedly(
    within seconds: Double, check: () throws -> Void = {},
    _ arguments: (_ kills: Int, _ hasEnded: Bool) throws -> [String]
  ) throws {
    var hits = 0, runs = 0, longest = seconds, hasEnded = false
    while hits < kills {
      runs += 1
      try #require(runs < 4 * kills + 20, "only \(hits) of \(runs) kills came before the end")
      hasEnded = try !kill(arguments(hits, hasEnded), after: .random(in: 0...longest))
      if hasEnded { longest /= 2 } else { hits += 1 }
      try check()
    }
  }
}

extension Pipe {
  /// What is written into the pipe until its last writer closes it.
  ///
  /// Foundation's own reading traps where a signal interrupts it.
  func readToEnd() throws -> Data {
    var (data, block) = (Data(), [UInt8](repeating: 0, count: 65536))
    while true {
      let count = read(fileHandleForReading.fileDescriptor, &block, block.count)
      if count > 0 {
        data.append(contentsOf: block[..<count])
      } else if count == 0 {
        return data
      } else if errno != EINTR {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    }
  }
}
