"""Trains a small network for a few steps, exports it, and has diffusers load and evaluate what was exported.

    .build-peers/bin/python Benchmarks/peers/export.py [--program PROGRAM]

DDPMPipeline.from_pretrained must take the directory in each form of the weights; its network's prediction may differ from
`diffuse-gpu forward` by 1e-5 of the largest value, and its scheduler must have the exported settings.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from diffusers import DDPMPipeline

root = Path(__file__).resolve().parent.parent.parent


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", default=str(root / ".build/release/diffuse-gpu"))
    arguments = options.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random = numpy.random.default_rng(0)
        numpy.save(folder / "images.npy", random.uniform(-1, 1, (32, 3, 16, 16)).astype("float32"))
        sample = random.standard_normal((2, 3, 16, 16)).astype("float32")
        numpy.save(folder / "x.npy", sample)
        numpy.save(folder / "t.npy", numpy.array([10, 700], "float32"))

        def run(*words):
            subprocess.run([arguments.program, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

        for form in ["F32", "F16", "BF16"]:
            export = folder / form
            run("train", "--data", folder / "images.npy", "--output", folder / f"run-{form}", "--steps", 3, "--batch", 8,
                "--samples-every", 0, "--prediction", "v_prediction", "--device", "cpu", "--quiet", "--export", export,
                "--export-type", form)
            run("forward", "--model", export, "--input", folder / "x.npy", "--timesteps", folder / "t.npy", "--output",
                folder / "y.npy", "--device", "cpu", "--quiet")
            pipeline = DDPMPipeline.from_pretrained(export, dtype=torch.float32)
            with torch.no_grad():
                expected = pipeline.unet(torch.from_numpy(sample), torch.tensor([10, 700])).sample.numpy()
            error = numpy.abs(numpy.load(folder / "y.npy") - expected).max() / numpy.abs(expected).max()
            prediction = pipeline.scheduler.config.prediction_type
            print(f"{form}: diffusers loads it, prediction {prediction}, largest error {error:.1e} of the largest value")
            worst = max(worst, error, 0 if prediction == "v_prediction" else 1)
    sys.exit(int(worst > 1e-5))


if __name__ == "__main__":
    main()
