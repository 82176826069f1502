import DiffuseGPU

extension ClassificationReport {
  /// The report as text: an accuracy a head, and what was taken for what.
  var text: String {
    heads.map { head in
      let rows = head.confusion.enumerated().map { label, row in
        "  \(label): " + row.map { padded($0) }.joined(separator: " ")
      }
      let percent = (head.accuracy * 10_000).rounded() / 100
      return (["\(head.name): \(percent) % of \(count) right; rows are true classes, columns answers"] + rows)
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }

  private func padded(_ number: Int) -> String {
    String(repeating: " ", count: max(0, 5 - "\(number)".count)) + "\(number)"
  }

  /// The report as JSON.
  var json: JSONValue {
    .object([
      "images": .number(Double(count)),
      "questions": .array(
        heads.map { head in
          .object([
            "name": .string(head.name), "accuracy": .number(head.accuracy),
            "confusion": .array(head.confusion.map { .array($0.map { .number(Double($0)) }) }),
          ])
        }),
    ])
  }
}
