"""Golden results of diffusers' schedulers on a small closed-form denoiser.

    python make_sampler_cases.py --cases 330 --seed 1 --output cases.json

Needs torch, numpy, scipy and diffusers (0.42.1 made the committed file). Each case is a random configuration of a random
class, run from recorded noise; the file holds the configuration as diffusers saves it, how the run was called, its last
state computed in 64 bits over diffusers' tables in 32 bits, and how far diffusers' own 32 bits are from that. Runs that
diffusers refuses, that end in infinities or that are so ill-conditioned that 32 bits do not determine them are left out.
"""

import argparse
import json
import logging
import math
import random
import sys

import diffusers
import numpy as np
import torch

SHAPE = (2, 3, 2, 4)
COUNT = math.prod(SHAPE)
DRAWS = 40


def model(x, t, config, learned):
    """The denoiser: near the posterior mean of Gaussian data, bent a little. DummyDenoiser.swift says the same."""
    x = x.double()
    place = torch.arange(COUNT // 2, dtype=torch.float64).reshape(1, *SHAPE[1:])
    u = min(max((float(t) + 1) / config.num_train_timesteps, 1e-3), 1)
    a = math.exp(-(0.05 * u + 4.975 * u * u))
    s = math.sqrt(1 - a * a)
    mean = 0.3 * torch.sin(0.7 * place)
    clean = mean + a * 0.25 / (a * a * 0.25 + s * s) * (x - a * mean)
    clean = clean + 0.1 * torch.sin(3 * clean)
    noise = (x - a * clean) / s
    out = {"epsilon": noise, "sample": clean, "v_prediction": a * noise - s * clean}[config.prediction_type]
    if learned:
        out = torch.cat([out, 0.5 * torch.sin(5 * x) + (0.6 if config.variance_type == "learned" else 0)], dim=1)
    return out


def shared(rng, classes):
    config = {}
    kind = rng.choice(["default", "linear", "scaled", "cosine", "trained", "short"])
    if kind == "linear":
        config = {"beta_start": rng.choice([1e-4, 1e-3]), "beta_end": rng.choice([0.01, 0.02, 0.03])}
    if kind == "scaled":
        config = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    if kind == "cosine":
        config = {"beta_schedule": "squaredcos_cap_v2"}
    if kind == "trained":
        config = {"num_train_timesteps": 40, "trained_betas": [round(0.002 + 0.004 * i, 6) for i in range(40)]}
    if kind == "short":
        config = {"num_train_timesteps": rng.choice([100, 400, 1100, 2000]), "beta_start": 0.001, "beta_end": 0.03}
    config["prediction_type"] = rng.choice(["epsilon", "epsilon", "v_prediction", "sample"])
    if classes != "single":
        if rng.random() < 0.6:
            config["timestep_spacing"] = rng.choice(["leading", "linspace", "trailing"])
        if rng.random() < 0.3:
            config["steps_offset"] = 1
    return config


def limits(rng, config, clips):
    roll = rng.random()
    if roll < 0.25:
        config["thresholding"] = True
        config["dynamic_thresholding_ratio"] = rng.choice([0.995, 0.9, 0.7])
        config["sample_max_value"] = rng.choice([1.0, 1.5, 5.0, 0.5])
    elif clips and roll < 0.5:
        config["clip_sample"] = False
    elif clips and roll < 0.6:
        config["clip_sample_range"] = 0.7


def shapes(rng, config, lu=False):
    keys = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"] + (["use_lu_lambdas"] if lu else [])
    if rng.random() < 0.5:
        config[rng.choice(keys)] = True


def draw(rng):
    """A random class, its configuration and the arguments of its calls."""
    name = rng.choice([
        "DDPM", "DDIM", "PNDM", "DPMSolverMultistep", "DPMSolverMultistep", "DPMSolverSinglestep", "UniPCMultistep",
        "UniPCMultistep", "DEISMultistep", "HeunDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "LMSDiscrete"])
    config, call = shared(rng, "single" if name == "DPMSolverSinglestep" else name), {}
    if name == "DDPM":
        limits(rng, config, True)
        config["variance_type"] = rng.choice(
            ["fixed_small", "fixed_small_log", "fixed_large", "learned", "learned_range"])
        if config.get("num_train_timesteps") is None and rng.random() < 0.2:
            config["beta_schedule"] = rng.choice(["sigmoid", "laplace"])
        config["rescale_betas_zero_snr"] = rng.random() < 0.2
    if name == "DDIM":
        limits(rng, config, True)
        config["set_alpha_to_one"] = rng.random() < 0.6
        config["rescale_betas_zero_snr"] = rng.random() < 0.2
        call["eta"] = rng.choice([0.0, 0.0, 0.5, 1.0])
        if rng.random() < 0.3:
            call["use_clipped_model_output"] = True
    if name == "PNDM":
        config["skip_prk_steps"] = rng.random() < 0.5
        config["set_alpha_to_one"] = rng.random() < 0.5
        if config["prediction_type"] == "sample":
            config["prediction_type"] = "epsilon"
    if name.startswith("DPMSolver"):
        limits(rng, config, False)
        config["solver_order"] = rng.choice([1, 2, 3])
        kinds = ["dpmsolver", "dpmsolver++", "dpmsolver++", "sde-dpmsolver++"]
        config["algorithm_type"] = rng.choice(kinds + (["sde-dpmsolver"] if name.endswith("Multistep") else []))
        config["solver_type"] = rng.choice(["midpoint", "heun"])
        config["lower_order_final"] = rng.random() < 0.7
        config["final_sigmas_type"] = rng.choice(["zero", "sigma_min"])
        if "++" not in config["algorithm_type"]:
            config["final_sigmas_type"] = "sigma_min"
        if rng.random() < 0.2:
            config["lambda_min_clipped"] = -4.0
        if rng.random() < 0.15 and config["prediction_type"] == "epsilon":
            config["variance_type"] = "learned_range"
        shapes(rng, config, lu=name.endswith("Multistep"))
        if name.endswith("Multistep"):
            config["euler_at_final"] = rng.random() < 0.2
            config["rescale_betas_zero_snr"] = rng.random() < 0.15
    if name == "UniPCMultistep":
        limits(rng, config, False)
        config["solver_order"] = rng.choice([1, 2, 2, 3, 4])
        config["solver_type"] = rng.choice(["bh1", "bh2"])
        config["predict_x0"] = rng.random() < 0.7
        config["lower_order_final"] = rng.random() < 0.8
        # The others end in what is not a number.
        reaches_zero = config["predict_x0"] and config["lower_order_final"]
        config["final_sigmas_type"] = rng.choice(["zero", "sigma_min"]) if reaches_zero else "sigma_min"
        config["disable_corrector"] = rng.choice([[], [], [0], [1, 2]])
        config["rescale_betas_zero_snr"] = rng.random() < 0.15
        shapes(rng, config)
        if rng.random() < 0.15:
            config.update(sigma_min=0.03, sigma_max=80.0)
    if name == "DEISMultistep":
        limits(rng, config, False)
        config["solver_order"] = rng.choice([1, 2, 3])
        config["lower_order_final"] = rng.random() < 0.7
        shapes(rng, config)
    if name == "HeunDiscrete":
        config["clip_sample"] = rng.random() < 0.3
        config["clip_sample_range"] = rng.choice([1.0, 0.8])
        shapes(rng, config)
    if name == "EulerDiscrete":
        shapes(rng, config)
        config["final_sigmas_type"] = rng.choice(["zero", "zero", "sigma_min"])
        config["interpolation_type"] = rng.choice(["linear", "linear", "log_linear"])
        config["rescale_betas_zero_snr"] = rng.random() < 0.15
        config["timestep_type"] = rng.choice(["discrete", "discrete", "continuous"])
        if rng.random() < 0.15:
            config.update(sigma_min=0.03, sigma_max=80.0)
    if name == "EulerAncestralDiscrete":
        config["rescale_betas_zero_snr"] = rng.random() < 0.15
        if config["prediction_type"] == "sample":
            config["prediction_type"] = "v_prediction"
    if name == "LMSDiscrete":
        shapes(rng, config)
    if config.get("rescale_betas_zero_snr") and config.get("beta_schedule") == "squaredcos_cap_v2":
        # Its smallest level is at the mercy of one rounding of a square root near one, which differs between processors.
        del config["beta_schedule"]
    steps = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 12, 14, 15, 16, 20, 25, 30, 37, 50])
    if rng.random() < 0.03:
        steps = rng.choice([100, 250, 999])
    return name + "Scheduler", config, call, min(steps, config.get("num_train_timesteps", 1000))


def numbers(tensor, digits=9):
    return [float(f"{v:.{digits}g}") for v in tensor.flatten().tolist()]


def tables():
    """Some entries of the cumulated products of every beta schedule."""
    result = []
    for name, config in [
        ("DDPM", {}), ("DDPM", {"num_train_timesteps": 333, "beta_start": 0.001, "beta_end": 0.05}),
        ("DDPM", {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}),
        ("DDPM", {"beta_schedule": "squaredcos_cap_v2"}), ("DDPM", {"beta_schedule": "sigmoid"}),
        ("DDPM", {"beta_schedule": "laplace"}), ("HeunDiscrete", {}), ("HeunDiscrete", {"beta_schedule": "exp"}),
        ("DDIM", {"num_train_timesteps": 3, "trained_betas": [0.1, 0.2, 0.3]}),
        ("DDIM", {"rescale_betas_zero_snr": True}), ("EulerDiscrete", {"rescale_betas_zero_snr": True}),
    ]:
        table = getattr(diffusers, name + "Scheduler")(**config).alphas_cumprod
        places = sorted({0, 1, len(table) // 3, len(table) // 2, len(table) - 2, len(table) - 1})
        result.append({"configuration": {"_class_name": name + "Scheduler", **config}, "places": places,
                       "products": numbers(table[places])})
    return result


class Wide:
    """Stands in for torch inside a scheduler, so that what it casts to 32 bits keeps 64."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


def run(name, config, call, steps, initial, draws, wide):
    """One run: with the tables in 32 bits as ever, and states and coefficients in 64 bits if wide, else in 32."""
    scheduler = getattr(diffusers, name)(**config)
    kind = torch.float64 if wide else torch.float32
    taken = []

    def recorded(shape, **_):
        taken.append(draws[len(taken) % DRAWS].to(kind))
        return taken[-1]

    module = sys.modules[scheduler.__module__]
    module.randn_tensor = recorded
    scheduler.set_timesteps(steps)
    for table in ("alphas_cumprod", "sigmas", "final_alpha_cumprod", "one"):
        if hasattr(scheduler, table):
            setattr(scheduler, table, getattr(scheduler, table).to(kind))
    if name.startswith("DPM") and "thresholding" in config and config["algorithm_type"] == "dpmsolver":
        assert "Single" not in name  # diffusers raises here
    learned = config.get("variance_type") in ("learned", "learned_range")
    x = initial.to(kind) * scheduler.init_noise_sigma
    assert int(scheduler.timesteps.min()) >= 0  # trailing grids of some lengths have the training step -1
    module.torch = Wide() if wide else torch
    try:
        for t in scheduler.timesteps:
            out = model(scheduler.scale_model_input(x, t), t, scheduler.config, learned).to(kind)
            x = scheduler.step(out, t, x, **call).prev_sample
    finally:
        module.torch = torch
    saved = json.loads(scheduler.to_json_string())
    if saved.get("lambda_min_clipped") == -math.inf:
        del saved["lambda_min_clipped"]
    return saved, x, len(taken), len(scheduler.timesteps)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounding", type=float, default=3e-6, help="leave out runs that 32 bits move further")
    parser.add_argument("--output", default="cases.json")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    rng = random.Random(arguments.seed)
    torch.manual_seed(arguments.seed)
    initial, draws = torch.randn(SHAPE), torch.randn((DRAWS, *SHAPE))
    cases, refused = [], 0
    while len(cases) < arguments.cases:
        name, config, call, steps = draw(rng)
        try:
            saved, x, count, evaluations = run(name, config, call, steps, initial, draws, wide=True)
            narrow = run(name, config, call, steps, initial, draws, wide=False)[1]
            rounding = ((narrow - x).abs().max() / x.abs().max()).item()
            assert torch.isfinite(x).all() and rounding <= arguments.rounding
        except Exception:
            refused += 1
            continue
        # The scheduler may have changed the configuration for this very run; the case is what was asked for.
        saved.update(config)
        del saved["_diffusers_version"]
        cases.append({
            "configuration": saved, "call": call, "steps": steps, "draws": count, "evaluations": evaluations,
            "rounding": float(f"{rounding:.2g}"), "expected": numbers(x, 8)})
    print(f"{len(cases)} cases, {refused} refused or ill-conditioned")
    with open(arguments.output, "w") as file:
        json.dump({"shape": SHAPE, "initial": numbers(initial), "draws": numbers(draws), "cases": cases,
                   "tables": tables()}, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
