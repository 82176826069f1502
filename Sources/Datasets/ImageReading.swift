/// How images in the files of other programs are to be read, where the files do not say it themselves.
///
/// Whatever is nil follows from the file; see ``Dataset/open(_:_:channels:clamps:note:)``. As JSON the names have underscores.
public struct ImageReading: Codable, Sendable, Hashable {
  /// The order of the extents of an array of images.
  public enum Layout: String, Codable, Sendable, Hashable, CaseIterable {
    /// `[count, channels, height, width]`, as PyTorch has it.
    case channelsFirst = "nchw"
    /// `[count, height, width, channels]`, as pictures have it.
    case channelsLast = "nhwc"
  }

  /// The values that stand for black and white.
  public enum ValueRange: String, Codable, Sendable, Hashable, CaseIterable {
    /// From 0 to 1.
    case unit = "0..1"
    /// From 0 to 255.
    case byte = "0..255"
    /// From 0 to 65,535.
    case word = "0..65535"
    /// From -1 to 1, the range of models.
    case model = "-1..1"
  }

  /// The channels that pictures are converted to.
  public enum Color: String, Codable, Sendable, Hashable, CaseIterable {
    /// One channel.
    case gray
    /// Red, green and blue.
    case rgb
  }

  /// The order of an array's extents.
  public var layout: Layout?
  /// The range of an array's values.
  public var range: ValueRange?
  /// The name of the array of images in an archive of several.
  public var array: String?
  /// The name of the array of labels in an archive.
  public var labelsArray: String?
  /// The height and width that pictures are brought to.
  public var resize: Int?
  /// The channels that pictures are converted to.
  public var color: Color?
  /// Whether pictures in folders within a folder belong to it.
  public var isRecursive: Bool

  private enum CodingKeys: String, CodingKey {
    case layout, range, array, resize, color
    case labelsArray = "labels_array"
    case isRecursive = "recursive"
  }

  /// A reading; by default all follows from the files.
  public init(
    layout: Layout? = nil, range: ValueRange? = nil, array: String? = nil, labelsArray: String? = nil,
    resize: Int? = nil, color: Color? = nil, isRecursive: Bool = false
  ) {
    self.layout = layout
    self.range = range
    self.array = array
    self.labelsArray = labelsArray
    self.resize = resize
    self.color = color
    self.isRecursive = isRecursive
  }
}

/// Images that can be read in several ways, or not in the way that was asked for.
public struct ImageReadingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What a reading says.
  public enum Option: Sendable, Hashable, CaseIterable {
    /// ``ImageReading/layout``.
    case layout
    /// ``ImageReading/range``.
    case range
    /// ``ImageReading/array``.
    case array
    /// ``ImageReading/labelsArray``.
    case labelsArray
    /// ``ImageReading/resize``.
    case resize
    /// ``ImageReading/color``.
    case color
    /// ``ImageReading/isRecursive``.
    case recursive
  }

  /// The file or folder.
  public let path: String
  /// What the reading must say, or what it says amiss.
  public let option: Option
  /// What is wrong, and what would be right.
  public let fault: String

  /// An error of one file.
  public init(_ path: String, _ option: Option, _ fault: String) {
    self.path = path
    self.option = option
    self.fault = fault
  }

  /// The line as it is printed: `path: fault`.
  public var description: String { "\(path): \(fault)" }
}
