"""Sixty-four digits of the embedded model by fifty DDIM steps: `diffuse-gpu sample` beside diffusers in Python.

    mnist.py MODEL OUTPUT THREADS    # the peer itself: what a script of a user of diffusers does
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from figures import ratios, spread

STEPS, COUNT = 50, 64


def compare(arguments, folder):
    """Times both programs in turn and prints their table."""
    model = Path(__file__).resolve().parents[2] / "Sources/PretrainedModels/mnist"
    commands = {
        "diffusers": [sys.executable, __file__, model, folder / "peer.png", str(arguments.threads)],
        "diffuse-gpu": [
            arguments.program, "sample", "--sampler", "ddim", "--steps", str(STEPS), "--count", str(COUNT), "--device",
            "cpu", "--threads", str(arguments.threads), "--output", folder / "ours.png", "--json", "--quiet"],
    }
    commands["diffuse-gpu bfloat16"] = [*commands["diffuse-gpu"], "--precision", "bfloat16"]
    rows = {name: {"process": [], "loop": []} for name in commands}
    for turn in range(arguments.rounds + 1):
        for name in list(commands)[turn % 3:] + list(commands)[:turn % 3]:
            command, start = commands[name], time.perf_counter()
            result = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds = time.perf_counter() - start
            if turn > 0:  # the first round reads programs from the disk
                rows[name]["process"].append(seconds)
                rows[name]["loop"].append(json.loads(result.stdout)["seconds"])
    print(f"\n{COUNT} MNIST images, {STEPS} DDIM steps, {arguments.threads} threads\n")
    print("| | process, seconds | times diffusers | loop, seconds | times diffusers |\n|---|---|---|---|---|")
    for name, row in rows.items():
        cells = []
        for part in ("process", "loop"):
            cells += [spread(row[part], 2), spread(ratios(rows, name, "diffusers", part), 2)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return rows


def sample(model, output, threads):
    """What a user of diffusers writes; the loop is the pipeline's call."""
    import numpy
    import torch
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
    from PIL import Image

    torch.set_num_threads(threads)
    pipeline = DDIMPipeline(UNet2DModel.from_pretrained(model), DDIMScheduler.from_pretrained(model))
    pipeline.set_progress_bar_config(disable=True)
    start = time.perf_counter()
    images = pipeline(COUNT, torch.Generator().manual_seed(0), num_inference_steps=STEPS, output_type="np").images
    seconds = time.perf_counter() - start
    images = (images[..., 0] * 255).round().astype("uint8")
    rows = [numpy.concatenate(list(images[first:first + 8]), axis=1) for first in range(0, COUNT, 8)]
    Image.fromarray(numpy.concatenate(rows)).save(output)
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    sample(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
