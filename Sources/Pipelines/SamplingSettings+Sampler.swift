public import Diffusion
import Models

extension SamplingSettings {
  /// Takes a sampler by its name: one of `SamplerName`, or `ddpm-paper`, which sets ``options`` as well.
  ///
  /// `ddpm-paper` is DDIM with eta 1, by which Raya and Ambrogioni (2023) draw what their tables call DDPM at few steps; `ddpm` is the
  /// model's own ancestral chain, whose variances a configuration may name.
  ///
  /// - Throws: `SamplerError.unknownSampler` for any other name.
  public mutating func select(sampler name: String) throws(SamplerError) {
    guard name.lowercased() == SamplerName.paperDDPM else {
      sampler = .named(try SamplerName(name))
      return
    }
    sampler = .named(.ddim)
    options.eta = 1
  }
}
