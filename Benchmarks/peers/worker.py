"""One program that evaluates a U-Net, alone in its process: loads a model, then times evaluations when told to.

    worker.py PEER MODEL INPUT TIMESTEPS OUTPUT THREADS

Reads lines from standard input: `run N` evaluates N times and answers with the seconds of each, `quit` ends. The first
evaluation is done before the first answer, its result written to OUTPUT. The last answer is the peak resident memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy


def torch_network(model, threads):
    import torch
    from diffusers import UNet2DModel

    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    return torch, UNet2DModel.from_pretrained(Path(model) / "unet").eval()


def eager(model, x, t, threads, compiled=False, channels_last=False, bfloat16=False, double=False):
    """PyTorch as diffusers' users run it, with what they may turn on."""
    torch, network = torch_network(model, threads)
    x, t = torch.from_numpy(x), torch.from_numpy(t)
    if channels_last:
        network, x = network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if double:
        network, x, t = network.double(), x.double(), t.double()
    if compiled:
        network = torch.compile(network)

    def evaluate():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            return network(x, t, return_dict=False)[0]

    return lambda: evaluate().double().numpy() if double else evaluate().float().numpy()


def traced_arguments(model, x, t, threads):
    torch, network = torch_network(model, threads)

    class Evaluation(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x, t):
            return self.network(x, t, return_dict=False)[0]

    return torch, Evaluation(), (torch.from_numpy(x), torch.from_numpy(t))


def export_onnx(model, x, t, threads, path):
    torch, network, arguments = traced_arguments(model, x, t, threads)
    torch.onnx.export(network, arguments, path, input_names=["x", "t"], output_names=["y"], dynamo=False)


def export_openvino(model, x, t, threads, path):
    import openvino

    _, network, arguments = traced_arguments(model, x, t, threads)
    shapes = [tuple(argument.shape) for argument in arguments]
    converted = openvino.convert_model(network, example_input=arguments, input=shapes)
    openvino.save_model(converted, path, compress_to_fp16=False)


def onnxruntime_session(path, x, t, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x, "t": t})[0]


def openvino_model(path, x, t, threads, precision):
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda: compiled([x, t])[0]


def prepare(peer, model, x, t, threads):
    exported = Path(model).parent / f"batch{len(x)}"
    match peer:
        case "float64":
            return eager(model, x, t, threads, double=True)
        case "PyTorch eager":
            return eager(model, x, t, threads)
        case "PyTorch channels_last":
            return eager(model, x, t, threads, channels_last=True)
        case "torch.compile":
            return eager(model, x, t, threads, compiled=True)
        case "PyTorch bf16 autocast":
            return eager(model, x, t, threads, bfloat16=True)
        case "ONNX Runtime":
            return onnxruntime_session(f"{exported}.onnx", x, t, threads)
        case "OpenVINO f32":
            return openvino_model(f"{exported}.xml", x, t, threads, "f32")
        case "OpenVINO bf16":
            return openvino_model(f"{exported}.xml", x, t, threads, "bf16")
        case "export onnx":
            return lambda: export_onnx(model, x, t, threads, f"{exported}.onnx")
        case "export openvino":
            return lambda: export_openvino(model, x, t, threads, f"{exported}.xml")
    sys.exit(f"{peer}: no such peer")


def main():
    peer, model, input_path, timesteps_path, output, threads = sys.argv[1:]
    evaluate = prepare(peer, model, numpy.load(input_path), numpy.load(timesteps_path), int(threads))
    result = evaluate()
    if result is not None:
        numpy.save(output, result)
    del result
    for line in sys.stdin:
        word, *arguments = line.split()
        if word == "quit":
            break
        seconds = []
        for _ in range(int(arguments[0])):
            start = time.perf_counter()
            evaluate()
            seconds.append(time.perf_counter() - start)
        print(json.dumps(seconds), flush=True)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024), flush=True)


if __name__ == "__main__":
    main()
