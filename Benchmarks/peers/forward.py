"""Times one U-Net evaluation beside PyTorch eager, on the same weights, inputs and cores, in turn.

    python3 -m venv .build-peers && .build-peers/bin/pip install torch==2.13.0+cpu diffusers safetensors numpy
    .build-peers/bin/python Benchmarks/peers/forward.py --rounds 7 --devices cpu opencl

The network is the U-Net of google/ddpm-cifar10-32 (35.7 million parameters) with random weights from `init`. The outputs
are compared before anything is timed. Medians over the rounds are printed with their spread, and the ratio to PyTorch.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import torch
from diffusers import UNet2DModel

here = Path(__file__).resolve().parent


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", default=str(here.parent.parent / ".build/release/diffuse-gpu"))
    options.add_argument("--config", default=str(here / "ddpm-cifar10-32.json"))
    options.add_argument("--devices", nargs="+", default=["cpu"])
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        model = folder / "model"
        subprocess.run([arguments.program, "init", arguments.config, "--seed", "0", "--output", model, "--quiet"], check=True)
        network = UNet2DModel.from_pretrained(model / "unet").eval()
        size = network.config.sample_size
        generator = torch.Generator().manual_seed(1)
        sample = torch.randn(arguments.batch, network.config.in_channels, size, size, generator=generator)
        timesteps = torch.linspace(10, 900, arguments.batch)
        numpy.save(folder / "sample.npy", sample.numpy())
        numpy.save(folder / "timesteps.npy", timesteps.numpy())

        @torch.no_grad()
        def evaluate():
            start = time.perf_counter()
            output = network(sample, timesteps).sample
            return time.perf_counter() - start, output

        _, expected = evaluate()
        expected = expected.numpy()

        def run(device, repeat):
            result = subprocess.run(
                [arguments.program, "forward", "--model", model, "--input", folder / "sample.npy", "--timesteps",
                 folder / "timesteps.npy", "--output", folder / "out.npy", "--device", device, "--threads",
                 str(arguments.threads), "--repeat", str(repeat), "--json"],
                check=True, capture_output=True, text=True)
            return json.loads(result.stdout)["seconds"]

        for device in arguments.devices:
            run(device, 1)
            error = numpy.abs(numpy.load(folder / "out.npy") - expected).max() / numpy.abs(expected).max()
            print(f"{device}: largest difference to PyTorch {error:.1e} of the largest value")

        seconds = {"PyTorch eager": [], **{device: [] for device in arguments.devices}}
        evaluate()
        for _ in range(arguments.rounds):
            seconds["PyTorch eager"].append(min(evaluate()[0] for _ in range(2)))
            for device in arguments.devices:
                # The first evaluation of a process prepares weights; the best of the others counts, as for PyTorch.
                seconds[device].append(min(run(device, 3)[1:]))

        reference = statistics.median(seconds["PyTorch eager"])
        print("| | seconds an image, median | spread | times PyTorch's time |\n|---|---|---|---|")
        for name, values in seconds.items():
            median = statistics.median(values)
            print(f"| {name} | {median / arguments.batch:.4f} | {min(values) / arguments.batch:.4f} to "
                  f"{max(values) / arguments.batch:.4f} | {median / reference:.2f} |")


if __name__ == "__main__":
    main()
