import Glibc

/// Why the loader found no device, in the words of whoever can change it.
enum DriverFault {
  /// Why there is no platform: no driver is registered, or those that are cannot be loaded.
  ///
  /// A driver is a file `*.icd` whose first line names a library, in `/etc/OpenCL/vendors` or where `OCL_ICD_VENDORS` or
  /// `OPENCL_VENDOR_PATH` says. The loader passes over what it cannot open without a word, so the library is opened here.
  static var ofNoPlatform: String {
    let place = environment("OCL_ICD_VENDORS") ?? environment("OPENCL_VENDOR_PATH") ?? "/etc/OpenCL/vendors"
    let faults = registrations(in: place).compactMap(fault)
    guard faults.isEmpty else { return faults.joined(separator: "; ") }
    return
      "no OpenCL driver is installed (Debian: pocl-opencl-icd for the processor, or the graphics card's own driver)"
  }

  /// Why drivers that are loaded offer no device, where that is known.
  static func ofNoDevice(_ platforms: [String]) -> String {
    let fault = "the OpenCL driver \(platforms.joined(separator: ", ")) offers no device that is available"
    return fault + (platforms.lazy.compactMap(ofCache).first.map { ": \($0)" } ?? "")
  }

  /// What is wrong with the cache of a platform, without which PoCL offers no device or builds no program; nil if it is well.
  static func ofCache(_ platform: String) -> String? {
    guard platform.hasPrefix("Portable Computing Language"), let folder = portableCache,
      let reason = whyUnwritable(folder)
    else { return nil }
    return "PoCL's cache \(folder) cannot be written (\(reason)); name another folder by POCL_CACHE_DIR"
  }

  private static func registrations(in place: String) -> [String] {
    if place.hasSuffix(".icd") { return [place] }
    guard let stream = opendir(place) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0.hasSuffix(".icd") }.sorted().map { "\(place)/\($0)" }
  }

  /// What is wrong with a registration.
  private static func fault(_ file: String) -> String? {
    guard let bytes = readFile(file) else { return "the OpenCL driver's file \(file) cannot be read" }
    let library = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    guard !library.isEmpty else { return "the OpenCL driver's file \(file) names no library" }
    if dlopen(library, RTLD_LAZY | RTLD_LOCAL) != nil {
      return "the OpenCL driver \(library) of \(file) can be loaded but offers no platform"
    }
    let reason = dlerror().map { String(cString: $0) } ?? "for no reason that is known"
    return "the OpenCL driver of \(file) cannot be loaded: \(reason)"
  }

  private static var portableCache: String? {
    environment("POCL_CACHE_DIR") ?? environment("XDG_CACHE_HOME").map { "\($0)/pocl/kcache" }
      ?? environment("HOME").map { "\($0)/.cache/pocl/kcache" }
  }

  /// Why no file can be made in a folder, which is made if it does not exist, as the driver does; nil if that works.
  private static func whyUnwritable(_ folder: String) -> String? {
    for end in folder.indices.dropFirst() where folder[end] == "/" { mkdir(String(folder[..<end]), 0o700) }
    mkdir(folder, 0o700)
    var name = Array("\(folder)/diffuse-gpu-XXXXXX".utf8CString)
    let file = mkstemp(&name)
    guard file >= 0 else { return String(cString: strerror(errno)) }
    close(file)
    unlink(name)
    return nil
  }
}
