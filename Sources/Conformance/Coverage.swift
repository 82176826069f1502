import Compute
public import Instruments

extension ConformanceSuite {
  /// What is missing from the list to cover operations that a network asks for, one line each; empty if nothing is.
  ///
  /// A call is covered if each of its shape classes has a case of the operation, and one case has its whole form: filter,
  /// stride, upsampling, pair, epilogue, function, scale and shift, aliases.
  public static func missing(for records: some Sequence<OperationRecord>) -> [String] {
    records.flatMap { (record: OperationRecord) -> [String] in
      let cases = cases.filter { $0.operation == record.operation }
      let covered = cases.reduce(into: Set<ShapeClass>()) { $0.formUnion($1.shapeClasses) }
      let wanted = ShapeClass.classes(of: record)
      let subject = "\(record.operation.rawValue) \(record.shape)"
      var lines = wanted.subtracting(covered).map { "\(subject): no case is \($0)" }
      let form = wanted.filter(\.isOfForm)
      if !cases.contains(where: { $0.shapeClasses.filter(\.isOfForm) == form }) {
        lines.append("\(subject): no case has the form \(form.map { "\($0)" }.sorted().joined(separator: ", "))")
      }
      return lines
    }
  }
}

extension ShapeClass {
  /// Whether the class says what is done rather than to how much.
  fileprivate var isOfForm: Bool {
    switch self {
    case .pair, .seamInGroup, .kernel, .wideKernel, .tallKernel, .asymmetricStride2, .symmetricStride2,
      .unpaddedStride2, .doubledInput, .transposedA, .transposedB,
      .trait, .terms, .embedding:
      true
    default: false
    }
  }
}
