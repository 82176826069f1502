public import ArgumentParser
public import DiffuseGPU

/// How images are read where their files leave it open.
struct ImageReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The order of an array's extents: nchw or nhwc; by default what its shape says.", valueName: "order"))
  var layout: ImageReading.Layout?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The values of an array from black to white: 0..1, 0..255, 0..65535 or -1..1.",
      discussion: "By default 0..255 for whole numbers, -1..1 for others; booleans are black and white.",
      valueName: "range"))
  var range: ImageReading.ValueRange?

  @Option(help: ArgumentHelp("The array of images in an .npz archive, such as x_train.", valueName: "name"))
  var array: String?

  @Option(
    help: ArgumentHelp(
      "The array of labels in an .npz archive; by default that which goes with the images, such as y_train.",
      valueName: "name"))
  var labelsArray: String?

  @Option(
    help: ArgumentHelp(
      "Bring pictures to so many pixels: a centre crop, then the average of areas.", valueName: "pixels"))
  var resize: Int?

  @Option(help: ArgumentHelp("Convert pictures to gray or rgb.", valueName: "color"))
  var color: ImageReading.Color?

  @Flag(help: "Read the pictures of folders within a folder too.")
  var recursive = false

  /// Which flags are there.
  var named: [(Bool, String)] {
    [
      (layout != nil, "--layout"), (range != nil, "--range"), (array != nil, "--array"),
      (labelsArray != nil, "--labels-array"), (resize != nil, "--resize"), (color != nil, "--color"),
      (recursive, "--recursive"),
    ]
  }

  /// The reading that the flags make, or nil if there are none.
  var given: ImageReading? { reading == .init() ? nil : reading }

  /// The reading that the flags make.
  var reading: ImageReading {
    .init(
      layout: layout, range: range, array: array, labelsArray: labelsArray, resize: resize, color: color,
      isRecursive: recursive)
  }
}

extension ImageReading.Layout: ExpressibleByArgument {}
extension ImageReading.ValueRange: ExpressibleByArgument {}
extension ImageReading.Color: ExpressibleByArgument {}

extension ImageReadingError.Option {
  /// The flag, with what can be said by it.
  var flag: String {
    func choices<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> String
    where Choice.RawValue == String { type.allCases.map(\.rawValue).joined(separator: "|") }
    return switch self {
    case .layout: "--layout " + choices(ImageReading.Layout.self)
    case .range: "--range " + choices(ImageReading.ValueRange.self)
    case .array: "--array NAME"
    case .labelsArray: "--labels-array NAME"
    case .resize: "--resize PIXELS"
    case .color: "--color " + choices(ImageReading.Color.self)
    case .recursive: "--recursive"
    }
  }
}
