/// A page of HTML that needs nothing besides itself: text, tables, charts and pictures in one file.
///
/// It is light or dark as the reader's system is and prints on white, loads nothing and runs nothing, which its own policy forbids as
/// well. Every text is escaped. Headings stand in order, tables have captions, figures have numbers, and those who cannot see
/// a chart are read its numbers.
///
/// ```swift
/// var page = HTMLPage(title: "What was found")
/// page.blocks = [.section(id: "scan", title: "The scan", [.paragraph("..."), .figure(.init(.chart(chart), caption: "..."))])]
/// try OutputFile.write(page.html.utf8, to: "report.html")
/// ```
public struct HTMLPage: Sendable, Hashable {
  /// A picture of pixels.
  public struct Picture: Sendable, Hashable {
    /// What stands above it.
    public var title: String
    /// What it shows, for those who cannot see it.
    public var description: String
    /// The PNG file.
    public var png: [UInt8]
    /// Its columns.
    public var width: Int
    /// Its rows.
    public var height: Int

    /// A picture.
    ///
    /// - Parameters:
    ///   - title: What stands above it.
    ///   - description: What it shows, for those who cannot see it.
    ///   - png: The PNG file.
    ///   - width: Its columns.
    ///   - height: Its rows.
    public init(title: String, description: String, png: [UInt8], width: Int, height: Int) {
      (self.title, self.description, self.png) = (title, description, png)
      (self.width, self.height) = (width, height)
    }
  }

  /// What a figure shows.
  public enum Content: Sendable, Hashable {
    /// A chart.
    case chart(LineChart)
    /// Pictures side by side.
    case pictures([Picture])
  }

  /// A chart or pictures, with what they show and where they come from.
  public struct Figure: Sendable, Hashable {
    /// What is shown.
    public var content: Content
    /// What it says, in a sentence or two.
    public var caption: String
    /// What makes it again, such as a command; a line each.
    public var source: [String]

    /// A figure.
    public init(_ content: Content, caption: String, source: [String] = []) {
      (self.content, self.caption, self.source) = (content, caption, source)
    }
  }

  /// A part of the page.
  public indirect enum Block: Sendable, Hashable {
    /// A paragraph.
    case paragraph(String)
    /// Points, one a line.
    case list([String])
    /// Lines as they are typed.
    case code([String])
    /// A table, its title as its caption.
    case table(Table)
    /// A figure; figures are numbered through the page.
    case figure(Figure)
    /// A part under a heading, with a name of Latin letters, digits and hyphens that no other part of the page has.
    case section(id: String, title: String, [Block])
  }

  /// The heading of the page.
  public var title: String
  /// The paragraph below it.
  public var lead: String
  /// The program that made it, for its head.
  public var generator: String
  /// The parts.
  public var blocks: [Block] = []

  /// An empty page.
  public init(title: String, lead: String = "", generator: String = "") {
    (self.title, self.lead, self.generator) = (title, lead, generator)
  }
}
