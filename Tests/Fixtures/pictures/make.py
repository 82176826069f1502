"""Makes the files of this folder: JPEG files with the values that Pillow decodes, and pictures that Pillow converts and resizes.

Python 3 with numpy and pillow: `python make.py` in this folder.
"""
import numpy as np
from PIL import Image

y, x = np.mgrid[0:29, 0:37]
waves = np.stack([np.sin(x / 3 + y / 7), np.cos(y / 2), np.sin((x - y) / 5)], axis=-1)
noise = np.random.default_rng(0).normal(0, 20, waves.shape)
photo = Image.fromarray(np.clip(127.5 + 110 * waves + noise, 0, 255).astype(np.uint8))
photo.save("photo.png")

forms = {
    "grey": (photo.convert("L"), {}), "halved": (photo, {"subsampling": "4:2:0"}),
    "full": (photo, {"subsampling": "4:4:4", "quality": 95}), "progressive": (photo, {"progressive": True}),
}
decoded = {}
for name, (picture, options) in forms.items():
    picture.save(f"{name}.jpg", **options)
    decoded[name] = np.asarray(Image.open(f"{name}.jpg"))
np.savez_compressed("decoded.npz", **decoded)
photo.convert("CMYK").save("cmyk.jpg")

square = photo.crop((4, 0, 33, 29))  # (37 - 29) // 2
fitted = {}
for side in [1, 2, 7, 10, 16, 28, 29]:
    for name, picture in [("rgb", square), ("gray", square.convert("L"))]:
        fitted[f"{name}{side}"] = np.asarray(picture.resize((side, side), Image.BOX)).reshape(side, side, -1)
np.savez_compressed("fitted.npz", **fitted)
