package import Compute
public import Files
public import Networks

extension FileError {
  /// The same fault of a network's configuration or weights, as one of the file that holds them.
  public init(_ error: NetworkError, path: String = "model") {
    self.init(error.subject ?? path, error.fault)
  }

  /// A number that a file holds, or what `fault` makes of what is wrong with it.
  static func ofNumber<Number>(
    _ body: () throws(NumberFault) -> Number, fault: (String) -> FileError
  ) throws(FileError) -> Number {
    do throws(NumberFault) {
      return try body()
    } catch {
      throw fault(error.description)
    }
  }

  /// Does something with what a file holds, and throws what is wrong with that as a fault of the file.
  static func of<Result>(_ body: () throws(NetworkError) -> Result) throws(FileError) -> Result {
    do {
      return try body()
    } catch {
      throw FileError(error)
    }
  }
}

extension Parameter {
  /// The values for a file; a failure of the device that holds them is one of the file.
  package func values(for path: String) throws(FileError) -> [Float] {
    do {
      return try values()
    } catch {
      throw FileError(path, "is not written: \(error)")
    }
  }
}
