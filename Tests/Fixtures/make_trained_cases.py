"""Makes the cases sampling/trained/*: samples of the embedded MNIST model by diffusers' schedulers.

    python make_trained_cases.py

Each folder holds the scheduler's configuration, the noise that was drawn, and the samples. The weights are the embedded ones,
widened from half precision, and noise is what torch.manual_seed(0) gives. Made with diffusers 0.42.1 and PyTorch 2.13.
"""

import json
import pathlib

import numpy
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, HeunDiscreteScheduler, UNet2DModel
from safetensors.torch import load_file

here = pathlib.Path(__file__).resolve().parent
model = here.parent.parent / "Sources/PretrainedModels/mnist"
COUNT = 2
CASES = {
    "ddim-10": (DDIMScheduler, 10), "ddpm-10": (DDPMScheduler, 10), "dpmpp-2m-10": (DPMSolverMultistepScheduler, 10),
    "heun-6": (HeunDiscreteScheduler, 6)}


class RecordedDraws:
    """Passes torch.randn through and keeps what it gave."""

    def __init__(self):
        self.draws, self.original = [], torch.randn

    def __call__(self, *shape, **options):
        noise = self.original(*shape, **options)
        self.draws.append(noise.clone())
        return noise


def main():
    config = {k: v for k, v in json.loads((model / "config.json").read_text()).items() if not k.startswith("_")}
    network = UNet2DModel(**config)
    weights = load_file(str(model / "diffusion_pytorch_model.safetensors"))
    network.load_state_dict({name: values.float() for name, values in weights.items()})
    network.eval()
    trained = json.loads((model / "scheduler_config.json").read_text())
    facts = {k: trained[k] for k in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type")}
    for name, (kind, steps) in CASES.items():
        clips = kind in (DDIMScheduler, DDPMScheduler)
        scheduler = kind.from_config(trained, clip_sample=True) if clips else kind(**facts)
        scheduler.set_timesteps(steps)
        torch.manual_seed(0)
        size = config["sample_size"]
        noise = torch.randn(COUNT, config["in_channels"], size, size)
        recorded = RecordedDraws()
        torch.randn = recorded
        state = noise * scheduler.init_noise_sigma
        with torch.no_grad():
            for t in scheduler.timesteps:
                prediction = network(scheduler.scale_model_input(state, t), t).sample
                state = scheduler.step(prediction, t, state).prev_sample
        torch.randn = recorded.original
        folder = here / "sampling/trained" / name
        folder.mkdir(parents=True, exist_ok=True)
        scheduler.save_pretrained(folder)
        numpy.save(folder / "initial_noise.npy", noise.numpy())
        numpy.save(folder / "expected.npy", state.numpy())
        if recorded.draws:
            numpy.save(folder / "step_noise.npy", torch.stack(recorded.draws).numpy())
        case = {
            "scheduler": kind.__name__, "num_inference_steps": steps, "eta": 0.0,
            "timesteps": [float(t) for t in scheduler.timesteps], "noises_drawn": len(recorded.draws),
            "init_noise_sigma": float(scheduler.init_noise_sigma)}
        (folder / "case.json").write_text(json.dumps(case, indent=1))
        print(name, float(state.min()), float(state.max()))


main()
