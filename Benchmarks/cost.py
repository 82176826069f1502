"""How time and memory of a U-Net grow with the batch, the size of the images and the threads.

    python3 Benchmarks/cost.py                     # half an hour; rewrites Cost.svg and prints the tables of Cost.md
    python3 Benchmarks/cost.py --keep cost.json    # the same; goes on where it was stopped

Runs `diffuse-gpu bench --network-only` on the U-Net of google/ddpm-cifar10-32 with random weights, several rounds of
all points in turn; times are medians of all evaluations of a point. Memory is what the backend held at most:
activations and prepared filters, not the file of weights, which is mapped, nor the program. Needs nothing but Python.
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
    options.add_argument("--output", type=Path, default=repository / "Sources/Profiling/Profiling.docc/Cost.svg")
    options.add_argument("--keep", type=Path,
                         help="a JSON file to which each report is added; what it has is not measured again")
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    reports = measure(arguments.program, arguments.rounds, arguments.keep)
    for axis in ("batch", "size"):
        print_table(axis, reports)
    arguments.output.write_text(plot(reports))


def measure(program, rounds, keep):
    """Reports by (threads, batch, size), one a round: by batch at 32x32, by size with one image."""
    runs = json.loads(keep.read_text()) if keep and keep.exists() else []
    reports = {}
    for *point, report in runs:
        reports.setdefault(tuple(point), []).append(report)
    shapes = [(batch, 32) for batch in BATCHES] + [(1, size) for size in SIZES[1:]]
    points = [(threads, *shape) for shape in shapes for threads in THREADS]
    wanted = [(number, point) for number in range(rounds) for point in points]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        subprocess.run(
            [program, "init", repository / "Benchmarks/peers/ddpm-cifar10-32.json", "--output", model, "--quiet"],
            check=True, stdout=subprocess.DEVNULL)
        for number, point in wanted:
            if len(reports.setdefault(point, [])) > number:
                continue
            threads, batch, size = point
            print(f"round {number + 1}: {threads} threads, batch {batch}, {size}x{size}", file=sys.stderr)
            repetitions = max(1, min(7, 65_536 // (batch * size * size)))
            report = json.loads(subprocess.run(
                [program, "bench", "--network-only", "--model", model, "--batch", str(batch), "--size", str(size),
                 "--threads", str(threads), "--device", "cpu", "--repeat", str(repetitions), "--json"],
                check=True, capture_output=True, text=True).stdout)
            reports[point].append(report)
            runs.append([*point, report])
            if keep:
                unfinished = keep.with_name(keep.name + ".part")
                unfinished.write_text(json.dumps(runs))
                unfinished.replace(keep)
    return reports


class Point:
    """All that was measured of one batch, size and number of threads."""

    def __init__(self, batch, size, reports):
        self.batch, self.size = batch, size
        self.evaluations = [seconds / batch for report in reports for seconds in report["network"]["seconds"]]
        self.seconds = statistics.median(self.evaluations)  # an image
        self.operations = reports[0]["network"]["floating_point_operations"] / batch
        self.memory = max(report["network"]["peak_memory"] for report in reports)
        self.layers = [layer for report in reports for layer in report["layers"]]

    def share(self, operation):
        """The share of an operation in the time of all, each waited for."""
        def time(layers):
            return sum(layer["calls"] * layer["seconds"] for layer in layers)
        return time(layer for layer in self.layers if layer["operation"] == operation) / time(self.layers)

    def milliseconds(self):
        return (f"{1e3 * self.seconds:.1f} "
                f"({1e3 * min(self.evaluations):.1f} to {1e3 * max(self.evaluations):.1f})")


def points(axis, reports, threads):
    """The points along an axis, in order."""
    chosen = [Point(batch, size, found) for (count, batch, size), found in reports.items()
              if count == threads and (size == 32 if axis == "batch" else batch == 1)]
    return sorted(chosen, key=lambda point: getattr(point, axis))


def print_table(axis, reports):
    print(f"\n| {axis} | 1 thread, ms an image | 2 threads, ms an image | gain | GFLOP/s | convolutions "
          "| normalisation | attention | held |")
    print("|---|---|---|---|---|---|---|---|---|")
    for one, two in zip(points(axis, reports, 1), points(axis, reports, 2)):
        parts = [f"{100 * two.share(operation):.0f} %" for operation in ("convolve", "normalizeGroups", "attend")]
        cells = [getattr(two, axis), one.milliseconds(), two.milliseconds(), f"{one.seconds / two.seconds:.2f}",
                 f"{two.operations / two.seconds / 1e9:.0f}", *parts, f"{two.memory / 1e6:.0f} MB"]
        print("|", " | ".join(map(str, cells)), "|")


# The plot: two columns (by batch, by size), two rows (time, memory), logarithmic on both axes.

WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 200, 70, 40, 90
COLOURS = {1: "#b35900", 2: "#1f5fa8"}


def plot(reports):
    total = LEFT + 2 * WIDTH + GAP + 30, TOP + 2 * HEIGHT + GAP + 50
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{total[0]}" height="{total[1]}" '
             f'viewBox="0 0 {total[0]} {total[1]}" font-family="sans-serif" font-size="12">',
             f'<rect width="{total[0]}" height="{total[1]}" fill="white"/>']
    memory = "memory held by the backend, MB", lambda point: point.memory / 1e6
    columns = [
        ("batch", "images in a batch of 32x32", ("time an image, ms", lambda point: 1e3 * point.seconds)),
        ("size", "rows and columns of one image",
         ("time a pixel, \u00b5s", lambda point: 1e6 * point.seconds / point.size ** 2)),
    ]
    for column, (axis, label, time) in enumerate(columns):
        for row, (title, value) in enumerate((time, memory)):
            lines = {threads: [(getattr(point, axis), value(point)) for point in points(axis, reports, threads)]
                     for threads in THREADS}
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
        parts.append(f'<line x1="{left}" x2="{left + WIDTH}" y1="{at_y(tick):.1f}" y2="{at_y(tick):.1f}" '
                     'stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for x in xs:
        parts.append(f'<text x="{at_x(x):.1f}" y="{top + HEIGHT + 17}" text-anchor="middle">{x}</text>')
    for threads, line in lines.items():
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in line)
        dash = ' stroke-dasharray="5 4"' if threads == 1 else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[threads]}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{COLOURS[threads]}"/>' for x, y in line]
    # The legend lies where no line does: at the upper left, since everything but the time of a batch grows.
    corner = left + (WIDTH - 110 if line[0][1] > line[-1][1] else 8)
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
