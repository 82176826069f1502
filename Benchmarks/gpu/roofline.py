"""What a device could do at best: the time of each layer of a network by its arithmetic or its memory, whichever is longer.

    roofline.py --program diffuse-gpu --model DIR [--batch 256] [--tflops 989] [--terabytes 3.0]

Operations and bytes come from `bench --layers --json` at two batches, on any device: from these what grows with the batch and what
does not. Bytes are halved, for elements of 16 bits. By default an H100's dense bfloat16 peak and its measured memory speed; also printed is
the bound by mma.sync, which reaches 0.64 of that peak (Luo and others 2025, arXiv 2501.12084). Prints a Markdown table.
"""

import argparse
import json
import subprocess
from collections import Counter

MMA_SHARE = 0.64


def layers(program, model, batch):
    command = [program, "bench", "--model", model, "--device", "cpu", "--batch", str(batch), "--repeat", "1", "--layers", "--network-only",
               "--json", "--quiet"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    # Layers of one shape stand in one entry; the batch is part of the text that names them.
    rows = {}
    for layer in report["layers"]:
        name = f"{layer['operation']} {layer['sizes'].replace(f'[{batch}, ', '[B, ')}"
        rows[name] = (layer["calls"], layer["floating_point_operations"], layer["bytes"])
    return rows


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--program", default="diffuse-gpu")
    options.add_argument("--model", required=True)
    options.add_argument("--batch", type=int, default=256)
    options.add_argument("--tflops", type=float, default=989)
    options.add_argument("--terabytes", type=float, default=3.0)
    arguments = options.parse_args()
    one, two = (layers(arguments.program, arguments.model, batch) for batch in (1, 2))
    missing = Counter(one.keys()) - Counter(two.keys())
    if missing:
        raise SystemExit(f"layers without a partner at twice the batch: {', '.join(missing)}")
    rows = []
    for name, (calls, operations, bytes_one) in one.items():
        growth = two[name][2] - bytes_one
        work, moved = operations * arguments.batch, (bytes_one + growth * (arguments.batch - 1)) / 2
        arithmetic, memory = work / (arguments.tflops * 1e12), moved / (arguments.terabytes * 1e12)
        rows.append((name, calls, work, moved, arithmetic, memory))
    rows.sort(key=lambda row: -row[1] * max(row[4], row[5]))
    print("| layer | calls | GFLOP | MB | arithmetic, us | mma.sync, us | memory, us | bound by |\n|---|---|---|---|---|---|---|---|")
    best = realistic = 0
    for name, calls, work, moved, arithmetic, memory in rows:
        best += calls * max(arithmetic, memory)
        realistic += calls * max(arithmetic / MMA_SHARE, memory)
        bound = "arithmetic" if arithmetic / MMA_SHARE > memory else "memory"
        print(f"| {name} | {calls} | {work / 1e9:.1f} | {moved / 1e6:.1f} | {1e6 * arithmetic:.1f} | {1e6 * arithmetic / MMA_SHARE:.1f} |"
              f" {1e6 * memory:.1f} | {bound} |")
    print(f"\nAn evaluation: {1e3 * best:.2f} ms at the peak ({arguments.batch / best:.0f} images/s), {1e3 * realistic:.2f} ms by mma.sync"
          f" ({arguments.batch / realistic:.0f} images/s).")


if __name__ == "__main__":
    main()
