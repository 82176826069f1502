"""Writes sigma_cases.json: runs of samplers of unscaled data in 64 bits, from recorded noise, with numpy alone.

Algorithm 2 of Karras and others (2022) with the wrappers of their table 1, and the predictor and corrector of Song and others
(2021, algorithm 2) with norms of each sample. The network is a formula of its input and its time.
"""

import json
import math
import os

import numpy as np

SHAPE = (2, 3, 2, 2)
PLACES = np.arange(12).reshape(1, 3, 2, 2)


def network(y, t):
    time = t / (1 + abs(t))
    return 0.5 * np.sin(1.7 * y + 0.3 * time + 0.1 * PLACES) + 0.2 * np.tanh(y) * time


def improved(c1=0.001, c2=0.008, steps=1000):
    a = lambda j: math.sin(0.5 * math.pi * j / (steps * (c2 + 1))) ** 2
    u = np.zeros(steps + 1)
    for j in range(steps, 0, -1):
        u[j - 1] = math.sqrt((u[j] ** 2 + 1) / max(a(j - 1) / a(j), c1) - 1)
    return u


def wrapper(kind, deviation=0.5):
    """The denoiser, and what rounds a sigma."""
    plain = lambda s: s
    if kind == "edm":
        def denoise(x, s):
            v = s ** 2 + deviation ** 2
            return deviation ** 2 / v * x + s * deviation / math.sqrt(v) * network(x / math.sqrt(v), math.log(s) / 4)
        return denoise, plain
    if kind == "vp":
        d, m = 19.9, 0.1
        t = lambda s: (math.sqrt(m ** 2 + 2 * d * math.log(1 + s ** 2)) - m) / d
        return lambda x, s: x - s * network(x / math.sqrt(s ** 2 + 1), 999 * t(s)), plain
    if kind == "ve":
        # A network that does not scale its input itself would have a flow that no precision follows.
        return lambda x, s: x + s * network(x / math.sqrt(1 + s ** 2), math.log(s / 2)), plain
    u = improved()
    nearest = lambda s: int(np.argmin(np.abs(u - s)))
    return (lambda x, s: x - s * network(x / math.sqrt(s ** 2 + 1), 999 - nearest(s))), (lambda s: u[nearest(s)])


def karras(case, initial, draws):
    denoise, rounded = wrapper(case["preconditioning"])
    n, low, high = case["steps"], case["sigma_min"], case["sigma_max"]
    churn, smin, smax, snoise = case["churn"]
    i = np.arange(n, dtype=np.float64)
    t = (high ** (1 / 7) + i / (n - 1) * (low ** (1 / 7) - high ** (1 / 7))) ** 7
    t = [rounded(s) for s in t] + [0.0]
    x, used = initial * t[0], 0
    for k in range(n):
        gamma = min(churn / n, math.sqrt(2) - 1) if smin <= t[k] <= smax else 0
        hat = rounded(t[k] + gamma * t[k])
        if hat > t[k]:
            x = x + math.sqrt(hat ** 2 - t[k] ** 2) * snoise * draws[used % len(draws)]
            used += 1
        d = (x - denoise(x, hat)) / hat
        following = x + (t[k + 1] - hat) * d
        if k < n - 1 and case["heun"]:
            e = (following - denoise(following, t[k + 1])) / t[k + 1]
            following = x + (t[k + 1] - hat) * (d + e) / 2
        x = following
    return x


def score(y, s):
    return -(y - 0.5) / (s ** 2 + 0.0625) + 0.2 / (s + 0.3) * np.sin(3 * y / (s + 1) + 0.1 * PLACES)


def norms(a):
    return np.sqrt((a ** 2).reshape(len(a), -1).sum(1)).reshape(-1, 1, 1, 1)


def corrected(case, initial, draws):
    """In data of 0...1; the result is in -1...1. The prior is in the middle of the data."""
    n, low, high = case["steps"], case["sigma_min"], case["sigma_max"]
    ratio = high / low
    sigmas = np.exp(np.linspace(math.log(low), math.log(high), n))
    times = np.linspace(1, case["sampling_eps"], n)
    y, used = high * initial + 0.5, 0
    for k in range(n):
        index = n - 1 - k
        given = low * ratio ** times[k]
        for _ in range(case["correct_steps"]):
            s, z = score(y, given), draws[used % len(draws)]
            used += 1
            step = 2 * (case["snr"] * norms(z) / norms(s)) ** 2
            y = y + step * s + np.sqrt(2 * step) * z
        below = sigmas[index - 1] if index else 0.0
        lost = sigmas[index] ** 2 - below ** 2
        y = y + lost * score(y, given)
        if index:
            deviation = math.sqrt(lost) * (below / sigmas[index] if case["predictor"] == "ancestral" else 1)
            y = y + deviation * draws[used % len(draws)]
            used += 1
    return 2 * y - 1


def main():
    rng = np.random.default_rng(20)
    initial = rng.standard_normal(SHAPE).astype(np.float32).astype(np.float64)
    draws = rng.standard_normal((8,) + SHAPE).astype(np.float32).astype(np.float64)
    u = improved()
    ends = {"edm": (0.002, 80.0), "vp": (0.002, 80.0), "ve": (0.02, 100.0), "iddpm": (float(u[999]), float(u[np.argmin(abs(u - 80))]))}
    cases = []
    for kind, (low, high) in ends.items():
        for heun, churn in ((True, (0, 0, 0, 1)), (True, (40, 0.05, 50, 1.003)), (False, (12, 0.1, 70, 1))):
            case = {"preconditioning": kind, "heun": heun, "churn": list(churn), "steps": 18 if heun else 11, "sigma_min": low, "sigma_max": high}
            case["expected"] = karras(case, initial, draws)
            cases.append(case)
    for predictor in ("reverse_diffusion", "ancestral"):
        for corrections in (0, 1, 2):
            case = {"predictor": predictor, "correct_steps": corrections, "snr": 0.17, "steps": 14, "sigma_min": 0.01, "sigma_max": 50.0, "sampling_eps": 1e-3}
            case["expected"] = corrected(case, initial, draws)
            cases.append(case)
    for case in cases:
        case["expected"] = [float(f"{v:.9g}") for v in case["expected"].ravel()]
    result = {
        "shape": SHAPE, "initial": [float(f"{v:.9g}") for v in initial.ravel()],
        "draws": [float(f"{v:.9g}") for v in draws.ravel()], "cases": cases,
        "improved": [float(u[i]) for i in (0, 1, 499, 998, 999)],
    }
    with open(os.path.join(os.path.dirname(__file__), "sigma_cases.json"), "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


main()
