"""Compares `sample --rng torch` with the pictures that diffusers' own pipelines draw from the same seeds.

    .build-peers/bin/python Benchmarks/peers/pictures.py [--model DIR] [--seeds 4]

The model is the embedded MNIST model's directory in Sources/PretrainedModels. The largest difference of two pictures may be two of 255
grey levels.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel

root = Path(__file__).resolve().parent.parent.parent


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", default=str(root / ".build/release/diffuse-gpu"))
    options.add_argument("--model", default=str(root / "Sources/PretrainedModels/mnist"))
    options.add_argument("--seeds", type=int, default=4)
    options.add_argument("--devices", nargs="+", default=["cpu", "opencl"])
    arguments = options.parse_args()
    network = UNet2DModel.from_pretrained(arguments.model)
    worst = 0
    for name, steps in [("ddim", 50), ("ddpm", 50)]:
        scheduler_class, pipeline_class = (
            (DDIMScheduler, DDIMPipeline) if name == "ddim" else (DDPMScheduler, DDPMPipeline))
        pipeline = pipeline_class(unet=network, scheduler=scheduler_class.from_pretrained(arguments.model))
        pipeline.set_progress_bar_config(disable=True)
        generators = [torch.Generator().manual_seed(seed) for seed in range(arguments.seeds)]
        expected = pipeline(
            batch_size=arguments.seeds, generator=generators, num_inference_steps=steps, output_type="np").images
        for device in arguments.devices:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "x.npz"
                subprocess.run(
                    [arguments.program, "sample", "--model", arguments.model, "--sampler", name, "--steps", str(steps),
                     "--count", str(arguments.seeds), "--rng", "torch", "--device", device, "--output", path, "--quiet"],
                    check=True, stdout=subprocess.DEVNULL)
                actual = numpy.load(path)["arr_0"].astype(int)
            difference = numpy.abs(actual - (expected * 255).round().astype(int)).max()
            worst = max(worst, difference)
            print(f"{name}, {steps} steps, {device}: largest difference {difference} of 255")
    sys.exit(int(worst > 2))


if __name__ == "__main__":
    main()
