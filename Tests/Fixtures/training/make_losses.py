"""Makes the losses of twenty steps of training by PyTorch, from weights, images, noise and times that are in this folder.

    python make_losses.py        # torch 2.13, diffusers 0.42

The network begins with the weights after torch.manual_seed(0), which InitialParameters(seed: 0) draws as well. Images are
sums of a few waves, so that there is something to learn. The steps are AdamW with a warm-up, clipped gradients, and the mean
square error of the predicted noise.
"""

import json
from pathlib import Path

import numpy
import torch
from diffusers import DDPMScheduler, UNet2DModel

here = Path(__file__).resolve().parent
STEPS, BATCH, SIZE = 20, 4, 16

torch.set_num_threads(1)
generator = numpy.random.default_rng(1)
grid = numpy.linspace(0, 2 * numpy.pi, SIZE)
phases = generator.uniform(0, 2 * numpy.pi, (STEPS * BATCH, 1, 1, 1))
counts = generator.integers(1, 4, (STEPS * BATCH, 1, 1, 1))
images = (numpy.sin(counts * grid[None, None, None, :] + phases) * numpy.cos(grid[None, None, :, None])).astype("float32")
noise = generator.standard_normal(images.shape).astype("float32")
times = generator.integers(0, 1000, STEPS * BATCH)

config = dict(
    sample_size=SIZE, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=[32, 64],
    down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
    norm_num_groups=32, attention_head_dim=None)
torch.manual_seed(0)
network = UNet2DModel(**config)
scheduler = DDPMScheduler(num_train_timesteps=1000)
optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)

losses, norms = [], []
for step in range(STEPS):
    rows = slice(step * BATCH, (step + 1) * BATCH)
    x0, eps, t = (torch.from_numpy(numpy.asarray(a[rows])) for a in (images, noise, times))
    prediction = network(scheduler.add_noise(x0, eps, t), t).sample
    loss = torch.nn.functional.mse_loss(prediction, eps)
    for group in optimizer.param_groups:
        group["lr"] = 1e-3 * min(1, (step + 1) / 5)
    optimizer.zero_grad()
    loss.backward()
    norms.append(float(torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)))
    optimizer.step()
    losses.append(float(loss))

numpy.save(here / "images.npy", images)
numpy.save(here / "noise.npy", noise)
(here / "config.json").write_text(json.dumps({"_class_name": "UNet2DModel"} | config, indent=2) + "\n")
(here / "losses.json").write_text(json.dumps(
    {"batch": BATCH, "times": times.tolist(), "losses": losses, "gradient_norms": norms}, indent=2) + "\n")
print(losses)
