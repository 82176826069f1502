import Foundation

/// How much noise each training step of a discrete model adds: `beta_t`, a table in 32-bit precision.
///
/// The tables reproduce those of diffusers bit for bit (but for `sigmoid`, within a rounding), because a network is
/// only as good as the agreement between the table it was trained with and the one it is sampled with.
public enum BetaSchedule: Sendable, Hashable {
  /// Evenly spaced betas (Ho, Jain and Abbeel 2020).
  case linear(from: Double, to: Double)
  /// Betas whose square roots are evenly spaced (Rombach and others 2022).
  case scaledLinear(from: Double, to: Double)
  /// `alphaBar(u) = cos^2((u + 0.008) / 1.008 * pi / 2)` with betas of at most 0.999 (Nichol and Dhariwal 2021).
  case squaredCosine
  /// A logistic curve over -6...6 between two betas (Xu and others 2022, GeoDiff).
  case sigmoid(from: Double, to: Double)
  /// `alphaBar` from a Laplace density of log signal-to-noise ratios (Hang and Gu 2024).
  case laplace
  /// `alphaBar(u) = exp(-12 u)`.
  case exponential
  /// A table of the model's own.
  case table([Float])

  /// The betas of `count` training steps.
  public func betas(count: Int) -> [Float] {
    switch self {
    case .linear(let start, let end):
      return Self.evenlySpaced(from: Float(start), to: Float(end), count: count)
    case .scaledLinear(let start, let end):
      let roots = Self.evenlySpaced(from: Float(start.squareRoot()), to: Float(end.squareRoot()), count: count)
      return roots.map { $0 * $0 }
    case .sigmoid(let start, let end):
      return Self.evenlySpaced(from: -6, to: 6, count: count).map {
        Float(1 / (1 + exp(-Double($0)))) * Float(end - start) + Float(start)
      }
    case .squaredCosine:
      return Self.betas(count: count) { pow(cos(($0 + 0.008) / 1.008 * .pi / 2), 2) }
    case .laplace:
      return Self.betas(count: count) { u in
        let side: Double = u > 0.5 ? -1 : 1
        let signalToNoise = exp(-0.5 * side * log(1 - 2 * abs(0.5 - u) + 1e-6))
        return (signalToNoise / (1 + signalToNoise)).squareRoot()
      }
    case .exponential:
      return Self.betas(count: count) { exp(-12 * $0) }
    case .table(let betas):
      return betas
    }
  }

  /// `1 - alphaBar(t + 1) / alphaBar(t)`, at most 0.999.
  private static func betas(count: Int, alphaBar: (Double) -> Double) -> [Float] {
    (0..<count).map { step in
      let (start, end) = (Double(step) / Double(count), Double(step + 1) / Double(count))
      return Float(min(1 - alphaBar(end) / alphaBar(start), 0.999))
    }
  }

  /// Evenly spaced values, built from both ends with fused products as PyTorch's `linspace` does on the CPU.
  private static func evenlySpaced(from start: Float, to end: Float, count: Int) -> [Float] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - 1 - index))
    }
  }

  /// The cumulated products `alphaBar_t` of `count` training steps; see
  /// ``NoiseSchedule/init(_:count:rescalesToZeroSignal:terminalAlphaBar:)``.
  package func alphaBars(count: Int, rescalesToZeroSignal: Bool, terminalAlphaBar: Float?) -> [Float] {
    let table = betas(count: count)
    var products = Self.cumulatedProducts(of: rescalesToZeroSignal ? Self.rescaledToZeroSignal(table) : table)
    if rescalesToZeroSignal, let terminalAlphaBar { products[products.count - 1] = terminalAlphaBar }
    return products
  }

  /// `alphaBar_t`, the products of `1 - beta`, accumulated in 64 bits and rounded to 32 as PyTorch's `cumprod` does.
  private static func cumulatedProducts(of betas: [Float]) -> [Float] {
    var product = 1.0
    return betas.map { beta in
      product *= Double(1 - beta)
      return Float(product)
    }
  }

  /// Betas moved and scaled in `sqrt(alphaBar)` so that nothing of the data is left at the last step
  /// (Lin and others 2024, algorithm 1).
  private static func rescaledToZeroSignal(_ betas: [Float]) -> [Float] {
    var roots = cumulatedProducts(of: betas).map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last else { return betas }
    let scale = first / (first - last)
    roots = roots.map { ($0 - last) * scale }
    let products = roots.map { $0 * $0 }
    return products.indices.map { 1 - ($0 == 0 ? products[0] : products[$0] / products[$0 - 1]) }
  }
}
