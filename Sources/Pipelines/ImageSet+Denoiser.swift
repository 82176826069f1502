public import Compute
public import Datasets
public import Diffusion
import Tensors

extension ImageSet {
  /// The exact score of the set, which can take a network's place: two products with all images an evaluation.
  ///
  /// The denoiser of a finite set of data is the posterior mean over its images (Raya and Ambrogioni 2023): samples
  /// end on images of the set, which is what a network that had learned it by heart would do.
  public func denoiser(on backend: any Backend) -> GaussianMixtureDenoiser {
    .init(centres: values, dimension: shape.count, on: backend)
  }
}
