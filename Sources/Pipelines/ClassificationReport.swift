public import Compute
public import Datasets
public import Files
import Networks

/// How right a classifier is about labelled images.
public struct ClassificationReport: Sendable {
  /// The answers to one question.
  public struct Question: Sendable {
    /// What is asked.
    public let name: String
    /// Images by true class (rows) and answer (columns).
    public let confusion: [[Int]]

    /// The part of right answers.
    public var accuracy: Double {
      let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
      return Double(right) / Double(max(1, confusion.reduce(0) { $0 + $1.reduce(0, +) }))
    }
  }

  /// Images in all.
  public let count: Int
  /// The questions.
  public let questions: [Question]

  /// Classifies a data set and compares with its labels.
  ///
  /// - Throws: ``PipelineError`` if there are no labels, or not as many kinds as questions.
  public init(of model: ClassifierModel, on source: any ImageSource, _ backend: any Backend) throws {
    let labels = try source.labelSets(), heads = model.network.configuration.heads
    guard labels.count == heads.count else {
      throw PipelineError(
        "\(source.path): \(labels.count) kinds of label for the \(heads.count) questions of \(model.name)")
    }
    let answers = try model.answers(to: source, on: backend)
    count = answers.classes.first?.count ?? 0
    questions = heads.enumerated().map { place, head in
      var confusion = [[Int]](repeating: [Int](repeating: 0, count: head.classes), count: head.classes)
      for (label, answer) in zip(labels[place], answers.classes[place]) where label < head.classes {
        confusion[label][answer] += 1
      }
      return Question(name: head.name, confusion: confusion)
    }
  }

  /// The report as text: an accuracy a question, and what was taken for what.
  public var text: String {
    questions.map { question in
      let rows = question.confusion.enumerated().map { label, row in
        "  \(label): " + row.map { padded($0) }.joined(separator: " ")
      }
      let percent = (question.accuracy * 10_000).rounded() / 100
      return (["\(question.name): \(percent) % of \(count) right; rows are true classes, columns answers"] + rows)
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private func padded(_ number: Int) -> String {
    String(repeating: " ", count: max(0, 5 - "\(number)".count)) + "\(number)"
  }

  /// The report as JSON.
  public var json: JSONValue {
    .object([
      "images": .number(Double(count)),
      "questions": .array(
        questions.map { question in
          .object([
            "name": .string(question.name), "accuracy": .number(question.accuracy),
            "confusion": .array(question.confusion.map { .array($0.map { .number(Double($0)) }) }),
          ])
        }),
    ])
  }
}
