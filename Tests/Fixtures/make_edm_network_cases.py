"""Makes networks/edm-*: small networks of EDM as pickles, each with an input and the output; and checkpoints/edm-*, for the fuzzer.

    python make_edm_network_cases.py

As make_network_cases.py. The modules stand here, written after the paper of Karras and others (2022), with the names that the tensors of such
files have; the text that such pickles bring along is a placeholder. Made with PyTorch 2.13 and NumPy 2.4.
"""

import math
import pickle

import numpy
import torch
from torch import nn
from torch.nn import functional

from make_checkpoint_cases import Persistent, persistence
from make_network_cases import attend, here, randomise, sinusoid, write
from make_score_network_cases import doubled, each, halved, taps


class Linear(Persistent):
    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)


class Norm(Persistent):
    def __init__(self, channels, eps):
        super().__init__()
        self.eps, self.groups = eps, min(channels // 4, 32)
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return functional.group_norm(x, self.groups, self.weight, self.bias, self.eps)


class Conv(Persistent):
    def __init__(self, inputs, outputs, kernel, resize=None, filter=(1, 1), filters_last=False):
        super().__init__()
        self.kernel, self.resize, self.taps, self.filters_last = kernel, resize, filter, filters_last
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel)) if kernel else None
        self.bias = nn.Parameter(torch.zeros(outputs)) if kernel else None
        self.register_buffer("resample_filter", taps(filter)[None, None] if resize else None)

    def forward(self, x):
        if self.filters_last:
            margin = (len(self.taps) - 1) // 2
            x = functional.conv2d(x, self.weight, padding=self.kernel // 2 + margin)
            return functional.conv2d(x, each(x, taps(self.taps)), stride=2, groups=x.shape[1]) + self.bias[:, None, None]
        if self.resize:
            x = (doubled if self.resize == "up" else halved)(x, self.taps)
        return functional.conv2d(x, self.weight, self.bias, padding=self.kernel // 2) if self.kernel else x


class UNetBlock(Persistent):
    def __init__(self, inputs, outputs, width, attention=False, resize=None, filter=(1, 1), song=True):
        super().__init__()
        eps = 1e-6 if song else 1e-5
        self.in_channels, self.song, self.scale = inputs, song, numpy.sqrt(0.5) if song else 1
        self.heads = 0 if not attention else 1 if song else outputs // 64
        self.norm0, self.conv0 = Norm(inputs, eps), Conv(inputs, outputs, 3, resize, filter)
        self.affine, self.norm1, self.conv1 = Linear(width, outputs if song else 2 * outputs), Norm(outputs, eps), Conv(outputs, outputs, 3)
        self.skip = None
        if resize or inputs != outputs:
            self.skip = Conv(inputs, outputs, 1 if song or inputs != outputs else 0, resize, filter)
        if attention:
            self.norm2, self.qkv, self.proj = Norm(outputs, eps), Conv(outputs, 3 * outputs, 1), Conv(outputs, outputs, 1)

    def forward(self, x, time):
        h = self.conv0(functional.silu(self.norm0(x)))
        time = self.affine(time)[:, :, None, None]
        if self.song:
            h = functional.silu(self.norm1(h + time))
        else:
            scale, shift = time.chunk(2, 1)
            h = functional.silu(self.norm1(h) * (1 + scale) + shift)
        x = (self.conv1(h) + (self.skip(x) if self.skip else x)) * self.scale
        if self.heads:
            joint = self.qkv(self.norm2(x)).flatten(2)
            each = joint.reshape(len(x), joint.shape[1] // 3, 3, -1)
            x = (self.proj(attend(each[:, :, 0], each[:, :, 1], each[:, :, 2], self.heads).reshape(x.shape)) + x) * self.scale
        return x


class FourierEmbedding(Persistent):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("freqs", torch.linspace(-20, 24, width // 2))

    def forward(self, x):
        angles = x.outer(2 * math.pi * self.freqs)
        return torch.cat([angles.sin(), angles.cos()], 1)


class PositionalEmbedding(Persistent):
    def __init__(self, width, song):
        super().__init__()
        self.width, self.song = width, song

    def forward(self, x):
        return sinusoid(x, self.width, 1 if self.song else 0, not self.song)


class EDMUNet(Persistent):
    def __init__(self, size, outputs, classes, width, multipliers, blocks, attends, song, fourier=False, encoder="standard", decoder="standard",
                 filter=(1, 1), augmentations=2):
        super().__init__()
        self.song, self.classes, self.encoder, self.decoder, self.levels = song, classes, encoder, decoder, len(multipliers)
        embedding, noise = 4 * width, 2 * width if fourier else width
        block = lambda inputs, outputs, **more: UNetBlock(inputs, outputs, embedding, filter=filter, song=song, **more)
        self.map_noise = FourierEmbedding(noise) if fourier else PositionalEmbedding(noise, song)
        self.map_augment = Linear(augmentations, noise, bias=False)
        self.map_layer0, self.map_layer1 = Linear(noise, embedding), Linear(embedding, embedding)
        if classes:
            self.map_label = Linear(classes, noise if song else embedding, bias=song)
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        h, pyramid, kept = width * multipliers[0], 3, []
        for level, multiplier in enumerate(multipliers):
            name = f"{size >> level}x{size >> level}"
            if level == 0:
                self.enc[f"{name}_conv"] = Conv(3, h, 3)
            else:
                self.enc[f"{name}_down"] = block(h, h, resize="down")
                if encoder == "skip":
                    self.enc[f"{name}_aux_down"] = Conv(3, 3, 0, "down", filter)
                    self.enc[f"{name}_aux_skip"] = Conv(3, h, 1)
                if encoder == "residual":
                    self.enc[f"{name}_aux_residual"] = Conv(pyramid, h, 3, "down", filter, filters_last=True)
                    pyramid = h
            kept.append(h)
            for index in range(blocks):
                self.enc[f"{name}_block{index}"] = block(h, width * multiplier, attention=attends[level])
                h = width * multiplier
                kept.append(h)
        for level, multiplier in reversed(list(enumerate(multipliers))):
            name = f"{size >> level}x{size >> level}"
            if level == self.levels - 1:
                self.dec[f"{name}_in0"], self.dec[f"{name}_in1"] = block(h, h, attention=True), block(h, h)
            else:
                self.dec[f"{name}_up"] = block(h, h, resize="up")
            for index in range(blocks + 1):
                attention = attends[level] and (index == blocks or not song)
                self.dec[f"{name}_block{index}"] = block(h + kept.pop(), width * multiplier, attention=attention)
                h = width * multiplier
            if song and (decoder == "skip" or level == 0):
                if decoder == "skip" and level < self.levels - 1:
                    self.dec[f"{name}_aux_up"] = Conv(outputs, outputs, 0, "up", filter)
                self.dec[f"{name}_aux_norm"], self.dec[f"{name}_aux_conv"] = Norm(h, 1e-6), Conv(h, outputs, 3)
        if not song:
            self.out_norm, self.out_conv = Norm(h, 1e-5), Conv(h, outputs, 3)

    def forward(self, x, times, labels):
        time = self.map_noise(times)
        one_hot = functional.one_hot(labels.long(), self.classes).float() if self.classes else None
        if self.classes and self.song:
            time = time + self.map_label(one_hot * math.sqrt(self.classes))
        time = self.map_layer1(functional.silu(self.map_layer0(time)))
        if not self.song:
            time = time + self.map_label(one_hot)
        time, kept, pyramid = functional.silu(time), [], x
        for name, module in self.enc.items():
            if name.endswith("aux_down"):
                pyramid = module(pyramid)
            elif name.endswith("aux_skip"):
                x = kept[-1] = x + module(pyramid)
            elif name.endswith("aux_residual"):
                x = kept[-1] = pyramid = (x + module(pyramid)) / math.sqrt(2)
            else:
                x = module(x, time) if isinstance(module, UNetBlock) else module(x)
                kept.append(x)
        image, normalized = None, None
        for name, module in self.dec.items():
            if name.endswith("aux_up"):
                image = module(image)
            elif name.endswith("aux_norm"):
                normalized = module(x)
            elif name.endswith("aux_conv"):
                written = module(functional.silu(normalized))
                image = written if image is None else image + written
            else:
                x = module(torch.cat([x, kept.pop()], 1) if x.shape[1] != module.in_channels else x, time)
        return image if self.song else self.out_conv(functional.silu(self.out_norm(x)))


def pickled(wrapper, seed, arguments, size=8, **architecture):
    """A network and the pickle of a wrapper of a class's name around it, which says what it was made with."""
    network = randomise(EDMUNet(size, song=arguments["model_type"] == "SongUNet", **architecture), seed)
    outer = type(wrapper, (Persistent,), {})(img_resolution=size, img_channels=3, use_fp16=False, augment_dim=2, **arguments)
    outer.model = network
    _, dictionary = persistence()
    return network, pickle.dumps(dictionary(ema=outer.eval(), augment_pipe=None, dataset_kwargs=dictionary(resolution=size)))


def edm(name, wrapper, seed, times, arguments, labels=None, **architecture):
    """A case, in which the network's raw output counts."""
    network, checkpoint = pickled(wrapper, seed, arguments, **architecture)
    run = lambda x, times, labels=None: network(x, times, labels)
    run.parameters = network.parameters
    write(name, "pkl", checkpoint, run, None, times, labels)


def tiny(name, wrapper, seed, **arguments):
    """A file that a fuzzer can take: one level of four channels."""
    song = dict(model_type="SongUNet", model_channels=4, channel_mult=[1], num_blocks=1, attn_resolutions=[], label_dim=0)
    architecture = dict(outputs=3, classes=0, width=4, multipliers=(1,), blocks=1, attends=(False,))
    _, checkpoint = pickled(wrapper, seed, dict(song, **arguments), 4, fourier=arguments["embedding_type"] == "fourier", **architecture)
    (here.parent / "checkpoints" / f"{name}.pkl").write_bytes(checkpoint)
    print(name, len(checkpoint))


if __name__ == "__main__":
    fir = [1, 3, 3, 1]
    small = dict(outputs=3, width=8, multipliers=(1, 2, 2), blocks=1, attends=(False, True, False))
    song = dict(model_type="SongUNet", model_channels=8, channel_mult=[1, 2, 2], num_blocks=1, attn_resolutions=[4])
    edm("edm-ddpmpp", "VPPrecond", 31, [3.0, 500.0], dict(song, embedding_type="positional", label_dim=0), classes=0, **small)
    edm("edm-ncsnpp", "EDMPrecond", 32, [-1.5, 1.05],
        dict(song, embedding_type="fourier", channel_mult_noise=2, encoder_type="residual", resample_filter=fir, label_dim=3, dropout=0.05),
        labels=[2, 0], classes=3, fourier=True, encoder="residual", filter=fir, **small)
    edm("edm-skip", "VEPrecond", 33, [-3.9, 3.8],
        dict(song, embedding_type="positional", encoder_type="skip", decoder_type="skip", resample_filter=fir, label_dim=0),
        classes=0, encoder="skip", decoder="skip", filter=fir, **small)
    edm("edm-dhariwal", "iDDPMPrecond", 34, [3.0, 500.0],
        dict(model_type="DhariwalUNet", model_channels=16, channel_mult=[1, 4], num_blocks=1, attn_resolutions=[4], label_dim=3),
        labels=[2, 0], outputs=6, classes=3, width=16, multipliers=(1, 4), blocks=1, attends=(False, True))
    tiny("edm-song", "EDMPrecond", 35, embedding_type="positional")
    tiny("edm-fourier", "VEPrecond", 36, embedding_type="fourier", channel_mult_noise=2)
