"""Makes the cases unet-kinds/*: one U-Net of every kind, its output, and the checksums of its initial weights.

    python make_unet_cases.py unet-kinds              what the repository keeps: weights follow from the seed
    python make_unet_cases.py FOLDER --weights        weights as files instead, normalisations not at their defaults;
                                                      run by the tests with DIFFUSE_UNET_CASES=FOLDER

The folders unet-class-conditional, -ddpm-cifar-like, -scale-shift and -tutorial-defaults have the same form, with weights.

Made with diffusers 0.42.1 and PyTorch 2.13 on a processor with AVX-512.
"""

import json
import math
import pathlib
import sys

import numpy
import torch
from diffusers import UNet2DModel

plain = dict(
    in_channels=3, out_channels=3, sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
    down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
)
attention = dict(
    plain, down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))
resnet = dict(
    plain, down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"))
labels = dict(labels=[3.0, 7.0])

# name: (configuration, further arguments of case())
cases = {
    "dummy": (dict(attention, block_out_channels=(4, 8)), {}),
    "resnet-blocks": (resnet, {}),
    "resnet-attention": (
        dict(
            attention, down_block_types=("AttnDownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D"), downsample_type="resnet", upsample_type="resnet",
            attention_head_dim=4),
        {}),
    "admnet": (
        dict(
            resnet, block_out_channels=(8, 16, 16), layers_per_block=2, resnet_time_scale_shift="scale_shift",
            down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"), downsample_type="resnet",
            upsample_type="resnet", attention_head_dim=4, attn_norm_num_groups=2, num_class_embeds=10, out_channels=6),
        labels),
    "scale-shift": (dict(attention, resnet_time_scale_shift="scale_shift"), {}),
    "fourier": (
        dict(
            attention, time_embedding_type="fourier", center_input_sample=True, mid_block_scale_factor=math.sqrt(2),
            attention_head_dim=None, norm_eps=1e-6),
        dict(timesteps=[0.5, 30.25])),
    "skip": (
        dict(
            plain, time_embedding_type="fourier", mid_block_scale_factor=math.sqrt(2), block_out_channels=(8, 16, 16), norm_num_groups=None,
            down_block_types=("SkipDownBlock2D",) * 3, up_block_types=("SkipUpBlock2D",) * 3, attention_head_dim=None,
            center_input_sample=True, norm_eps=1e-6),
        dict(timesteps=[0.02, 45.5])),
    "attention-skip": (
        dict(
            plain, time_embedding_type="fourier", mid_block_scale_factor=math.sqrt(2), block_out_channels=(32, 64), norm_num_groups=None,
            down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D"), up_block_types=("AttnSkipUpBlock2D", "SkipUpBlock2D"),
            attention_head_dim=8, layers_per_block=2, sample_size=(8, 12)),
        dict(timesteps=[0.5, 30.25])),
    "fourier-timestep-class": (
        dict(plain, time_embedding_type="fourier", class_embed_type="timestep"), dict(timesteps=[0.01, 80.0], **labels)),
    "no-middle-attention": (dict(attention, add_attention=False, sample_size=(8, 12)), {}),
    "no-middle": (dict(plain, mid_block_type=None), {}),
    "learned": (dict(plain, time_embedding_type="learned", num_train_timesteps=20), dict(timesteps=[0, 19])),
    "learned-few": (
        dict(plain, time_embedding_type="learned", num_train_timesteps=1, block_out_channels=(4, 8)),
        dict(timesteps=[0, 0])),
    "timestep-class": (dict(plain, class_embed_type="timestep"), labels),
    "identity-class": (dict(plain, class_embed_type="identity"), dict(labels="vectors")),
    "mish": (dict(plain, act_fn="mish"), {}),
    "gelu": (dict(plain, act_fn="gelu"), {}),
    "relu": (dict(plain, act_fn="relu"), {}),
    "three-layers": (
        dict(
            attention, layers_per_block=3, block_out_channels=(8, 12, 20), norm_num_groups=2, downsample_padding=0,
            down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D")),
        {}),
    "odd-width": (dict(plain, block_out_channels=(9, 15), norm_num_groups=3, freq_shift=0.5), {}),
    "narrow-time": (
        dict(attention, time_embedding_dim=12, flip_sin_to_cos=False, freq_shift=1, in_channels=1, out_channels=2), {}),
    "shrinking": (dict(attention, block_out_channels=(16, 8)), {}),
    "one-level": (
        dict(
            plain, block_out_channels=(8,), down_block_types=("AttnDownBlock2D",), up_block_types=("AttnUpBlock2D",),
            sample_size=5),
        {}),
}


def checksum(tensor):
    result = 0
    for word in tensor.numpy().view(numpy.uint32).ravel().tolist():
        result = (result * 31 + word) % 2**32
    return result


def case(folder, config, keeps_weights, timesteps=(10, 731), labels=None):
    torch.manual_seed(7)
    network = UNet2DModel(**config).eval()
    parameters = {name: [list(p.shape), checksum(p)] for name, p in network.state_dict().items()}
    generator = torch.Generator().manual_seed(8)
    if keeps_weights:
        for name, p in network.named_parameters():
            if "norm" in name:
                p.data += 0.3 * torch.randn(p.shape, generator=generator)
    size = config["sample_size"]
    height, width = size if isinstance(size, tuple) else (size, size)
    sample = torch.randn(2, config["in_channels"], height, width, generator=generator)
    timesteps = torch.tensor(timesteps)
    arrays = dict(sample=sample, timesteps=timesteps)
    if labels == "vectors":
        arrays["class_labels"] = torch.randn(2, 4 * config["block_out_channels"][0], generator=generator)
    elif labels:
        arrays["class_labels"] = torch.tensor(labels)
        if "num_class_embeds" in config:
            arrays["class_labels"] = arrays["class_labels"].long()
    with torch.no_grad():
        arrays["expected"] = network(sample, timesteps, arrays.get("class_labels")).sample
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        numpy.save(folder / f"{name}.npy", array.numpy())
    if keeps_weights:
        network.save_pretrained(folder / "unet")
    else:
        network.save_config(folder / "unet")
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in parameters.items())
        (folder / "parameters.json").write_text("{\n" + lines + "\n}\n")


for name, (config, arguments) in cases.items():
    case(pathlib.Path(sys.argv[1]) / name, config, "--weights" in sys.argv, **arguments)
