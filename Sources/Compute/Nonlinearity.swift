/// A function applied to every value.
public enum Nonlinearity: String, Sendable, Hashable, CaseIterable {
  /// `x`
  case identity
  /// `x / (1 + exp(-x))`, also called swish (Ramachandran et al. 2017).
  case silu
  /// `x * tanh(log(1 + exp(x)))` (Misra 2019).
  case mish
  /// `x * (1 + erf(x / sqrt 2)) / 2` (Hendrycks and Gimpel 2016), the exact form.
  case gelu
  /// `max(x, 0)`
  case relu
}
