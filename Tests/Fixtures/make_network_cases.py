"""Makes networks/*: small networks of other code as checkpoints, each with an input and the output.

    python make_network_cases.py

The modules stand here, written after the papers, with the names that the tensors of such checkpoints have; none is anybody else's. What
guided-diffusion's network shares with diffusers' is compared with it. The weights of a layer are one number and its
negative, and the raw ones of score_sde's checkpoint one number, so that the checkpoints are small in the archives that keep them. Where
times are only added, there are levels of 64 channels: a normalisation of one channel a group would take them away again. Made with
PyTorch 2.13 and diffusers 0.42.1.
"""

import collections
import io
import json
import math
import pathlib
import zipfile

import numpy
import torch
from torch import nn
from torch.nn import functional

here = pathlib.Path(__file__).resolve().parent / "networks"


def randomise(network, seed):
    """Weights of two values, so that no normalisation, bias or last convolution is one or zero everywhere."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 1
            # A matrix of score_sde's NIN is [in, out].
            fan_in = parameter.shape[0] if name.endswith(".W") else fan_in
            values = 2 * torch.randint(0, 2, parameter.shape, generator=generator).float() - 1
            scale = 2.0 ** -round(math.log2(math.sqrt(fan_in)))
            is_gain = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_(1 + values / 4 if is_gain else values / 4 if parameter.dim() == 1 else values * scale)
    return network.eval()


def sinusoid(times, width, shift, cosines_first):
    half = width // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / (half - shift))
    angles = times.float()[:, None] * frequencies
    parts = [angles.sin(), angles.cos()]
    return torch.cat(parts[::-1] if cosines_first else parts, 1)


def attend(q, k, v, heads):
    """Attention between pixels; all are [batch, channels, pixels]."""
    batch, channels, pixels = q.shape
    q, k, v = (part.reshape(batch * heads, channels // heads, pixels) for part in (q, k, v))
    weights = torch.einsum("bct,bcs->bts", q, k) * (channels // heads) ** -0.5
    return torch.einsum("bts,bcs->bct", weights.softmax(-1), v).reshape(batch, channels, pixels)


# score_sde's DDPM: Song and others (2021), after Ho, Jain and Abbeel (2020).

class NIN(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.W, self.b = nn.Parameter(torch.zeros(inputs, outputs)), nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.einsum("bchw,cd->bdhw", x, self.W) + self.b[:, None, None]


class SDEBlock(nn.Module):
    def __init__(self, inputs, outputs, width):
        super().__init__()
        self.GroupNorm_0 = nn.GroupNorm(32, inputs, eps=1e-6)
        self.Conv_0 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.Dense_0 = nn.Linear(width, outputs)
        self.GroupNorm_1 = nn.GroupNorm(32, outputs, eps=1e-6)
        self.Conv_1 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.NIN_0 = NIN(inputs, outputs)

    def forward(self, x, time):
        h = self.Conv_0(functional.silu(self.GroupNorm_0(x))) + self.Dense_0(functional.silu(time))[:, :, None, None]
        h = self.Conv_1(functional.silu(self.GroupNorm_1(h)))
        return h + (self.NIN_0(x) if hasattr(self, "NIN_0") else x)


class SDEAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.GroupNorm_0 = nn.GroupNorm(32, channels, eps=1e-6)
        for index in range(4):
            setattr(self, f"NIN_{index}", NIN(channels, channels))

    def forward(self, x):
        h = self.GroupNorm_0(x)
        h = attend(*(part(h).flatten(2) for part in (self.NIN_0, self.NIN_1, self.NIN_2)), 1)
        return x + self.NIN_3(h.reshape(x.shape))


class SDEResampling(nn.Module):
    def __init__(self, channels, halves):
        super().__init__()
        self.halves = halves
        self.Conv_0 = nn.Conv2d(channels, channels, 3, stride=2 if halves else 1, padding=0 if halves else 1)

    def forward(self, x):
        return self.Conv_0(functional.pad(x, (0, 1, 0, 1)) if self.halves else functional.interpolate(x, scale_factor=2))


class ScoreSDE(nn.Module):
    def __init__(self, channels, width, multipliers, layers, attends, has_sigmas=True):
        super().__init__()
        self.width, self.layers, self.attends = width, layers, attends
        if has_sigmas:
            self.register_buffer("sigmas", torch.linspace(50, 0.01, 10, dtype=torch.float64))
        modules = [nn.Linear(width, 4 * width), nn.Linear(4 * width, 4 * width), nn.Conv2d(channels, width, 3, padding=1)]
        h, kept = width, [width]
        for level, multiplier in enumerate(multipliers):
            for _ in range(layers):
                modules.append(SDEBlock(h, width * multiplier, 4 * width))
                h = width * multiplier
                modules += [SDEAttention(h)] if attends[level] else []
                kept.append(h)
            if level < len(multipliers) - 1:
                modules.append(SDEResampling(h, True))
                kept.append(h)
        modules += [SDEBlock(h, h, 4 * width), SDEAttention(h), SDEBlock(h, h, 4 * width)]
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for _ in range(layers + 1):
                modules.append(SDEBlock(h + kept.pop(), width * multiplier, 4 * width))
                h = width * multiplier
            modules += [SDEAttention(h)] if attends[level] else []
            modules += [SDEResampling(h, False)] if level > 0 else []
        modules += [nn.GroupNorm(32, h, eps=1e-6), nn.Conv2d(h, channels, 3, padding=1)]
        self.all_modules = nn.ModuleList(modules)

    def forward(self, x, times):
        modules = iter(self.all_modules)
        time = next(modules)(sinusoid(times, self.width, 1, False))
        time = next(modules)(functional.silu(time))
        h = next(modules)(x)
        kept, levels = [h], len(self.attends)
        for level in range(levels):
            for _ in range(self.layers):
                h = next(modules)(h, time)
                h = next(modules)(h) if self.attends[level] else h
                kept.append(h)
            if level < levels - 1:
                h = next(modules)(h)
                kept.append(h)
        h = next(modules)(h, time)
        h = next(modules)(h)
        h = next(modules)(h, time)
        for level in reversed(range(levels)):
            for _ in range(self.layers + 1):
                h = next(modules)(torch.cat([h, kept.pop()], 1), time)
            h = next(modules)(h) if self.attends[level] else h
            h = next(modules)(h) if level > 0 else h
        h = functional.silu(next(modules)(h))
        h = next(modules)(h)
        assert next(modules, None) is None
        return h


# guided-diffusion's U-Net: Nichol and Dhariwal (2021), Dhariwal and Nichol (2021).

class ADMBlock(nn.Module):
    def __init__(self, inputs, outputs, width, scales, resampling=None):
        super().__init__()
        self.scales, self.resampling = scales, resampling
        self.in_layers = nn.Sequential(nn.GroupNorm(32, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * outputs if scales else outputs))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, outputs), nn.SiLU(), nn.Dropout(0.1), nn.Conv2d(outputs, outputs, 3, padding=1))
        if inputs != outputs:
            self.skip_connection = nn.Conv2d(inputs, outputs, 1)

    def resampled(self, x):
        if self.resampling == "half":
            return functional.avg_pool2d(x, 2)
        return functional.interpolate(x, scale_factor=2) if self.resampling == "double" else x

    def forward(self, x, time):
        h = self.in_layers[2](self.resampled(self.in_layers[1](self.in_layers[0](x))))
        x = self.resampled(x)
        time = self.emb_layers(time)[:, :, None, None]
        if self.scales:
            scale, shift = time.chunk(2, 1)
            h = self.out_layers[1:](self.out_layers[0](h) * (1 + scale) + shift)
        else:
            h = self.out_layers(h + time)
        return h + (self.skip_connection(x) if hasattr(self, "skip_connection") else x)


class ADMAttention(nn.Module):
    def __init__(self, channels, head_width, groups_parts):
        super().__init__()
        self.heads, self.groups_parts = channels // head_width if head_width else 2, groups_parts
        self.norm, self.qkv, self.proj_out = nn.GroupNorm(32, channels), nn.Conv1d(channels, 3 * channels, 1), nn.Conv1d(channels, channels, 1)

    def forward(self, x, _):
        joint = self.qkv(self.norm(x.flatten(2)))
        batch, rows, pixels = joint.shape
        if self.groups_parts:
            q, k, v = joint.chunk(3, 1)
        else:
            each = joint.reshape(batch, self.heads, 3, rows // 3 // self.heads, pixels)
            q, k, v = (each[:, :, part].reshape(batch, rows // 3, pixels) for part in range(3))
        return x + self.proj_out(attend(q, k, v, self.heads)).reshape(x.shape)


class ADMResampling(nn.Module):
    def __init__(self, channels, halves):
        super().__init__()
        if halves:
            self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        else:
            self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, _):
        return self.op(x) if hasattr(self, "op") else self.conv(functional.interpolate(x, scale_factor=2))


class Stem(nn.Conv2d):
    def forward(self, x, _):
        return super().forward(x)


class ADM(nn.Module):
    def __init__(self, channels, width, multipliers, layers, attends, head_width, scales, in_blocks, outputs, groups_parts=False,
                 classes=None, steps=1000, rescales=False):
        super().__init__()
        self.width, self.time_scale = width, 1000 / steps if rescales else 1
        embedding = 4 * width
        self.time_embed = nn.Sequential(nn.Linear(width, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        if classes:
            self.label_emb = nn.Embedding(classes, embedding)

        def block(inputs, outputs, resampling=None):
            return ADMBlock(inputs, outputs, embedding, scales, resampling)

        def attention(channels, level):
            return [ADMAttention(channels, head_width, groups_parts)] if attends[level] else []
        h = int(multipliers[0] * width)
        self.input_blocks, kept = nn.ModuleList([nn.ModuleList([Stem(channels, h, 3, padding=1)])]), [h]
        for level, multiplier in enumerate(multipliers):
            for _ in range(layers):
                modules = [block(h, int(multiplier * width))]
                h = int(multiplier * width)
                self.input_blocks.append(nn.ModuleList(modules + attention(h, level)))
                kept.append(h)
            if level < len(multipliers) - 1:
                self.input_blocks.append(nn.ModuleList([block(h, h, "half") if in_blocks else ADMResampling(h, True)]))
                kept.append(h)
        self.middle_block = nn.ModuleList([block(h, h), ADMAttention(h, head_width, groups_parts), block(h, h)])
        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for layer in range(layers + 1):
                modules = [block(h + kept.pop(), int(multiplier * width))]
                h = int(multiplier * width)
                modules += attention(h, level)
                if level > 0 and layer == layers:
                    modules.append(block(h, h, "double") if in_blocks else ADMResampling(h, False))
                self.output_blocks.append(nn.ModuleList(modules))
        self.out = nn.Sequential(nn.GroupNorm(32, h), nn.SiLU(), nn.Conv2d(h, outputs, 3, padding=1))

    def forward(self, x, times, labels=None):
        time = self.time_embed(sinusoid(times.float() * self.time_scale, self.width, 0, True))
        if labels is not None:
            time = time + self.label_emb(labels)
        kept = []
        for modules in self.input_blocks:
            for module in modules:
                x = module(x, time)
            kept.append(x)
        for module in self.middle_block:
            x = module(x, time)
        for modules in self.output_blocks:
            x = torch.cat([x, kept.pop()], 1)
            for module in modules:
                x = module(x, time)
        return self.out(x)


def saved(value):
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def write(name, ending, checkpoint, network, settings, times, labels=None):
    folder = here / name
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(11)
    arrays = dict(sample=torch.randn(2, 3, 8, 8, generator=generator), timesteps=torch.tensor(times))
    if labels is not None:
        arrays["class_labels"] = torch.tensor(labels)
    with torch.no_grad():
        arrays["expected"] = network(arrays["sample"], arrays["timesteps"], *([arrays["class_labels"]] if labels else []))
    for key, array in arrays.items():
        numpy.save(folder / f"{key}.npy", array.numpy())
    with zipfile.ZipFile(folder / "network.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(zipfile.ZipInfo(f"network.{ending}"), checkpoint, zipfile.ZIP_DEFLATED, 9)
    if settings:
        (folder / "network.json").write_text(json.dumps(settings, indent=1) + "\n")
    print(name, len(checkpoint), sum(p.numel() for p in network.parameters()), arrays["expected"].std().item())


def with_averages(network):
    """A checkpoint as score_sde keeps it; the raw weights are others, so that who takes them is seen."""
    averages = [parameter.detach().clone() for parameter in network.parameters() if parameter.requires_grad]
    fixed = {"sigmas", *(name for name, parameter in network.named_parameters() if not parameter.requires_grad)}
    model = collections.OrderedDict(
        ("module." + name, value if name in fixed else torch.full_like(value, 0.5)) for name, value in network.state_dict().items())
    return {"optimizer": {"state": {}, "param_groups": []}, "model": model,
            "ema": {"decay": 0.9999, "num_updates": 5, "shadow_params": averages}, "step": 5}


def score_sde():
    network = randomise(ScoreSDE(3, 32, (1, 2), 1, (False, True)), 1)
    checkpoint = with_averages(network)
    settings = {"data": {"image_size": 8, "centered": True}, "model": {"beta_min": 0.1, "beta_max": 20.0, "num_scales": 1000}}
    write("score-sde", "pth", saved(checkpoint), network, settings, [3.0, 999.0])


def guided():
    network = ADM(3, 64, (0.5, 0.5), 1, (False, True), 16, True, True, 6, classes=5)
    settings = {"image_size": 8, "num_head_channels": 16, "noise_schedule": "linear", "learn_sigma": True, "class_cond": True}
    randomise(network, 2)
    write("guided", "pt", saved(network.state_dict()), network, settings, [0, 731], [4, 1])


def improved():
    network = ADM(3, 32, (1, 2), 1, (True, False), None, False, False, 3, groups_parts=True, steps=4000, rescales=True)
    settings = {"image_size": 8, "num_heads": 2, "noise_schedule": "cosine", "diffusion_steps": 4000, "rescale_timesteps": True,
                "use_new_attention_order": True}
    randomise(network, 3)
    write("improved", "pt", saved(network.state_dict()), network, settings, [7, 3999])


def consistency():
    """Times are 250 times the logarithm of the noise; projections are convolutions of images."""
    network = ADM(3, 32, (1, 1), 1, (False, True), 16, True, True, 3, groups_parts=True, classes=5)
    settings = {"image_size": 8, "num_head_channels": 16, "training_mode": "consistency_distillation", "class_cond": True}
    randomise(network, 5)
    state = collections.OrderedDict(
        (name, value[..., None] if value.dim() == 3 else value) for name, value in network.state_dict().items())
    write("consistency", "pt", saved(state), network, settings, [-900.5, 1095.5], [4, 1])


def check_with_diffusers():
    """The module above against diffusers' own, with the projections of each head apart."""
    from diffusers import UNet2DModel
    ours = randomise(ADM(3, 32, (1, 1), 1, (False, True), 16, True, True, 6, classes=5), 4)
    theirs = UNet2DModel(
        in_channels=3, out_channels=6, sample_size=8, block_out_channels=(32, 32), layers_per_block=1,
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
        downsample_type="resnet", upsample_type="resnet", resnet_time_scale_shift="scale_shift", attention_head_dim=16,
        attn_norm_num_groups=32, num_class_embeds=5).eval()
    block = [("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
             ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut")]
    blocks = {"input_blocks.1.0": "down_blocks.0.resnets.0", "input_blocks.2.0": "down_blocks.0.downsamplers.0",
              "input_blocks.3.0": "down_blocks.1.resnets.0", "middle_block.0": "mid_block.resnets.0", "middle_block.2": "mid_block.resnets.1",
              "output_blocks.0.0": "up_blocks.0.resnets.0", "output_blocks.1.0": "up_blocks.0.resnets.1",
              "output_blocks.1.2": "up_blocks.0.upsamplers.0", "output_blocks.2.0": "up_blocks.1.resnets.0",
              "output_blocks.3.0": "up_blocks.1.resnets.1"}
    attentions = {"input_blocks.3.1": "down_blocks.1.attentions.0", "middle_block.1": "mid_block.attentions.0",
                  "output_blocks.0.1": "up_blocks.0.attentions.0", "output_blocks.1.1": "up_blocks.0.attentions.1"}
    layers = {"time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2", "label_emb": "class_embedding",
              "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out"}
    layers.update({f"{a}.{x}": f"{b}.{y}" for a, b in blocks.items() for x, y in block})
    layers.update({f"{a}.{x}": f"{b}.{y}" for a, b in attentions.items() for x, y in [("norm", "group_norm"), ("proj_out", "to_out.0")]})
    state = {}
    for name, value in ours.state_dict().items():
        layer, part = name.rsplit(".", 1)
        if ".qkv" in name:
            target = attentions[layer.removesuffix(".qkv")]
            each = value.reshape(2, 3, 16, *value.shape[1:2])
            for place, key in enumerate(["to_q", "to_k", "to_v"]):
                state[f"{target}.{key}.{part}"] = each[:, place].reshape(32, *value.shape[1:2])
        else:
            state[f"{layers[layer]}.{part}"] = value.squeeze(-1) if ".proj_out.weight" in name else value
    theirs.load_state_dict(state)
    x, times, labels = torch.randn(2, 3, 8, 8), torch.tensor([5, 800]), torch.tensor([1, 3])
    with torch.no_grad():
        a, b = ours(x, times, labels), theirs(x, times, labels).sample
    print("distance to diffusers", ((a - b).abs().max() / b.abs().max()).item())
    assert (a - b).abs().max() < 2e-6 * b.abs().max()


if __name__ == "__main__":
    check_with_diffusers()
    score_sde()
    guided()
    improved()
    consistency()
