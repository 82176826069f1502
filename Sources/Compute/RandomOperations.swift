/// Noise as a function.
public protocol RandomOperations: AnyObject {
  /// Fills each of `seeds.count` rows with standard normals that depend on the row's seed, on `key` and on the place
  /// within the row, and on nothing else.
  ///
  /// Philox-4x32 with ten rounds (Salmon et al. 2011): key `(low half of the seed, high half)`, counter
  /// `(place / 4, step, draw, 0)`; its words `w0...w3` give four normals by Box and Muller (1958):
  ///
  /// ```
  /// u1 = w0 / 2^32 + 2^-33     r = sqrt(-2 ln u1)     (w1 is the angle: 2 pi w1 / 2^32)
  /// z0 = r cos(angle)   z1 = r sin(angle)   and z2, z3 likewise from w2, w3
  /// ```
  ///
  /// Integers agree on all backends; normals agree within 1e-5 absolutely. `destination.count` is a multiple of
  /// `seeds.count`.
  func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey)
}
