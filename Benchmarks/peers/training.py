"""Trains the same U-Net with diffuse-gpu and with PyTorch, in turns, and compares images a second and memory.

    python3 Benchmarks/peers/training.py                    # makes its images itself
    python3 Benchmarks/peers/training.py --devices opencl --rounds 5

The network is UNet2DModel of 32x32 grey images with channels (32, 64, 128), one block a level and attention at the
coarsest; a round is a process of some steps of 64 images, of which the median step counts. PyTorch runs eagerly in
float32 with as many threads, and with --autocast once more under bfloat16. The peers are installed from PyPI into .build-peers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import environment

if __name__ == "__main__":
    environment.enter()

import numpy  # noqa: E402  (installed by the line above)

from figures import ratios, spread  # noqa: E402

here = Path(__file__).resolve().parent
CONFIG = {
    "sample_size": 32, "in_channels": 1, "out_channels": 1, "layers_per_block": 1, "block_out_channels": [32, 64, 128],
    "down_block_types": ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"], "norm_num_groups": 32, "attention_head_dim": None}
BATCH = 64

PYTORCH = """
import json, resource, sys, time
import numpy, torch
from diffusers import DDPMScheduler, UNet2DModel
config, images, steps, threads, autocast = json.loads(sys.argv[1])
torch.set_num_threads(threads)
torch.manual_seed(0)
network = UNet2DModel(**config)
average = [p.detach().clone() for p in network.parameters()]
scheduler = DDPMScheduler()
optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
data = torch.from_numpy(numpy.load(images))
seconds = []
for step in range(steps):
    start = time.perf_counter()
    x0 = data[torch.randint(0, len(data), (64,))]
    noise, t = torch.randn_like(x0), torch.randint(0, 1000, (64,))
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = torch.nn.functional.mse_loss(network(scheduler.add_noise(x0, noise, t), t).sample, noise)
    optimizer.zero_grad(); loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    with torch.no_grad():
        torch._foreach_lerp_(average, list(network.parameters()), 0.001)
    float(loss)
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": seconds, "memory": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--steps", type=int, default=8)
    options.add_argument("--threads", type=int, default=os.cpu_count())
    options.add_argument("--devices", nargs="+", default=["cpu"], help="devices of diffuse-gpu, such as cpu and opencl")
    options.add_argument("--program", default=str(environment.repository / ".build/release/diffuse-gpu"))
    options.add_argument("--autocast", action="store_true", help="PyTorch under bfloat16 autocast as well")
    options.add_argument("--json", type=Path, help="where to keep all figures")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        images = numpy.random.default_rng(0).integers(0, 256, (640, 1, 32, 32)).astype("float32") / 127.5 - 1
        numpy.save(folder / "images.npy", images)
        (folder / "config.json").write_text(json.dumps({"_class_name": "UNet2DModel"} | CONFIG))
        programs = {"PyTorch eager": lambda: pytorch(arguments, folder, False)}
        if arguments.autocast:
            programs["PyTorch bf16 autocast"] = lambda: pytorch(arguments, folder, True)
        for device in arguments.devices:
            programs[f"diffuse-gpu {device}"] = lambda device=device: ours(arguments, folder, device, "float32")
            if device == "cpu":
                programs["diffuse-gpu cpu bfloat16"] = lambda: ours(arguments, folder, "cpu", "bfloat16")
        rows = {name: {"seconds": [], "memory": 0} for name in programs}
        for turn in range(arguments.rounds):
            names = list(programs)
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                seconds, memory = programs[name]()
                rows[name]["seconds"].append(seconds / BATCH)
                rows[name]["memory"] = max(rows[name]["memory"], memory)
    print(f"\ntraining, batch {BATCH}, {arguments.threads} threads\n")
    print("| | images a second | times PyTorch eager | peak memory |\n|---|---|---|---|", flush=True)
    for name, row in rows.items():
        rates = [1 / seconds for seconds in row["seconds"]]
        beside = spread(ratios(rows, name, "PyTorch eager"), 2)
        print(f"| {name} | {spread(rates, 1)} | {beside} | {row['memory'] / 1e6:.0f} MB |", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


def pytorch(arguments, folder, autocast):
    """The median step's seconds and the peak memory of one process."""
    request = json.dumps([CONFIG, str(folder / "images.npy"), arguments.steps, arguments.threads, autocast])
    result = json.loads(run([sys.executable, "-W", "ignore", "-c", PYTORCH, request])[0].splitlines()[-1])
    return statistics.median(result["seconds"][2:]), result["memory"]


def ours(arguments, folder, device, precision):
    run_folder = folder / "run"
    subprocess.run(["rm", "-rf", run_folder], check=True)
    _, memory = run([
        arguments.program, "train", "--data", folder / "images.npy", "--config", folder / "config.json", "--output",
        run_folder, "--steps", str(arguments.steps), "--batch", str(BATCH), "--device", device, "--threads",
        str(arguments.threads), "--precision", precision, "--samples-every", "0", "--quiet"])
    ends = [json.loads(line)["seconds"] for line in (run_folder / "log.jsonl").read_text().splitlines()]
    return statistics.median([end - start for start, end in zip(ends, ends[1:])][1:]), memory


def run(command):
    """Standard output and peak memory of a program."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return output, 1024 * usage.ru_maxrss


if __name__ == "__main__":
    main()
