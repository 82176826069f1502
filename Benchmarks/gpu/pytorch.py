"""The DDPM CIFAR-10 network of `ddpm-cifar10-32.json` in PyTorch, timed as a user of PyTorch would run it.

    pytorch.py --batches 1 16 256 --output FILE [--rehearse]

Prints a line a setting: program, precision, batch, median seconds of an evaluation, with tabs between. --rehearse takes a processor
and one repetition.
"""

import argparse
import json
import math
import statistics
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit("PyTorch is not installed")

WIDTHS, LAYERS, ATTENTION, GROUPS, EPSILON = [128, 256, 256, 256], 2, [False, True, False, False], 32, 1e-6


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, inputs, EPSILON), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time = nn.Linear(4 * WIDTHS[0], outputs)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, outputs, EPSILON), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, embedding):
        h = self.conv1(functional.silu(self.norm1(x))) + self.time(functional.silu(embedding))[:, :, None, None]
        return self.shortcut(x) + self.conv2(functional.silu(self.norm2(h)))


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm, self.qkv = nn.GroupNorm(GROUPS, channels, EPSILON), nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x):
        batch, channels, height, width = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(tokens)[:, None].chunk(3, dim=-1)
        result = self.out(functional.scaled_dot_product_attention(q, k, v)[:, 0])
        return x + result.transpose(1, 2).reshape(batch, channels, height, width)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        width = WIDTHS[0]
        self.time = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width))
        self.stem, skips = nn.Conv2d(3, width, 3, padding=1), [width]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, outputs in enumerate(WIDTHS):
            blocks = nn.ModuleList()
            for _ in range(LAYERS):
                blocks.append(nn.ModuleList([Residual(width, outputs), Attention(outputs) if ATTENTION[level] else nn.Identity()]))
                width = outputs
                skips.append(width)
            last = level == len(WIDTHS) - 1
            self.down.append(nn.ModuleList([blocks, nn.Identity() if last else nn.Conv2d(width, width, 3, stride=2)]))
            if not last:
                skips.append(width)
        self.middle = nn.ModuleList([Residual(width, width), Attention(width), Residual(width, width)])
        for level, outputs in reversed(list(enumerate(WIDTHS))):
            blocks = nn.ModuleList()
            for _ in range(LAYERS + 1):
                blocks.append(nn.ModuleList([
                    Residual(width + skips.pop(), outputs), Attention(outputs) if ATTENTION[level] else nn.Identity()]))
                width = outputs
            self.up.append(nn.ModuleList([blocks, nn.Conv2d(width, width, 3, padding=1) if level else nn.Identity()]))
        self.norm, self.last = nn.GroupNorm(GROUPS, width, EPSILON), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x, t):
        half = WIDTHS[0] // 2
        frequencies = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half, device=x.device))
        angles = t[:, None] * frequencies
        embedding = self.time(torch.cat([angles.sin(), angles.cos()], dim=-1).to(x.dtype))
        x = self.stem(x)
        skips = [x]
        for level, (blocks, down) in enumerate(self.down):
            for residual, attention in blocks:
                x = attention(residual(x, embedding))
                skips.append(x)
            if level < len(WIDTHS) - 1:
                x = down(functional.pad(x, (0, 1, 0, 1)))
                skips.append(x)
        first, attention, second = self.middle
        x = second(attention(first(x, embedding)), embedding)
        for level, (blocks, up) in zip(reversed(range(len(WIDTHS))), self.up):
            for residual, attention in blocks:
                x = attention(residual(torch.cat([x, skips.pop()], dim=1), embedding))
            if level:
                x = up(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return self.last(functional.silu(self.norm(x)))


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def median(evaluate, device, repetitions):
    for _ in range(1 if repetitions == 1 else 3):
        evaluate()
    synchronize(device)
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        evaluate()
        synchronize(device)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def graphed(network, x, t):
    """The evaluation as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            network(x, t)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        network(x, t)
    return graph.replay


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--batches", type=int, nargs="+", default=[1, 16, 256])
    options.add_argument("--output", required=True)
    options.add_argument("--rehearse", action="store_true")
    arguments = options.parse_args()
    device = "cuda" if torch.cuda.is_available() and not arguments.rehearse else "cpu"
    repetitions = 1 if arguments.rehearse else 20
    torch.manual_seed(0)
    network = Network().eval().to(device)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 35_746_307, count
    results = []

    def report(program, precision, batch, evaluate):
        seconds = median(evaluate, device, repetitions)
        results.append({"program": program, "precision": precision, "batch": batch, "seconds": seconds})
        print(f"{program}\t{precision}\t{batch}\t{seconds:.6f}", flush=True)
        with open(arguments.output, "w") as file:
            json.dump({"torch": torch.__version__, "device": device, "results": results}, file, indent=1)

    with torch.inference_mode():
        for precision in ["bf16", "tf32", "fp32"] if device == "cuda" else ["fp32"]:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
            kind = torch.bfloat16 if precision == "bf16" else torch.float32
            for layout in [torch.contiguous_format, torch.channels_last]:
                name = "PyTorch eager" + (", channels_last" if layout is torch.channels_last else "")
                network = network.to(kind).to(memory_format=layout)
                for batch in arguments.batches:
                    x = torch.randn(batch, 3, 32, 32, device=device, dtype=kind).to(memory_format=layout)
                    t = torch.full((batch,), 500.0, device=device)
                    report(name, precision, batch, lambda: network(x, t))
            if precision == "bf16":
                for batch in [batch for batch in arguments.batches if batch > 1]:
                    x = torch.randn(batch, 3, 32, 32, device=device, dtype=kind).to(memory_format=torch.channels_last)
                    t = torch.full((batch,), 500.0, device=device)
                    report("PyTorch, CUDA graph", precision, batch, graphed(network, x, t))
                    compiled = torch.compile(network)
                    report("PyTorch compiled", precision, batch, lambda: compiled(x, t))


if __name__ == "__main__":
    main()
