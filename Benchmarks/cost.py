"""How time and memory of a U-Net grow with the batch, the size of the images and the threads.

    python3 Benchmarks/cost.py            # some minutes; rewrites Documentation/Cost.svg and prints the tables of Cost.md

Runs `diffuse-gpu bench` on the U-Net of google/ddpm-cifar10-32 with random weights. Needs nothing but Python.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

repository = Path(__file__).resolve().parents[1]
BATCHES, SIZES, THREADS = [1, 2, 4, 8, 16, 32, 64], [32, 64, 96, 128, 192, 256], [1, 2]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", default=str(repository / ".build/release/diffuse-gpu"))
    options.add_argument("--output", type=Path, default=repository / "Documentation/Cost.svg")
    options.add_argument("--keep", type=Path, help="a JSON file to keep all reports in, or to take them from")
    arguments = options.parse_args()
    if arguments.keep and arguments.keep.exists():
        runs = json.loads(arguments.keep.read_text())
    else:
        runs = measure(arguments.program)
        if arguments.keep:
            arguments.keep.write_text(json.dumps(runs))
    for axis in ("batch", "size"):
        print_table(axis, runs)
    arguments.output.write_text(plot(runs))


def measure(program):
    """One report for each point: by batch at 32x32, by size with one image."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        subprocess.run([program, "init", repository / "Benchmarks/peers/ddpm-cifar10-32.json", "--output", model, "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
        for threads in THREADS:
            for batch, size in [(batch, 32) for batch in BATCHES] + [(1, size) for size in SIZES[1:]]:
                print(f"{threads} threads, batch {batch}, {size}x{size}", file=sys.stderr)
                report = json.loads(subprocess.run(
                    [program, "bench", "--model", model, "--batch", str(batch), "--size", str(size), "--threads",
                     str(threads), "--device", "cpu", "--repeat", "3" if batch * size * size < 40_000 else "2", "--json"],
                    check=True, capture_output=True, text=True).stdout)
                runs.append({"threads": threads, "batch": batch, "size": size, "report": report})
    return runs


def points(axis, runs, threads):
    chosen = [run for run in runs if run["threads"] == threads and (
        run["size"] == 32 if axis == "batch" else run["batch"] == 1)]
    return sorted(chosen, key=lambda run: run[axis])


def seconds(run):
    return statistics.median(run["report"]["network"]["seconds"]) / run["batch"]


def share(run, operation):
    layers = run["report"]["layers"]
    times = {layer["operation"]: 0.0 for layer in layers}
    for layer in layers:
        times[layer["operation"]] += layer["calls"] * layer["seconds"]
    return times.get(operation, 0) / sum(times.values())


def print_table(axis, runs):
    print(f"\n| {axis} | 1 thread, ms an image | 2 threads | gain | GFLOP/s | convolutions | normalisation | attention | memory |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one, two in zip(points(axis, runs, 1), points(axis, runs, 2)):
        network = two["report"]["network"]
        rate = network["floating_point_operations"] / two["batch"] / seconds(two) / 1e9
        parts = [f"{100 * share(two, operation):.0f} %" for operation in ("convolve", "normalizeGroups", "attend")]
        print(f"| {two[axis]} | {1e3 * seconds(one):.1f} | {1e3 * seconds(two):.1f} | {seconds(one) / seconds(two):.2f} | "
              f"{rate:.0f} | {' | '.join(parts)} | {network['peak_memory'] / 1e6:.0f} MB |")


# The plot: two columns (by batch, by size), two rows (time an image, memory), logarithmic on both axes.

WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 200, 70, 40, 90
COLOURS = {1: "#b35900", 2: "#1f5fa8"}


def plot(runs):
    total = LEFT + 2 * WIDTH + GAP + 20, TOP + 2 * HEIGHT + GAP + 50
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total[0]} {total[1]}" font-family="sans-serif" '
             f'font-size="12">', f'<rect width="{total[0]}" height="{total[1]}" fill="white"/>']
    for column, axis in enumerate(("batch", "size")):
        label = "images in a batch of 32x32" if axis == "batch" else "rows and columns of one image"
        for row, (title, value) in enumerate((
                ("time an image, ms", lambda run: 1e3 * seconds(run)),
                ("memory, MB", lambda run: run["report"]["network"]["peak_memory"] / 1e6))):
            lines = {threads: [(run[axis], value(run)) for run in points(axis, runs, threads)] for threads in THREADS}
            parts.append(panel(LEFT + column * (WIDTH + GAP), TOP + row * (HEIGHT + GAP), title, label, lines))
    return "\n".join([*parts, "</svg>", ""])


def panel(left, top, title, label, lines):
    xs = sorted({x for line in lines.values() for x, _ in line})
    values = [y for line in lines.values() for _, y in line]
    ticks = [mark for mark in marks(min(values), max(values))]
    low, high = math.log(ticks[0]), math.log(ticks[-1])

    def at_x(x):
        return left + WIDTH * math.log(x / xs[0]) / math.log(xs[-1] / xs[0])

    def at_y(y):
        return top + HEIGHT * (1 - (math.log(y) - low) / (high - low))

    parts = [f'<text x="{left}" y="{top - 12}" font-weight="bold">{title}</text>',
             f'<text x="{left + WIDTH / 2}" y="{top + HEIGHT + 36}" text-anchor="middle">{label}</text>']
    for tick in ticks:
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{at_y(tick):.1f}" y2="{at_y(tick):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for x in xs:
        parts.append(f'<text x="{at_x(x):.1f}" y="{top + HEIGHT + 17}" text-anchor="middle">{x}</text>')
    for threads, line in lines.items():
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)
        dash = ' stroke-dasharray="5 4"' if threads == 1 else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[threads]}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{COLOURS[threads]}"/>' for x, y in line]
    # The legend lies where no line does: at the upper left, since everything but the time of a batch grows.
    corner = left + (WIDTH - 80 if line[0][1] > line[-1][1] else 8)
    for place, threads in enumerate(lines):
        parts.append(f'<text x="{corner}" y="{top + 14 + 15 * place}" fill="{COLOURS[threads]}">'
                     f'{threads} thread{"s" if threads > 1 else " (dashed)"}</text>')
    return "\n".join(parts)


def marks(low, high):
    """Round numbers 1, 2, 5 from at most `low` to at least `high`."""
    steps = [digit * 10.0 ** power for power in range(-3, 8) for digit in (1, 2, 5)]
    first = max(index for index, step in enumerate(steps) if step <= low)
    last = min(index for index, step in enumerate(steps) if step >= high)
    return steps[first:last + 1]


if __name__ == "__main__":
    main()
