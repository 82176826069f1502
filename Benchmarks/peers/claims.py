"""What diffuse-gpu claims of its speed and memory beside other programs, held against measured figures."""

import statistics
from pathlib import Path

from figures import ratios, spread

SPEED = [  # table, program, reference, figure, times faster at least
    ("cifar10, batch 1", "diffuse-gpu", "OpenVINO f32", "seconds", 1.3),
    ("cifar10, batch 8", "diffuse-gpu", "OpenVINO f32", "seconds", 1.5),
    ("cifar10, batch 1", "diffuse-gpu bfloat16", "OpenVINO bf16", "seconds", 0.9),
    ("cifar10, batch 8", "diffuse-gpu bfloat16", "OpenVINO bf16", "seconds", 0.9),
    ("celebahq, batch 1", "diffuse-gpu", "OpenVINO f32", "seconds", 1.3),
    ("mnist", "diffuse-gpu", "diffusers", "process", 2.5),
    ("mnist", "diffuse-gpu", "diffusers", "loop", 1.7),
    ("cell", "diffuse-gpu", "diffusers", "process", 3),
    ("cifar10, batch 8", "diffuse-gpu opencl", "diffuse-gpu", "seconds", 1 / 3),
]
MEMORY = [("celebahq, batch 1", "diffuse-gpu", "PyTorch eager", 0.8)]  # share of the reference's peak at most


def print_claims(results):
    """A row for every claim whose two programs ran; whether it holds goes by the median."""
    lines = []
    for table, name, reference, figure, least in SPEED:
        values = ratios(results.get(table, {}), name, reference, figure)
        if values is not None:
            kept = statistics.median(values) >= least
            lines.append(f"| {table}: {name}, speed ({figure}) beside {reference} | at least {least:.2f} | "
                         f"{spread(values, 2)} | {verdict(kept)} |")
    for table, name, reference, most in MEMORY:
        rows = results.get(table, {})
        if name in rows and reference in rows:
            share = rows[name]["memory"] / rows[reference]["memory"]
            lines.append(f"| {table}: {name}, peak memory beside {reference} | at most {most:.2f} | {share:.2f} | "
                         f"{verdict(share <= most)} |")
    if lines:
        if "avx512f" not in Path("/proc/cpuinfo").read_text():
            print("\nThe claims are of processors with AVX-512, which this one lacks.")
        print("\n| claim | ratio | measured | |\n|---|---|---|---|\n" + "\n".join(lines), flush=True)


def verdict(kept):
    return "holds" if kept else "MISSED"
