"""Compares the features of FID's Inception with those of pytorch-fid's own module, both with the same random weights.

    python3 Benchmarks/peers/inception.py [--program PROGRAM] [--devices cpu opencl]

pytorch-fid's constructor downloads its weights, which are replaced by seeded ones: filters of a variance that keeps the size of
activations, normalisations with means and variances of their own. The features of eight colour images of 32x32 and of eight grey ones
of 28x28 may differ by 1e-4 of the largest.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

environment.enter("fid")

import numpy
import torch

# torchvision's operators are compiled for another torch than that of the peers. Inception has none of them, but the import names two.
for name in ["nms", "qnms"]:
    torch.library.define(f"torchvision::{name}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
from pytorch_fid import inception
from safetensors.torch import save_file

root = Path(__file__).resolve().parents[2]


def seeded_weights(module):
    """A state of the module drawn from one seed."""
    generator = torch.Generator().manual_seed(0)
    state = module.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_var"):
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif name.endswith("conv.weight"):
            deviation = (2 / tensor[0].numel()) ** 0.5
            state[name] = torch.randn(tensor.shape, generator=generator) * deviation
        elif name.endswith("bn.weight"):
            state[name] = torch.rand(tensor.shape, generator=generator) + 0.5
        elif tensor.is_floating_point():
            state[name] = torch.randn(tensor.shape, generator=generator) * 0.1
    return state


def make_peer():
    """pytorch-fid's network and the state that it has in place of the downloaded one."""
    states = []

    original = inception._inception_v3

    def build(*words, **options):
        network = original(*words, **options)
        load = network.load_state_dict

        def load_seeded(_):
            state = seeded_weights(network)
            states.append(state)
            return load(state)

        network.load_state_dict = load_seeded
        return network

    inception._inception_v3 = build
    inception.load_state_dict_from_url = lambda *_, **__: None
    return inception.InceptionV3().eval(), states[0]


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", default=str(root / ".build/release/diffuse-gpu"))
    options.add_argument("--devices", nargs="+", default=["cpu", "opencl"])
    arguments = options.parse_args()
    peer, state = make_peer()
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "weights.safetensors")

        def run(*words):
            subprocess.run([arguments.program, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

        run("convert-inception", folder / "weights.safetensors", "--output", folder / "network", "--quiet")
        random = numpy.random.default_rng(0)
        for channels, size in [(3, 32), (1, 28)]:
            images = random.integers(0, 256, (8, channels, size, size), dtype="uint8")
            numpy.save(folder / "images.npy", images)
            values = torch.from_numpy(images).float() / 255
            with torch.no_grad():
                expected = peer(values.expand(-1, 3, -1, -1))[0][:, :, 0, 0].numpy()
            for device in arguments.devices:
                run("evaluate", folder / "images.npy", "--classifier", folder / "network", "--data", folder / "images.npy", "--measures",
                    "frechet", "--bootstrap", 0, "--features-out", folder / "features.npz", "--device", device, "--quiet")
                features = numpy.load(folder / "features.npz")["features"]
                error = numpy.abs(features - expected).max() / numpy.abs(expected).max()
                spread = expected.std(axis=0).mean() / numpy.abs(expected).mean()
                print(f"{channels}x{size}x{size} on {device}: largest error {error:.1e} of the largest feature; they vary by {spread:.2f}")
                worst = max(worst, error)
    sys.exit(int(worst > 1e-4))


if __name__ == "__main__":
    main()
