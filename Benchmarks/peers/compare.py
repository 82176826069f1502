"""Compares diffuse-gpu with the programs that its users would take instead, on the same weights, inputs and cores.

    python3 Benchmarks/peers/compare.py                    # all tables
    python3 Benchmarks/peers/compare.py cifar10 --batches 8 --rounds 9 --json results.json

Tables: cifar10 (the U-Net of google/ddpm-cifar10-32), celebahq (that of google/ddpm-ema-celebahq-256, with memory),
mnist (64 images of the embedded model, from the start of the process to the picture) and cell (a cell of a scan of late
starts: 2,000 digits with features and distance, likewise). Every program is a process of its
own that sleeps while the others run; they take turns in an order that changes every round. A round is the best of three
evaluations, a figure the median over the rounds. Errors are relative to the largest value of an evaluation in float64;
nothing is timed if one is too large. OpenCL takes part if asked for, as in `--devices opencl`. The peers are installed
from PyPI into .build-peers.
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

import claims  # noqa: E402
from figures import ratios, spread  # noqa: E402
from programs import OurProgram, Peer, PeerFailure  # noqa: E402

here = Path(__file__).resolve().parent
NETWORKS = {
    "cifar10": {"config": "ddpm-cifar10-32.json", "size": 32, "batches": [1, 8], "gigaflops": 12.1},
    "celebahq": {"config": "ddpm-ema-celebahq-256.json", "size": 256, "batches": [1], "gigaflops": 496},
}
PEERS = ["PyTorch eager", "PyTorch channels_last", "torch.compile", "ONNX Runtime", "OpenVINO f32",
         "PyTorch bf16 autocast", "OpenVINO bf16"]
OURS = {
    "diffuse-gpu": [],
    "diffuse-gpu --exact": ["--exact"],
    "diffuse-gpu bfloat16": ["--precision", "bfloat16"],
}
LARGEST_ERROR = {"float32": 5e-5, "bfloat16": 0.2}


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("tables", nargs="*", default=["cifar10", "celebahq", "mnist", "cell"])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--threads", type=int, default=os.cpu_count())
    options.add_argument("--batches", type=int, nargs="+", help="instead of a table's own")
    options.add_argument("--only", nargs="+", help="programs whose names contain one of these")
    options.add_argument("--devices", nargs="+", default=[], help="further devices of diffuse-gpu, such as opencl")
    options.add_argument("--program", default=str(environment.repository / ".build/release/diffuse-gpu"))
    options.add_argument("--json", type=Path, help="where to keep all figures")
    arguments = options.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for table in arguments.tables:
            if table == "mnist":
                import mnist

                results[table] = mnist.compare(arguments, Path(folder))
            elif table == "cell":
                import cell

                results[table] = cell.compare(arguments, Path(folder))
            elif table in NETWORKS:
                network = NETWORKS[table]
                for batch in arguments.batches or network["batches"]:
                    results[f"{table}, batch {batch}"] = compare(arguments, Path(folder) / table, network, batch)
            else:
                sys.exit(f"{table}: no such table; there are cifar10, celebahq, mnist and cell")
            if arguments.json:
                arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    claims.print_claims(results)


def compare(arguments, folder, network, batch):
    """Times all programs on a network and prints their table."""
    model, inputs = make_inputs(arguments, folder, network, batch)
    for form in ("onnx", "openvino"):
        Peer(f"export {form}", model, inputs, arguments.threads).end()
    truth = Peer("float64", model, inputs, arguments.threads)
    truth.end()
    programs = [peer for name in PEERS if wanted(arguments, name)
                if (peer := start(name, model, inputs, arguments.threads))]
    programs += [OurProgram(name, arguments.program, flags, model, inputs, arguments.threads)
                 for name, flags in ours(arguments).items() if wanted(arguments, name)]
    for program in programs:
        program.error = largest_error(program.output, truth.output)
    check_errors({program.name: program.error for program in programs})
    for turn in range(arguments.rounds):
        for place in range(len(programs)):
            program = programs[(place + turn) % len(programs)]
            program.seconds.append(min(program.run(3)))
    for program in programs:
        program.end()
    rows = {program.name: {"seconds": [value / batch for value in program.seconds], "error": program.error,
                           "memory": program.memory} for program in programs}
    print_table(f"{network['config'].removesuffix('.json')}, batch {batch}, {arguments.threads} threads", rows,
                network["gigaflops"])
    return rows


def ours(arguments):
    return OURS | {f"diffuse-gpu {device}": ["--device", device] for device in arguments.devices}


def start(name, *arguments):
    """A resident peer; None for torch.compile where that has no compiler."""
    try:
        return Peer(name, *arguments)
    except PeerFailure as failure:
        if name != "torch.compile":
            raise
        print(f"left out: {str(failure).splitlines()[-1]}", file=sys.stderr)
        return None


def wanted(arguments, name):
    """Whether a program takes part; PyTorch's bfloat16 only with instructions for it, since without them it takes minutes."""
    if name == "PyTorch bf16 autocast" and "avx512_bf16" not in Path("/proc/cpuinfo").read_text().split():
        print(f"left out: {name}: the processor has no AVX-512 BF16", file=sys.stderr)
        return False
    return arguments.only is None or any(part in name for part in arguments.only)


def make_inputs(arguments, folder, network, batch):
    """Random weights, images and times; the paths of the model and of the arrays."""
    model = folder / "model"
    if not model.exists():
        folder.mkdir(parents=True)
        subprocess.run(
            [arguments.program, "init", here / network["config"], "--seed", "0", "--output", model, "--quiet"],
            check=True, stdout=subprocess.DEVNULL)
    generator = numpy.random.default_rng(batch)
    paths = folder / f"x{batch}.npy", folder / f"t{batch}.npy"
    numpy.save(paths[0], generator.standard_normal((batch, 3, network["size"], network["size"]), dtype="float32"))
    numpy.save(paths[1], numpy.linspace(10, 900, batch, dtype="float32"))
    return model, paths


def largest_error(path, truth):
    expected = numpy.load(truth)
    return float(numpy.abs(numpy.load(path) - expected).max() / numpy.abs(expected).max())


def print_table(title, rows, gigaflops):
    print(f"\n{title}\n")
    print("| | seconds an image | GFLOP/s | times OpenVINO f32 | times OpenVINO bf16 | largest error | peak memory |")
    print("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        rate = gigaflops / statistics.median(row["seconds"])
        beside = " | ".join(spread(ratios(rows, name, other), 2) for other in ("OpenVINO f32", "OpenVINO bf16"))
        print(f"| {name} | {spread(row['seconds'], 4)} | {rate:.0f} | {beside} | {row['error']:.1e} | "
              f"{row['memory'] / 1e6:.0f} MB |", flush=True)


def check_errors(errors):
    """Stops if a result is further from the truth than it may be."""
    for name, error in errors.items():
        bound = LARGEST_ERROR["bfloat16" if "bf" in name else "float32"]
        # Where a processor has no instruction for it, OpenVINO computes in float32 whatever it is asked for.
        if name.startswith("diffuse-gpu bf") and errors.get("OpenVINO bf16", 0) > LARGEST_ERROR["float32"]:
            bound = 2 * errors["OpenVINO bf16"]
        if not error <= bound:
            sys.exit(f"{name}: the largest error is {error:.1e} of the largest value, allowed are {bound:.1e}")


if __name__ == "__main__":
    try:
        main()
    except PeerFailure as failure:
        sys.exit(str(failure))
