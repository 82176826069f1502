"""One cell of a scan of late starts: two thousand digits by five DDIM steps, their features by a classifier and the Frechet
distance of these to the data's, by `diffuse-gpu late-start scan` beside diffusers and PyTorch with the same classifier.

    cell.py MODEL CLASSIFIER REFERENCE THREADS PRECISION    # the peer itself: what a script of a user of diffusers does
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from figures import ratios, spread

STEPS, COUNT, BATCH = 5, 2000, 100
here = Path(__file__).resolve()
carried = here.parents[2] / "Sources/PretrainedModels"
BFLOAT16 = "avx512_bf16"


def compare(arguments, folder):
    """Times the programs in turn, each from the start of its process, and prints their table."""
    reference = carried / "mnist-classifier/reference.safetensors"
    peer = [sys.executable, here, carried / "mnist", carried / "mnist-classifier", reference, str(arguments.threads)]
    ours = [arguments.program, "late-start", "scan", "--model", "mnist", "--classifier", "mnist-classifier", "--sampler",
            "ddim", "--steps", str(STEPS), "--start", "prior", "--count", str(COUNT), "--bootstrap", "0", "--device", "cpu",
            "--threads", str(arguments.threads), "--output", folder / "scan", "--json", "--quiet"]
    commands = {"diffusers": [*peer, "float32"], "diffuse-gpu": ours}
    # Without instructions for it bfloat16 takes minutes in PyTorch.
    if BFLOAT16 in Path("/proc/cpuinfo").read_text().split():
        commands["diffusers bfloat16"] = [*peer, "bfloat16"]
    commands["diffuse-gpu bfloat16"] = [*ours, "--precision", "bfloat16"]
    rows = {name: {"process": [], "distance": []} for name in commands}
    names = list(commands)
    for turn in range(arguments.rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            shutil.rmtree(folder / "scan", ignore_errors=True)  # a finished cell would not be drawn again
            start = time.perf_counter()
            result = subprocess.run(commands[name], check=True, capture_output=True, text=True)
            rows[name]["process"].append(time.perf_counter() - start)
            rows[name]["distance"].append(distance(json.loads(result.stdout)))
    print(f"\nA cell of {COUNT} MNIST images, {STEPS} DDIM steps, {arguments.threads} threads\n")
    print("| | process, seconds | times diffusers | distance |\n|---|---|---|---|")
    for name, row in rows.items():
        beside = spread(ratios(rows, name, "diffusers", "process"), 2)
        print(f"| {name} | {spread(row['process'], 2)} | {beside} | {row['distance'][0]:.3f} |", flush=True)
    return rows


def distance(result):
    return result["distance"] if "distance" in result else result["results"][0]["measures"]["distance"]["value"]


def load_classifier(folder):
    """The classifier in PyTorch: levels of residual blocks, see Sources/Networks/Classifier.swift."""
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional

    weights, settings = load_file(folder / "classifier.safetensors"), json.loads((folder / "config.json").read_text())
    groups = settings["norm_num_groups"]
    weights = {name: value.float() for name, value in weights.items()}

    def norm(name, x):
        return functional.silu(functional.group_norm(x, groups, weights[name + ".weight"], weights[name + ".bias"], 1e-5))

    def convolution(name, x, **options):
        return functional.conv2d(x, weights[name + ".weight"], weights[name + ".bias"], **options)

    def block(name, x, stride):
        h = convolution(name + ".conv1", norm(name + ".norm1", x), stride=stride, padding=1)
        h = convolution(name + ".conv2", norm(name + ".norm2", h), padding=1)
        has_shortcut = name + ".conv_shortcut.weight" in weights
        return h + (convolution(name + ".conv_shortcut", x, stride=stride) if has_shortcut else x)

    def features(x):
        x = convolution("conv_in", x, padding=1)
        for level in range(len(settings["block_out_channels"])):
            for index in range(settings["layers_per_block"]):
                x = block(f"levels.{level}.blocks.{index}", x, 2 if level > 0 and index == 0 else 1)
        return norm("norm_out", x).mean((2, 3))

    return torch, features


def measure(model, classifier, reference, threads, precision):
    """What a user of diffusers and PyTorch writes: batches of a pipeline, features, scipy's square root."""
    import numpy
    import scipy.linalg
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
    from safetensors.numpy import load_file

    torch, features = load_classifier(Path(classifier))
    torch.set_num_threads(int(threads))
    torch.set_grad_enabled(False)
    pipeline = DDIMPipeline(UNet2DModel.from_pretrained(model), DDIMScheduler.from_pretrained(model))
    pipeline.set_progress_bar_config(disable=True)
    generator, rows = torch.Generator().manual_seed(0), []
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
        for _ in range(COUNT // BATCH):
            images = pipeline(BATCH, generator, num_inference_steps=STEPS, output_type="np").images
            images = torch.from_numpy((images * 255).round()).permute(0, 3, 1, 2) / 127.5 - 1
            rows.append(features(images.float()).float().numpy())
    rows, data = numpy.concatenate(rows).astype("float64"), load_file(reference)
    root = scipy.linalg.sqrtm(numpy.cov(rows, rowvar=False) @ data["covariance"]).real
    trace = numpy.trace(numpy.cov(rows, rowvar=False) + data["covariance"] - 2 * root)
    print(json.dumps({"distance": float(((rows.mean(0) - data["mean"]) ** 2).sum() + trace)}))


if __name__ == "__main__":
    measure(*sys.argv[1:])
