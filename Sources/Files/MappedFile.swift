import Foundation

/// The bytes of a file, mapped into memory, or bytes that are embedded in the program.
///
/// Mapped pages are read when they are touched and belong to the system's cache, so that a large model costs no memory of its own.
/// Who cuts the file short meanwhile takes the pages away: touching them raises SIGBUS, upon which the program ends with one line.
/// Files that this library replaces keep their old pages for those who read them.
public final class MappedFile {
  /// The file's path, or a name for messages.
  public let path: String
  /// The contents, valid for as long as this object lives.
  ///
  /// The compiler may end an object's life after its last use, which reading through this pointer is not: hold it with
  /// `withExtendedLifetime` meanwhile.
  public let bytes: UnsafeRawBufferPointer

  private enum Ownership {
    case mapped, allocated, foreign
  }

  private let ownership: Ownership

  /// Maps a file for reading.
  ///
  /// - Throws: ``FileError`` if there is no such file, it is a folder, or it is empty.
  public init(_ path: String) throws(FileError) {
    // Opening a FIFO would else wait for somebody who writes to it.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "cannot be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a file") }
    guard status.st_size > 0 else { throw FileError(path, "is empty") }
    let length = Int(status.st_size)
    guard let base = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw .system(path, "cannot be mapped")
    }
    self.path = path
    self.bytes = UnsafeRawBufferPointer(start: base, count: length)
    self.ownership = .mapped
  }

  /// Bytes that live as long as the program, such as an embedded model's.
  ///
  /// - Parameters:
  ///   - name: What messages call them.
  ///   - bytes: The contents; never freed.
  public init(name: String, embedded bytes: UnsafeRawBufferPointer) {
    self.path = name
    self.bytes = bytes
    self.ownership = .foreign
  }

  /// Bytes in memory, of which a copy is held.
  init(name: String, owned bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyBytes(from: bytes)
    self.path = name
    self.bytes = UnsafeRawBufferPointer(copy)
    self.ownership = .allocated
  }

  /// Lets the system have the pages of a range back that nothing else shares; they are read anew when next touched.
  ///
  /// A network's weights are read once, into the forms that a device wants: without this they would stay resident twice.
  func releasePages(_ range: Range<Int>) {
    guard ownership == .mapped, let base = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = (range.lowerBound + page - 1) / page * page, end = range.upperBound / page * page
    guard first < end else { return }
    // Only advice: if the system does not take it, memory is used for longer.
    _ = madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, Int32(MADV_DONTNEED))
  }

  deinit {
    switch ownership {
    case .mapped: munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    case .allocated: bytes.deallocate()
    case .foreign: break
    }
  }
}
