package import Compute
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

  /// The classes of shapes that each operation must have cases in.
  package static func requiredShapes(of operation: OperationKind) -> Set<ShapeClass> {
    let extents: Set<ShapeClass> = [.extentOne, .prime, .belowTile, .aboveTile]
    let batches: Set<ShapeClass> = [.oneSample, .manySamples]
    let images = extents.union(batches).union([.oddImage, .rectangularImage])
      .union([28, 14, 7, 32, 16, 8, 4].map(ShapeClass.image))
    let functions = Set(Nonlinearity.allCases.map { ShapeClass.trait(.function($0)) })
    switch operation {
    case .write, .read, .fillNormal: return extents
    case .enter, .leave, .upsample: return images.union([.embedding])
    case .downsample: return images
    case .poolWindows:
      return images.union(poolings.map { .trait(.pooling($0)) }).union([.embedding])
    case .activate: return images.union(functions).union([.embedding, .trait(.inPlace)])
    case .lookUpEmbedding: return extents.union(batches).union([.embedding])
    case .combine: return extents.union((1...8).map(ShapeClass.terms)).union([.trait(.inPlace)])
    case .clamp, .clampRows, .scaleRows: return extents.union([.plain, .trait(.inPlace)])
    case .selectRows: return extents.union([.plain])
    case .scaleByFunction:
      let functions = Set(ScalingFunction.Kind.allCases.map { ShapeClass.trait(.scalesBy($0)) })
      return extents.union(functions).union([.trait(.inPlace)])
    case .multiplyMatrices:
      return extents.union([.plain, .transposedA, .transposedB, .trait(.addsToDestination)])
    case .softmaxRows: return extents.union([.plain, .trait(.inPlace), .trait(.offsets)])
    case .convolve:
      return images.union([
        .embedding, .pair, .kernel(1), .kernel(3), .wideKernel, .tallKernel, .asymmetricStride2, .symmetricStride2,
        .unpaddedStride2, .doubledInput, .inputChannels(1), .inputChannels(3), .outputChannels(1), .outputChannels(3),
        .plain, .trait(.bias),
        .trait(.channelOffset), .trait(.residual), .trait(.inPlace), .trait(.scaled),
      ])
    case .normalizeGroups:
      return images.union(functions).union([
        .embedding, .pair, .seamInGroup, .plain, .trait(.scaleShift), .trait(.inPlace),
      ])
    case .attend, .attendGradient: return images.union([.embedding, .headWidth8, .oneHead])
    case .add, .dropout: return images.union([.embedding, .plain, .trait(.inPlace)])
    case .spatialSum, .dilate: return images.union([.embedding])
    case .activateGradient: return images.union(functions).union([.embedding, .trait(.inPlace)])
    case .convolveFilterGradient:
      return images.union([
        .embedding, .pair, .kernel(1), .kernel(3), .wideKernel, .tallKernel, .asymmetricStride2, .symmetricStride2,
        .unpaddedStride2, .doubledInput, .inputChannels(1), .inputChannels(3), .outputChannels(1), .outputChannels(3),
        .plain,
      ])
    case .normalizeGroupsGradient:
      return images.union(functions).union([
        .embedding, .pair, .seamInGroup, .plain, .trait(.scaleShift), .trait(.inPlace), .trait(.addsToDestination),
      ])
    case .sumSquares: return extents.union([.plain])
    case .adamStep: return extents.union([.trait(.inPlace)])
    }
  }

  /// The classes of inputs that each operation must have cases in.
  package static func requiredValues(of operation: OperationKind) -> Set<ValueClass> {
    switch operation {
    case .write, .read, .enter, .leave, .combine, .clamp, .clampRows, .scaleRows, .selectRows, .scaleByFunction,
      .multiplyMatrices, .convolve, .downsample, .upsample, .poolWindows:
      [.ordinary, .nan, .infinity, .zeros]
    case .activate, .softmaxRows: [.ordinary, .nan, .infinity, .zeros, .huge]
    case .lookUpEmbedding: [.ordinary, .nan]
    case .fillNormal: [.ordinary]
    case .normalizeGroups: [.ordinary, .nan, .zeros, .largeMean, .constantChannels]
    case .attend: [.ordinary, .nan, .zeros, .huge]
    case .add, .sumSquares: [.ordinary, .nan, .infinity, .zeros]
    case .spatialSum, .activateGradient, .dilate, .convolveFilterGradient, .adamStep: [.ordinary, .nan, .zeros]
    case .dropout: [.ordinary, .zeros]
    case .normalizeGroupsGradient: [.ordinary, .nan, .zeros, .largeMean]
    case .attendGradient: [.ordinary, .zeros, .huge]
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
