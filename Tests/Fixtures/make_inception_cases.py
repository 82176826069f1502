"""Makes inception/*.npy: two images, and the features that pytorch-fid's network gives them with weights that are a formula.

    python make_inception_cases.py

Value i of a tensor is uniform by a hash of i and of the tensor's name, which the tests reckon as well, so that no weights are kept. The
network's constructor downloads its own, which are replaced. Made with pytorch-fid 0.3.0 and PyTorch 2.13.
"""

import pathlib

import numpy
import torch

# torchvision's operators are compiled for another torch than that of the peers. Inception has none of them, but the import names two.
for name in ["nms", "qnms"]:
    torch.library.define(f"torchvision::{name}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")
from pytorch_fid import inception

here = pathlib.Path(__file__).resolve().parent / "inception"


def uniform(name, count):
    """Values in [0, 1) of 24 bits."""
    seed = 0xcbf29ce484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001b3 % 2**64
    with numpy.errstate(over="ignore"):
        x = numpy.arange(count, dtype=numpy.uint64) * numpy.uint64(0x9e3779b97f4a7c15) + numpy.uint64(seed)
        x = (x ^ x >> numpy.uint64(32)) * numpy.uint64(0xbf58476d1ce4e5b9)
        x ^= x >> numpy.uint64(29)
    return (x >> numpy.uint64(40)).astype("float64") / 2**24


def value(name, tensor):
    u = uniform(name, tensor.numel())
    if name.endswith("conv.weight"):
        u = (2 * u - 1) * (6 / tensor[0].numel()) ** 0.5
    elif name.endswith(("bn.weight", "bn.running_var")):
        u = u + 0.5
    else:
        u = (2 * u - 1) * 0.2
    return torch.from_numpy(u.astype("float32")).reshape(tensor.shape)


def make_network():
    original = inception._inception_v3

    def build(*words, **options):
        network = original(*words, **options)
        load = network.load_state_dict
        network.load_state_dict = lambda _: load(
            {name: value(name, tensor) if tensor.is_floating_point() else tensor for name, tensor in network.state_dict().items()})
        return network

    inception._inception_v3 = build
    inception.load_state_dict_from_url = lambda *_, **__: None
    return inception.InceptionV3().eval()


def main():
    network = make_network()
    rows, columns = numpy.mgrid[0:32, 0:32]
    colour = numpy.stack([(7 * rows + 3 * columns) % 256, (5 * rows * columns) % 256, (rows ^ columns) * 8 % 256])
    for name, image in [("colour", colour), ("grey", colour[1:2, :28, :24])]:
        image = numpy.stack([image, 255 - image[:, ::-1]]).astype("uint8")
        numpy.save(here / f"{name}.npy", image)
        with torch.no_grad():
            features = network(torch.from_numpy(image).float().div(255).expand(-1, 3, -1, -1))[0]
        numpy.save(here / f"{name}-features.npy", features[:, :, 0, 0].numpy())


if __name__ == "__main__":
    main()
