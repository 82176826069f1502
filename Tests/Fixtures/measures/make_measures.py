"""Makes the measures of two small sets of features by torch-fidelity, prdc and scipy.

    python make_measures.py        # numpy 2.4, scipy 1.17, torch 2.13, torch-fidelity 0.4, prdc 0.2

Both sets are Gaussian and differ in mean and covariance. The logits are a classifier's of the first set, the confusion matrix and
the observed shares are made up so that the best composition lies on the edge of the simplex.
"""

import json
from pathlib import Path

import numpy
import scipy.linalg
import scipy.optimize
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_mmd

here = Path(__file__).resolve().parent
SAMPLES, DATA, DIMENSION, CLASSES = 70, 60, 6, 4

generator = numpy.random.default_rng(3)
mixing = generator.standard_normal((DIMENSION, DIMENSION)) * 0.3 + numpy.eye(DIMENSION)
samples = (generator.standard_normal((SAMPLES, DIMENSION)) @ mixing + 0.4).astype("float32")
data = generator.standard_normal((DATA, DIMENSION)).astype("float32")
logits = (3 * generator.standard_normal((SAMPLES, CLASSES))).astype("float32")
numpy.save(here / "samples.npy", samples)
numpy.save(here / "data.npy", data)
numpy.save(here / "logits.npy", logits)


def moments(rows):
    rows = rows.astype("float64")
    return rows.mean(0), numpy.cov(rows, rowvar=False)


(m1, c1), (m2, c2) = moments(samples), moments(data)
frechet = float(((m1 - m2) ** 2).sum() + numpy.trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2).real))
# torch-fidelity adds nothing to the diagonal here, so that both agree.
fidelity = fid_statistics_to_metric({"mu": m1, "sigma": c1}, {"mu": m2, "sigma": c2}, False)
assert abs(fidelity["frechet_inception_distance"] / frechet - 1) < 1e-6

subsets = [[generator.choice(n, 40, replace=False).tolist() for n in (SAMPLES, DATA)] for _ in range(3)]
wide = [rows.astype("float64") for rows in (samples, data)]
kernel = [float(kernel_mmd(wide[0][s], wide[1][d])) for s, d in subsets]
whole = kernel_mmd(wide[0][:DATA], wide[1])

score = isc_features_to_metric(torch.from_numpy(logits), splits=1, shuffle=False, rng_seed=0)

confusion = numpy.array([[80, 15, 5, 0], [10, 70, 10, 10], [0, 5, 90, 5], [20, 0, 30, 50]])
observed = numpy.array([0.5, 0.3, 0.19, 0.01])
shares = confusion / confusion.sum(1, keepdims=True)
solution = scipy.optimize.minimize(
    lambda p: ((shares.T @ p - observed) ** 2).sum(), numpy.full(CLASSES, 1 / CLASSES),
    jac=lambda p: 2 * shares @ (shares.T @ p - observed), bounds=[(0, 1)] * CLASSES,
    constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda p: numpy.ones(CLASSES)}, method="SLSQP",
    options={"ftol": 1e-18, "maxiter": 1000})

(here / "measures.json").write_text(json.dumps({
    "frechet_distance": frechet,
    "kernel_distance": float(whole), "subsets": subsets, "subset_kernel_distances": kernel,
    **{name: float(value) for name, value in compute_prdc(wide[1], wide[0], nearest_k=3).items()},
    "inception_score": float(score["inception_score_mean"]),
    "confusion": confusion.tolist(), "observed": observed.tolist(), "corrected": solution.x.tolist(),
}) + "\n")
