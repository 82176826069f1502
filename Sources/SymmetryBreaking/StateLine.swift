/// The line through two clean states, `y(c) = middle + c * half`: the first lies at the place 1, the second at -1.
public struct StateLine: Sendable, Hashable {
  /// Halfway between the states.
  public let middle: [Double]
  /// Half of the way from the second state to the first.
  public let half: [Double]
  /// The squared length of ``half``.
  public let squaredLength: Double

  /// The line through two states; nil where they are the same, or of unequal dimensions.
  public init?(through first: [Double], _ second: [Double]) {
    middle = zip(first, second).map { ($0 + $1) / 2 }
    half = zip(first, second).map { ($0 - $1) / 2 }
    squaredLength = product(half, half)
    guard first.count == second.count, squaredLength > 0 else { return nil }
  }

  /// The state at a place.
  public func state(at place: Double) -> [Double] { zip(middle, half).map { $0 + place * $1 } }

  /// The place on the line that is nearest to a state.
  public func place(of state: [Double]) -> Double {
    var sum = 0.0
    for index in state.indices { sum += (state[index] - middle[index]) * half[index] }
    return sum / squaredLength
  }
}

/// The order parameter of a denoiser along a line at one noise level: where its mean estimates draw a state to.
///
/// ```
/// g(c) = place of F(y(c))          V(c) = integral of (c - g(c)) dc, its lowest value being 0
/// ```
///
/// `F` is the order parameter, the mean of the estimates of the clean data around `y(c)`; a place with `g(c) = c` is a fixed point of
/// the component along the line, stable where `V` has a valley. Early on one valley lies where the data's mean is nearest; two,
/// one on either side of a hill, say that the symmetry between the states has broken.
public struct LineEquilibria: Sendable, Hashable {
  /// A fixed point of the component along the line.
  public struct FixedPlace: Sendable, Hashable {
    /// Where it lies.
    public let place: Double
    /// Whether states are drawn to it.
    public let isStable: Bool

    /// A fixed point.
    public init(place: Double, isStable: Bool) {
      self.place = place
      self.isStable = isStable
    }
  }

  /// The places, rising.
  public let places: [Double]
  /// `V` at every place.
  public let potential: [Double]
  /// The fixed points, in the order of their places; linear interpolation between the places.
  public let fixedPlaces: [FixedPlace]

  /// Integrates what was measured.
  ///
  /// - Parameters:
  ///   - places: At least two, rising.
  ///   - pulled: `g` at every place.
  public init(places: [Double], pulled: [Double]) {
    precondition(places.count == pulled.count && places.count > 1, "a value a place, of two places or more")
    self.places = places
    let slopes = zip(places, pulled).map { $0 - $1 }
    var sums = [0.0]
    for place in places.indices.dropFirst() {
      let step = places[place] - places[place - 1]
      sums.append(sums[place - 1] + step * (slopes[place] + slopes[place - 1]) / 2)
    }
    let lowest = sums.min() ?? 0
    potential = sums.map { $0 - lowest }
    fixedPlaces = places.indices.dropLast().compactMap { index in
      let (before, after) = (slopes[index], slopes[index + 1])
      guard before < 0 && after >= 0 || before > 0 && after <= 0 else { return nil }
      let part = before / (before - after)
      return FixedPlace(
        place: places[index] + part * (places[index + 1] - places[index]), isStable: before < 0)
    }
  }

  /// Where a model's line is looked at: somewhat beyond both states.
  public static func places(count: Int, reach: Double = 1.5) -> [Double] {
    precondition(count > 1, "a line has two places or more")
    return (0..<count).map { reach * (2 * Double($0) / Double(count - 1) - 1) }
  }
}
