"""Makes operations/torch.json: convolutions with rectangular filters, pooled windows and resized images, by PyTorch.

    python make_operation_cases.py

Values are multiples of 1/8, so that inputs are exact in any form. Made with PyTorch 2.13.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

generator = torch.Generator().manual_seed(0)


def values(*shape):
    return torch.randint(-16, 17, shape, generator=generator).float() / 8


def entry(tensor):
    return {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}


def main():
    convolutions, poolings, resizings = [], [], []
    for rows, columns, stride, padding in [(1, 7, 1, (0, 3)), (7, 1, 1, (3, 0)), (1, 3, 1, (0, 1)), (3, 1, 1, (1, 0)), (3, 3, 2, (0, 0)),
                                           (2, 5, 2, (1, 2))]:
        x, filter, bias = values(2, 3, 8, 9), values(4, 3, rows, columns), values(4)
        convolutions.append({
            "stride": stride, "padding": padding, "input": entry(x), "filter": entry(filter), "bias": entry(bias),
            "output": entry(F.conv2d(x, filter, bias, stride, padding))})
    for kind, size, stride, padding in [("maximum", 3, 2, 0), ("maximum", 3, 1, 1), ("mean", 3, 1, 1), ("mean", 5, 2, 2)]:
        x = values(2, 3, 7, 8)
        y = F.max_pool2d(x, size, stride, padding) if kind == "maximum" else F.avg_pool2d(
            x, size, stride, padding, count_include_pad=False)
        poolings.append({"kind": kind, "size": size, "stride": stride, "padding": padding, "input": entry(x), "output": entry(y)})
    for channels, height, width, to in [(3, 4, 5, (11, 13)), (1, 7, 6, (15, 9)), (3, 9, 8, (5, 3)), (1, 1, 2, (4, 4)), (3, 5, 5, (5, 5))]:
        x = values(2, channels, height, width)
        resized = F.interpolate(x, size=to, mode="bilinear", align_corners=False)
        resizings.append({"input": entry(x), "output": entry(resized.expand(-1, 3, -1, -1))})
    document = {"convolutions": convolutions, "poolings": poolings, "resizings": resizings}
    path = pathlib.Path(__file__).resolve().parent / "operations/torch.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
