/// The processes of one run, its ranks, which send each other bytes.
///
/// All ranks call the same operations in the same order. Sums are the project's own and not a library's, so that their order is a
/// function of the number of ranks alone.
public protocol Communicator: AnyObject {
  /// The number of this process, from 0.
  var rank: Int { get }
  /// The number of processes.
  var size: Int { get }
  /// What carries the bytes, for users.
  var name: String { get }

  /// Sends bytes to a rank and takes bytes of another at the same time; at most ``largestMessage`` each way.
  ///
  /// - Parameters:
  ///   - sent: The bytes that leave.
  ///   - target: The rank that they go to.
  ///   - received: Where the others go; as many come.
  ///   - source: The rank that they come from.
  func exchange(
    _ sent: UnsafeRawBufferPointer, to target: Int, _ received: UnsafeMutableRawBufferPointer, from source: Int)
}

/// Bytes of one message, since libraries count in 32 bits.
public let largestMessage = 1 << 30

/// A process alone.
public final class SingleProcess: Communicator {
  /// The only one.
  public let rank = 0
  /// One.
  public let size = 1
  /// Nothing is carried.
  public let name = "one process"

  /// No other process.
  public init() {}

  /// There is nobody else.
  public func exchange(
    _ sent: UnsafeRawBufferPointer, to target: Int, _ received: UnsafeMutableRawBufferPointer, from source: Int
  ) {
    preconditionFailure("one process has nobody to exchange with")
  }
}
