/// A form in which people keep images, and which ``Dataset/open(_:_:channels:clamps:note:)`` reads.
///
/// The table of these forms stands in the README and in the help of the commands that read images.
public enum ImageForm: CaseIterable, Sendable {
  /// The files of MNIST and of its successors.
  case idx
  /// The binary files of CIFAR-10 and CIFAR-100.
  case cifar
  /// One array of NumPy.
  case npy
  /// An archive of NumPy's arrays.
  case npz
  /// A PNG file.
  case png
  /// A JPEG file.
  case jpeg
  /// A folder of pictures, or of a folder of them for each class.
  case folder

  /// What the form is called.
  public var name: String {
    switch self {
    case .idx: "IDX"
    case .cifar: "CIFAR-10, CIFAR-100"
    case .npy: "NumPy array"
    case .npz: "NumPy archive"
    case .png: "PNG"
    case .jpeg: "JPEG"
    case .folder: "folder of pictures"
    }
  }

  /// What is read, in one line.
  public var contents: String {
    switch self {
    case .idx:
      "images-idx3-ubyte of MNIST, Fashion-MNIST, EMNIST, gzip or not, or their folder, as Kaggle and torchvision leave it"
    case .cifar: "binary batches (.bin), or their folder"
    case .npy: ".npy of [N,C,H,W], [N,H,W,C] or [N,H,W]; bytes, integers, booleans, floats (--layout, --range)"
    case .npz: ".npz with one array of images, or one called arr_0, images, x_train, train_images (--array)"
    case .png: ".png of 1, 2, 4, 8 or 16 bits, grey, colour or palette"
    case .jpeg: ".jpg, .jpeg, baseline or progressive"
    case .folder: "PNG and JPEG files of one size (--resize, --color), or a folder of them for each class (--recursive)"
    }
  }

  /// Where the labels come from.
  public var labels: String {
    switch self {
    case .idx: "labels-idx1-ubyte beside it"
    case .cifar: "in the batches"
    case .npz: "arr_1, labels, y_train, train_labels (--labels-array)"
    case .folder: "the folders' names"
    case .npy, .png, .jpeg: "none"
    }
  }

  /// The forms as a help text of at most 78 characters a line, which terminals do not break.
  public static var helpText: String {
    allCases.map { form in
      let labels = form.labels == "none" ? "" : "; labels: \(form.labels)"
      return "  \(form.name)\n"
        + lines(of: form.contents + labels, width: 74).map { "    " + $0 }.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// The words of a text in lines of at most `width` characters.
  private static func lines(of text: String, width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [""]) { lines, word in
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
  }
}
