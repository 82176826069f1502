"""Makes the files of this folder: small files by NumPy, Pillow and safetensors, in the forms that ours are never written in.

Python 3 with numpy, pillow, torch and safetensors: `python make.py` in this folder.
"""
import gzip
import io
import struct
import zipfile
import zlib

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import save_file

values = np.arange(6).reshape(2, 3)
for descr in ["<f2", "<f4", "<f8", ">f4", ">f8", "<i4", "<i8", ">i2", "|u1", "|i1"]:
    name = descr.replace("<", "le-").replace(">", "be-").replace("|", "")
    np.save(f"{name}.npy", values.astype(descr))
np.save("b1.npy", values % 2 == 1)
np.save("fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
np.save("scalar.npy", np.float32(2.5))
for version in [(2, 0), (3, 0)]:
    with open(f"version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, values.astype("<f4"), version=version)

images = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3) * 10
np.savez("stored.npz", images)
np.savez_compressed("deflated.npz", arr_0=images, labels=np.array([3, 5]))
# Every size and offset in the wide fields, as some writers have it whatever the sizes are.
buffer = io.BytesIO()
np.save(buffer, images)
data, name = buffer.getvalue(), b"arr_0.npy"
crc, largest = zlib.crc32(data), 0xFFFFFFFF
wide = struct.pack("<HHQQ", 1, 16, len(data), len(data))
local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 33, crc, largest, largest, len(name), len(wide)) + name + wide
wide = struct.pack("<HHQQQ", 1, 24, len(data), len(data), 0)
central = struct.pack(
    "<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 33, crc, largest, largest, len(name), len(wide), 0, 0, 0, 0,
    largest) + name + wide
start = len(local) + len(data)
end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(central), start)
locator = struct.pack("<IIQI", 0x07064B50, 0, start + len(central), 1)
end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, largest, largest, 0)
open("zip64.npz", "wb").write(local + data + central + end64 + locator + end)
assert zipfile.ZipFile("zip64.npz").testzip() is None and (np.load("zip64.npz")["arr_0"] == images).all()

grey = (np.arange(15, dtype=np.uint8) * 17).reshape(3, 5)
rgb = np.stack([grey, 255 - grey, grey // 2], axis=-1)
texts = PngInfo()
texts.add_text("Title", "caf\u00e9")
texts.add_itxt("Note", "\u03b8 = \u221a2 - 1")
texts.add_text("Long", "abc" * 100, zip=True)
Image.fromarray(rgb).save("texts.png", pnginfo=texts)
Image.fromarray(np.dstack([rgb, grey])).save("rgba.png")
Image.fromarray(np.dstack([grey, grey])).save("grey-alpha.png")
Image.fromarray(grey.astype(np.uint16) * 257).save("grey16.png")
Image.fromarray(grey > 100).save("bits.png")
palette = Image.fromarray(np.arange(15, dtype=np.uint8).reshape(3, 5), "P")
palette.putpalette(rgb.reshape(-1).tolist())
palette.save("palette.png")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# Adam7: seven passes of (first column, first row, column step, row step).
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
rows = b"".join(
    b"\0" + row.tobytes() for x, y, dx, dy in passes for row in rgb[y::dy, x::dx] if row.size)
open("interlaced.png", "wb").write(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 3, 8, 2, 0, 0, 1))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
assert (np.asarray(Image.open("interlaced.png")) == rgb).all()

numbers = torch.tensor([[0.0, -1.5, 3.25], [1024.0, 1e-4, -65504.0]])
save_file(
    {
        "f32": numbers, "f16": numbers.half(), "bf16": numbers.bfloat16(), "f64": numbers.double(),
        "i64": torch.arange(3), "flag": torch.tensor([True, False]), "u8": torch.tensor([7], dtype=torch.uint8),
        "f8": numbers.to(torch.float8_e4m3fn), "empty": torch.zeros(0, 3), "scalar": torch.tensor(2.5),
    }, "all.safetensors", metadata={"format": "pt"})
open("tiny-images-idx3-ubyte.gz", "wb").write(
    gzip.compress(struct.pack(">IIII", 2051, 2, 2, 2) + bytes(range(8)), mtime=0))
open("tiny-labels-idx1-ubyte", "wb").write(struct.pack(">II", 2049, 2) + bytes([4, 9]))
