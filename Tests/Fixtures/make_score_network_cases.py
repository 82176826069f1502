"""Makes networks/{ddpmpp,ncsnpp,ncsnpp-residual}: small networks of score_sde as checkpoints, each with an input and the output.

    python make_score_network_cases.py

As make_network_cases.py, whose helpers it uses. The modules stand here, written after the paper of Song and others (2021), with the names that
the tensors of such checkpoints have. Images are filtered by convolutions with the whole filter. With both pyramids the network is compared
with diffusers' own. Made with PyTorch 2.13 and diffusers 0.42.1.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from make_network_cases import NIN, attend, randomise, saved, sinusoid, with_averages, write


def taps(filter):
    values = torch.tensor(filter, dtype=torch.float32)
    return values.outer(values) / values.sum() ** 2


def each(x, weight):
    """The filter for each channel by itself."""
    return weight[None, None].tile(x.shape[1], 1, 1, 1)


def halved(x, filter):
    return functional.conv2d(x, each(x, taps(filter)), stride=2, padding=(len(filter) - 1) // 2, groups=x.shape[1])


def doubled(x, filter):
    weight = each(x, 4 * taps(filter))
    return functional.conv_transpose2d(x, weight, stride=2, padding=(len(filter) - 1) // 2, groups=x.shape[1])


def norm(channels, eps=1e-6):
    return nn.GroupNorm(min(channels // 4, 32), channels, eps=eps)


# score_sde's DDPM++ and NCSN++.

class Fourier(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(width), requires_grad=False)

    def forward(self, x):
        angles = x.log()[:, None] * self.W[None] * 2 * math.pi
        return torch.cat([angles.sin(), angles.cos()], 1)


class PPBlock(nn.Module):
    def __init__(self, inputs, outputs, width, resize=None):
        super().__init__()
        self.resize = resize or (lambda x: x)
        self.GroupNorm_0, self.Conv_0 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.Dense_0 = nn.Linear(width, outputs)
        self.GroupNorm_1, self.Conv_1 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if resize or inputs != outputs:
            self.Conv_2 = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.Conv_0(self.resize(functional.silu(self.GroupNorm_0(x)))) + self.Dense_0(functional.silu(time))[:, :, None, None]
        h = self.Conv_1(functional.silu(self.GroupNorm_1(h)))
        x = self.resize(x)
        return ((self.Conv_2(x) if hasattr(self, "Conv_2") else x) + h) / math.sqrt(2)


class PPAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.GroupNorm_0 = norm(channels)
        for index in range(4):
            setattr(self, f"NIN_{index}", NIN(channels, channels))

    def forward(self, x):
        h = self.GroupNorm_0(x)
        h = attend(*(part(h).flatten(2) for part in (self.NIN_0, self.NIN_1, self.NIN_2)), 1)
        return (x + self.NIN_3(h.reshape(x.shape))) / math.sqrt(2)


class Combine(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Conv_0 = nn.Conv2d(inputs, outputs, 1)

    def forward(self, image, h):
        return self.Conv_0(image) + h


class Filtered(nn.Module):
    """A convolution with stride two of the filtered image, which reaches as far beyond it as both do."""
    def __init__(self, inputs, outputs):
        super().__init__()
        self.Conv2d_0 = nn.Conv2d(inputs, outputs, 3, stride=2)

    def forward(self, x):
        whole = functional.conv2d(functional.pad(x, (2, 2, 2, 2)), each(x, taps([1, 3, 3, 1])), groups=x.shape[1])
        return self.Conv2d_0(whole)


class NCSNPP(nn.Module):
    def __init__(self, width, multipliers, layers, attends, filter, fourier, encoder, decoder, centers):
        super().__init__()
        self.width, self.levels, self.layers, self.attends, self.filter = width, len(multipliers), layers, attends, filter
        self.fourier, self.encoder, self.decoder, self.centers = fourier, encoder, decoder, centers
        embedding = 4 * width
        self.register_buffer("sigmas", torch.linspace(50, 0.01, 10, dtype=torch.float64))
        modules = [Fourier(width)] if fourier else []
        modules += [nn.Linear(2 * width if fourier else width, embedding), nn.Linear(embedding, embedding), nn.Conv2d(3, width, 3, padding=1)]
        h, kept, pyramid = width, [width], 3
        for level, multiplier in enumerate(multipliers):
            for _ in range(layers):
                modules.append(PPBlock(h, width * multiplier, embedding))
                h = width * multiplier
                modules += [PPAttention(h)] if attends[level] else []
                kept.append(h)
            if level < self.levels - 1:
                modules.append(PPBlock(h, h, embedding, lambda x: halved(x, filter)))
                if encoder == "input_skip":
                    modules.append(Combine(pyramid, h))
                if encoder == "residual":
                    modules.append(Filtered(pyramid, h))
                    pyramid = h
                kept.append(h)
        modules += [PPBlock(h, h, embedding), PPAttention(h), PPBlock(h, h, embedding)]
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for _ in range(layers + 1):
                modules.append(PPBlock(h + kept.pop(), width * multiplier, embedding))
                h = width * multiplier
            modules += [PPAttention(h)] if attends[level] else []
            if decoder == "output_skip" or level == 0:
                modules += [norm(h), nn.Conv2d(h, 3, 3, padding=1)]
            modules += [PPBlock(h, h, embedding, lambda x: doubled(x, filter))] if level > 0 else []
        self.all_modules = nn.ModuleList(modules)

    def forward(self, x, times):
        modules = iter(self.all_modules)
        take = lambda *arguments: next(modules)(*arguments)
        time = take(times) if self.fourier else sinusoid(times, self.width, 1, False)
        time = take(time)
        time = take(functional.silu(time))
        x = 2 * x - 1 if self.centers else x
        h, pyramid = take(x), x
        kept = [h]
        for level in range(self.levels):
            for _ in range(self.layers):
                h = take(h, time)
                h = take(h) if self.attends[level] else h
                kept.append(h)
            if level < self.levels - 1:
                h = take(h, time)
                if self.encoder == "input_skip":
                    pyramid = halved(pyramid, self.filter)
                    h = take(pyramid, h)
                if self.encoder == "residual":
                    h = pyramid = (take(pyramid) + h) / math.sqrt(2)
                kept.append(h)
        h = take(h, time)
        h = take(h)
        h = take(h, time)
        image = 0
        for level in reversed(range(self.levels)):
            for _ in range(self.layers + 1):
                h = take(torch.cat([h, kept.pop()], 1), time)
            h = take(h) if self.attends[level] else h
            if self.decoder == "output_skip" or level == 0:
                image = image + take(functional.silu(take(h)))
            if level > 0:
                image = doubled(image, self.filter) if self.decoder == "output_skip" else image
                h = take(h, time)
        assert next(modules, None) is None
        return image / times[:, None, None, None] if self.fourier else image


def ncsnpp(name, seed, settings, times, *arguments):
    network = randomise(NCSNPP(8, (1, 2, 2), 1, (False, True, False), *arguments), seed)
    if network.fourier:
        network.all_modules[0].W.copy_(torch.linspace(-20, 24, 8))
    write(name, "pth", saved(with_averages(network)), network, settings, times)


def check_with_diffusers():
    """The module above with both pyramids against diffusers' own, of widths at which their groups agree."""
    from diffusers import UNet2DModel
    ours = randomise(NCSNPP(128, (1, 1), 1, (False, True), [1, 3, 3, 1], True, "input_skip", "output_skip", True), 6)
    theirs = UNet2DModel(
        sample_size=8, block_out_channels=(128, 128), layers_per_block=1, time_embedding_type="fourier", center_input_sample=True,
        down_block_types=("SkipDownBlock2D", "AttnSkipDownBlock2D"), up_block_types=("AttnSkipUpBlock2D", "SkipUpBlock2D"),
        norm_num_groups=None, norm_eps=1e-6, attention_head_dim=None, mid_block_scale_factor=math.sqrt(2)).eval()
    ours.all_modules[0].W.copy_(torch.linspace(-20, 24, 128))
    block = {"GroupNorm_0": "norm1", "Conv_0": "conv1", "Dense_0": "time_emb_proj", "GroupNorm_1": "norm2", "Conv_1": "conv2",
             "Conv_2": "conv_shortcut"}
    attention = {"GroupNorm_0": "group_norm", "NIN_0": "to_q", "NIN_1": "to_k", "NIN_2": "to_v", "NIN_3": "to_out.0"}
    targets = ["time_proj", "time_embedding.linear_1", "time_embedding.linear_2", "conv_in", "down_blocks.0.resnets.0",
               "down_blocks.0.resnet_down", "down_blocks.0.skip_conv", "down_blocks.1.resnets.0", "down_blocks.1.attentions.0",
               "mid_block.resnets.0", "mid_block.attentions.0", "mid_block.resnets.1", "up_blocks.0.resnets.0", "up_blocks.0.resnets.1",
               "up_blocks.0.attentions.0", "up_blocks.0.skip_norm", "up_blocks.0.skip_conv", "up_blocks.0.resnet_up",
               "up_blocks.1.resnets.0", "up_blocks.1.resnets.1", "conv_norm_out", "conv_out"]
    state = {}
    for module, target in zip(ours.all_modules, targets, strict=True):
        layers = attention if isinstance(module, PPAttention) else block if isinstance(module, PPBlock) else {"Conv_0": ""}
        for key, value in module.state_dict().items():
            layer, part = key.rsplit(".", 1) if "." in key else ("", key)
            name = ".".join(filter(None, [target, layers.get(layer, ""), {"W": "weight", "b": "bias"}.get(part, part)]))
            state[name] = value.t() if part == "W" and value.dim() == 2 else value
    theirs.load_state_dict(state)
    x, times = torch.rand(2, 3, 8, 8), torch.tensor([0.5, 30.25])
    with torch.no_grad():
        a, b = ours(x, times), theirs(x, times).sample
    print("distance to diffusers", ((a - b).abs().max() / b.abs().max()).item())
    assert (a - b).abs().max() < 2e-6 * b.abs().max()


if __name__ == "__main__":
    fir = [1, 3, 3, 1]
    check_with_diffusers()
    exploding = {"training": {"sde": "vesde"}, "data": {"image_size": 8, "centered": False}, "sampling": {"snr": 0.16},
                 "model": {"skip_rescale": True, "fir": True}}
    preserving = {"training": {"sde": "vpsde"}, "data": {"image_size": 8, "centered": True},
                  "model": {"skip_rescale": True, "fir": False, "beta_min": 0.1, "beta_max": 20.0, "num_scales": 1000}}
    ncsnpp("ncsnpp", 21, exploding, [0.5, 30.25], fir, True, "input_skip", "output_skip", True)
    ncsnpp("ncsnpp-residual", 22, exploding, [0.02, 3.5], fir, True, "residual", "none", True)
    ncsnpp("ddpmpp", 23, preserving, [3.0, 500.0], [1, 1], False, "none", "none", False)
