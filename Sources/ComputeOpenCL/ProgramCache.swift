import Glibc

/// Compiled programs on disk, so that only the first start of a version on a device compiles.
///
/// What lies there is handed to a driver that runs it: the folder belongs to the user and is open to nobody else (mode 0700),
/// which is made so or the cache is off. A file is named by SHA-256 of everything that its binary depends on, and sealed by
/// SHA-256 of that and of its contents; one cut short, changed or renamed counts as missing. Files appear whole, by
/// renaming. `DIFFUSE_KERNEL_CACHE=off` turns the cache off; a folder that cannot be used does the same, silently: it only
/// costs the time of compiling.
package final class ProgramCache {
  /// Changes whenever the form of the files does.
  private static let format = "diffuse-gpu program 2"

  /// Where the files lie.
  package let folder: String
  /// The opened folder, through which all files are reached whatever becomes of its path; -1 if the cache is off.
  private let descriptor: Int32

  /// Whether programs are kept.
  package var isOn: Bool { descriptor >= 0 }

  /// The cache in `$XDG_CACHE_HOME/diffuse-gpu` or `~/.cache/diffuse-gpu`; nil if it is turned off or there is no home.
  package convenience init?() {
    if environment("DIFFUSE_KERNEL_CACHE") == "off" { return nil }
    guard let parent = Self.parent(environment) else { return nil }
    mkdir(parent, 0o700)
    self.init(folder: "\(parent)/diffuse-gpu")
  }

  /// The folder of all caches; a path that is not absolute is ignored, as the XDG Base Directory Specification says.
  package static func parent(_ environment: (String) -> String?) -> String? {
    let places = [environment("XDG_CACHE_HOME"), environment("HOME").map { "\($0)/.cache" }]
    return places.compactMap { $0 }.first { $0.hasPrefix("/") }
  }

  /// The cache in a folder, which is made if it does not exist.
  package init(folder: String) {
    self.folder = folder
    mkdir(folder, 0o700)
    descriptor = Self.open(folder)
    if isOn { removeLeftovers() }
  }

  deinit {
    if isOn { close(descriptor) }
  }

  /// The binary that was kept for a key, if there is one and it is whole.
  package func binary(for key: [String]) -> [UInt8]? {
    guard isOn, let bytes = read(name(of: key)), bytes.count > 32 else { return nil }
    let binary = Array(bytes[32...])
    return Array(bytes[..<32]) == seal(binary, key) ? binary : nil
  }

  /// Keeps a binary for a key; whatever goes wrong only costs the next start its time.
  package func keep(_ binary: [UInt8], for key: [String]) {
    guard isOn else { return }
    let name = name(of: key)
    let temporary = "\(name).\(getpid()).\(String(UInt64.random(in: .min ... .max), radix: 16))"
    let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    let written = write(seal(binary, key) + binary, to: file)
    let closed = close(file) == 0
    if !written || !closed || renameat(descriptor, temporary, descriptor, name) != 0 {
      unlinkat(descriptor, temporary, 0)
    }
  }

  /// Forgets the binary of a key, because it does not do what the source says.
  package func drop(_ key: [String]) {
    if isOn { unlinkat(descriptor, name(of: key), 0) }
  }

  /// Opens a folder that belongs to the user, and closes it to everybody else; -1 if either fails.
  private static func open(_ folder: String) -> Int32 {
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return -1 }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & 0o077 == 0 || fchmod(descriptor, 0o700) == 0
    {
      return descriptor
    }
    close(descriptor)
    return -1
  }

  private func name(of key: [String]) -> String {
    sha256(Self.joined(key)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func seal(_ binary: [UInt8], _ key: [String]) -> [UInt8] { sha256(Self.joined(key) + binary) }

  /// The lengths keep keys apart whose parts only join to the same text.
  private static func joined(_ key: [String]) -> [UInt8] {
    Array(([format] + key).map { "\($0.utf8.count) \($0)" }.joined().utf8)
  }
}

extension ProgramCache {
  /// All bytes of a file of the user's own in the folder, or nil.
  private func read(_ name: String) -> [UInt8]? {
    // Without waiting, so that a pipe in the place of a file holds nothing up.
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress.map { $0 + filled }, $0.count - filled)
      }
      guard count > 0 else { return nil }
      filled += count
    }
    return bytes
  }

  private func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Removes temporary files of processes that are gone.
  ///
  /// A process of another machine that shares the folder may look gone; it then keeps nothing, and compiles once more.
  private func removeLeftovers() {
    // The stream owns its descriptor, and the listing must not move this one's place.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      let parts = name.split(separator: ".")
      guard parts.count >= 2, parts[0].utf8.count == 64, let process = pid_t(parts[1]), process > 0 else { continue }
      if kill(process, 0) != 0, errno == ESRCH { unlinkat(descriptor, name, 0) }
    }
  }
}
