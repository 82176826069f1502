"""Makes checkpoints/: files of PyTorch in every container, what they hold as safetensors, and hostile ones.

    python make_checkpoint_cases.py

Every file is read by PyTorch itself first, and every hostile one is flagged by fickling or picklescan. The class of the persistent
pickles stands here; there is no text of anybody else's in them. Legacy streams name their storages by addresses, so that their bytes
differ from run to run. Made with PyTorch 2.13, NumPy 2.4, fickling 0.1.12 and picklescan 1.0.5.
"""

import collections
import io
import json
import pathlib
import pickle
import pickletools
import struct
import sys
import types
import zipfile
import zlib

import numpy
import torch

here = pathlib.Path(__file__).resolve().parent / "checkpoints"


# What the files hold.

def tensors():
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(4, 6, generator=generator)
    special = torch.tensor([0x7FC00001, 0x7F800000, -0x80000000, 0x00000001, 0x3F800001], dtype=torch.int32).view(torch.float32)
    whole = torch.arange(-3, 9).reshape(3, 4)
    return collections.OrderedDict([
        ("float32", torch.randn(3, 2, 5, generator=generator)), ("special", special),
        ("float16", torch.randn(7, generator=generator).half()), ("bfloat16", torch.randn(2, 3, generator=generator).bfloat16()),
        ("float64", torch.randn(3, generator=generator, dtype=torch.float64)), ("int64", whole), ("int32", whole.int()),
        ("int16", whole.short()), ("int8", whole.char()), ("uint8", whole.abs().byte()), ("bool", whole > 2),
        ("scalar", torch.tensor(2.5)), ("empty", torch.zeros(0, 3)),
        # Views of one storage: all of it, a part, every second column, rows and columns exchanged, one row many times over.
        ("base", base), ("rows", base[1:3]), ("columns", base[:, 1::2]), ("transposed", base.t()), ("repeated", base[2].expand(3, 6)),
        ("half-transposed", torch.randn(3, 4, generator=generator).half().t()),
    ])


def state():
    """A state dictionary as a module has it, with the versions of its parts in an attribute."""
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 8 - 1)
    state = module.state_dict()
    state.update(tensors())
    assert state._metadata
    return state


def safetensors(tensors):
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
             torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def saved(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def repacked(archive, change, method=zipfile.ZIP_STORED):
    """An archive whose entries are changed by a function of name and contents."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(stream, "w", method) as new:
        for entry in old.infolist():
            contents = change(entry.filename, old.read(entry))
            if contents is not None:
                new.writestr(zipfile.ZipInfo(entry.filename), contents, method)
    return stream.getvalue()


def big_endian(archive):
    """The archive as a machine of the other byte order writes it."""
    sizes = {}

    class Reader(pickle.Unpickler):
        def persistent_load(self, name):
            sizes[name[2]] = torch._utils._element_size(name[1].dtype)

        def find_class(self, module, name):
            return (lambda *_: None) if name == "_rebuild_tensor_v2" else super().find_class(module, name)

    with zipfile.ZipFile(io.BytesIO(archive)) as old:
        Reader(io.BytesIO(old.read("archive/data.pkl"))).load()

    def change(name, contents):
        if name.endswith("byteorder"):
            return b"big"
        return swapped(contents, sizes[name.split("/")[-1]]) if "/data/" in name else contents
    return repacked(archive, change)


def swapped(contents, size):
    return numpy.frombuffer(contents, dtype=f"<u{size}").byteswap().tobytes()


def python2(archive):
    """The pickle with texts and names as Python 2 writes them."""
    def change(name, contents):
        if not name.endswith("data.pkl"):
            return contents
        result, operations = b"", list(pickletools.genops(contents))
        ends = [position for _, _, position in operations[1:]] + [len(contents)]
        for (opcode, argument, position), end in zip(operations, ends):
            if opcode.name == "BINUNICODE":
                result += b"U" + bytes([len(argument)]) + argument.encode()
            else:
                result += contents[position:end].replace(b"cbuiltins\n", b"c__builtin__\n")
        return result
    return repacked(archive, change)


def legacy_view():
    """A legacy stream in which a storage is a view of another, as PyTorch 0.4 wrote it."""
    values = torch.arange(6.0)
    class Writer(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, Storage):
                return ("storage", torch.FloatStorage, "7", "cpu", 6, value.view)
    class Storage:
        def __init__(self, view):
            self.view = view
    class Tensor:
        def __init__(self, *arguments):
            self.arguments = arguments
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, self.arguments
    stream = io.BytesIO()
    pickle.dump(torch.serialization.MAGIC_NUMBER, stream, 2)
    pickle.dump(1001, stream, 2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, stream, 2)
    none = collections.OrderedDict()
    Writer(stream, 2).dump({
        "whole": Tensor(Storage(None), 0, (6,), (1,), False, none), "view": Tensor(Storage(("8", 2, 3)), 1, (2,), (1,), False, none)})
    pickle.dump(["7"], stream, 2)
    stream.write(struct.pack("<q", 6) + values.numpy().tobytes())
    return stream.getvalue(), {"whole": values, "view": values[3:5]}


# A pickle that brings the text of its class along, by a module of the name that such files ask for.

def persistence():
    module = types.ModuleType("torch_utils.persistence")
    module._reconstruct_persistent_obj = lambda meta: types.SimpleNamespace(**meta)
    module._reconstruct_persistent_obj.__module__ = module.__name__
    module._reconstruct_persistent_obj.__qualname__ = module._reconstruct_persistent_obj.__name__ = "_reconstruct_persistent_obj"
    sys.modules.update({"torch_utils": types.ModuleType("torch_utils"), module.__name__: module})
    sys.modules["torch_utils"].persistence = module
    tools = types.ModuleType("dnnlib.util")
    tools.EasyDict = type("EasyDict", (dict,), {"__module__": "dnnlib.util"})
    sys.modules.update({"dnnlib": types.ModuleType("dnnlib"), "dnnlib.util": tools})
    return module, tools.EasyDict


class Persistent(torch.nn.Module):
    def __init__(self, **arguments):
        super().__init__()
        self._init_kwargs = arguments

    def __reduce__(self):
        meta = {"type": "class", "version": 6, "module_src": "# A stand-in.\n", "class_name": type(self).__name__, "state": self.__dict__}
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


class Block(Persistent):
    def __init__(self, width):
        super().__init__(width=width)
        self.weight = torch.nn.Parameter(torch.arange(float(width)).reshape(1, width) / 4)
        self.bias = None
        self.register_buffer("filter", torch.ones(2, 2).t() * 0.25)
        self.scale = numpy.sqrt(0.5)


class Network(Persistent):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.model = torch.nn.ModuleDict({"enc": torch.nn.ModuleDict({"8x8_conv": Block(3)}), "8x8_in0": Block(2)})
        self.register_parameter("gain", torch.nn.Parameter(torch.tensor(1.5).half()))
        self.missing = None
        # Held a second time by an attribute alone, which is no part of the state.
        self.__dict__["alias"] = self.model


def persistent():
    _, easy = persistence()
    network = Network(img_resolution=8, channel_mult=[1, 2], use_fp16=False, sigma_data=0.5, model_type="SongUNet")
    root = easy(ema=network, loss_fn=None, dataset_kwargs=easy(path="images.zip", resolution=8), seed=2**70, step=numpy.int64(-5))
    return root, network.state_dict()


# Checkpoints as the families have them.

def score_sde():
    names = [("all_modules.0.W", [3]), ("all_modules.1.weight", [4, 6]), ("all_modules.1.bias", [4]), ("all_modules.2.weight", [2, 1, 3, 3])]
    model = collections.OrderedDict([("module.sigmas", torch.linspace(50, 0.01, 5, dtype=torch.float64))])
    for place, (name, shape) in enumerate(names):
        model["module." + name] = torch.full(shape, float(place))
    averages = [model["module." + name] + 0.5 for name, _ in names[1:]]
    return {
        "optimizer": {"state": {0: {"step": 3, "exp_avg": torch.zeros(4, 6)}}, "param_groups": [{"lr": 2e-4, "betas": (0.9, 0.999), "params": [0, 1, 2]}]},
        "model": model, "ema": {"decay": 0.9999, "num_updates": 12, "shadow_params": averages}, "step": 12}


def misfits():
    """The same, with lists of averages that do not fit the model."""
    for name in ["few", "many", "turned", "no-list"]:
        checkpoint = score_sde()
        averages = checkpoint["ema"]["shadow_params"]
        changed = {"few": averages[:-1], "many": averages + averages[:1], "turned": [averages[0].t()] + averages[1:], "no-list": averages[0]}
        checkpoint["ema"]["shadow_params"] = changed[name]
        yield f"misfit-{name}.pth", saved(checkpoint)


def held_twice():
    """A network whose module stands in its table under two names."""
    root, _ = persistent()
    root["ema"]._modules["again"] = root["ema"].model
    return pickle.dumps(root, 4)


# Files that want to be more than data. Each would leave a file behind, if it were run.

COMMAND = "touch diffuse-gpu-ran-a-pickle"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def call(module, name, *arguments):
    return b"c" + f"{module}\n{name}\n".encode() + b"(" + b"".join(arguments) + b"tR"


def stream(body, protocol=2):
    return bytes([0x80, protocol]) + body + b"."


def tensor_archive(body, name="archive/data.pkl"):
    """The archive of a good tensor, whose pickle is another."""
    good = saved(collections.OrderedDict(weight=torch.ones(2)))
    return repacked(good, lambda entry, contents: body if entry.endswith("data.pkl") else contents)


def good_pickle():
    with zipfile.ZipFile(io.BytesIO(saved(collections.OrderedDict(weight=torch.ones(2))))) as archive:
        return archive.read("archive/data.pkl")


def hostile():
    system = call("os", "system", text(COMMAND))
    good = good_pickle()
    legacy = saved(collections.OrderedDict(weight=torch.ones(2)), _use_new_zipfile_serialization=False)
    place = legacy.index(b"ccollections\nOrderedDict\n")
    inner = stream(system)
    files = {
        "system.pkl": stream(system),
        "posix.pkl": stream(call("posix", "system", text(COMMAND))),
        "popen.pkl": stream(call("subprocess", "Popen", b"]", b"(", text("touch"), text("diffuse-gpu-ran-a-pickle"), b"e")),
        "eval.pkl": stream(call("builtins", "eval", text("__import__('os').system('%s')" % COMMAND))),
        "python2-eval.pkl": stream(call("__builtin__", "eval", text("__import__('os').system('%s')" % COMMAND))),
        "exec.pkl": stream(call("builtins", "exec", text("import os; os.system('%s')" % COMMAND))),
        "getattr.pkl": stream(b"cbuiltins\ngetattr\n(cos\n__dict__\n" + text("get") + b"tR(" + text("system") + b"tR(" + text(COMMAND) + b"tR"),
        "stack-global.pkl": stream(b"\x8c\x02os\x8c\x06system\x93(" + text(COMMAND) + b"tR", 4),
        "memo-global.pkl": stream(b"\x8c\x06system\x940\x8c\x02osh\x00\x93(" + text(COMMAND) + b"tR", 4),
        "new-object.pkl": stream(b"csubprocess\nPopen\n(" + text(COMMAND) + b"t\x81"),
        "instance.pkl": b"(S'" + COMMAND.encode() + b"'\nios\nsystem\n.",
        "object.pkl": stream(b"(cos\nsystem\n" + text(COMMAND) + b"o"),
        "extension.pkl": stream(b"\x82\x01" + b"(" + text(COMMAND) + b"tR"),
        "nested-pickle.pkl": stream(call("pickle", "loads", b"C" + bytes([len(inner)]) + inner), 4),
        "set-state.pkl": stream(b"cfunctools\npartial\n(cos\nsystem\nt\x81(cos\nsystem\n(" + text(COMMAND) + b"t}Ntb)R"),
        "runstring.pkl": stream(call("numpy.testing._private.utils", "runstring", text("import os; os.system('%s')" % COMMAND), b"}")),
        "torch-load.pkl": stream(call("torch", "load", text("other.pt"))),
        "run-path.pkl": stream(call("runpy", "run_path", text("other.py"))),
        "protocol-0.pkl": b"cos\nsystem\n(S'" + COMMAND.encode() + b"'\ntR.",
        "second-protocol.pkl": stream(b"\x80\x02" + system),
        "cut-behind.pkl": stream(system + b"0")[:-1],
        "unknown-behind.pkl": stream(system + b"0\xFF"),
        "two-pickles.pkl": stream(b"N") + stream(system),
        "archive.pt": tensor_archive(good[:2] + system + b"0" + good[2:]),
        "archive-value.pt": tensor_archive(good[:-2] + b"s" + text("extra") + system + b"s."),
        "archive-compressed.pt": repacked(tensor_archive(good[:2] + system + b"0" + good[2:]), lambda _, contents: contents, zipfile.ZIP_DEFLATED),
        "legacy.pt": legacy[:place] + system + b"0" + legacy[place:],
        "global-in-state.pt": tensor_archive(good[:-1] + text("extra") + b"cos\nsystem\ns."),
    }
    return files


def check_hostile(name, contents):
    from fickling.fickle import Pickled
    from fickling.analysis import Severity, check_safety
    from picklescan.scanner import scan_bytes
    scan = scan_bytes(io.BytesIO(contents), name)
    flagged = scan.infected_files > 0 or scan.scan_err
    try:
        body = contents
        if contents.startswith(b"PK"):
            body = zipfile.ZipFile(io.BytesIO(contents)).read("archive/data.pkl")
        elif name == "legacy.pt":
            body = contents[14 + 1 + 2:]
        flagged_too = check_safety(Pickled.load(io.BytesIO(body))).severity > Severity.LIKELY_SAFE
    except Exception as error:
        flagged_too = type(error).__name__
    assert flagged or flagged_too, name
    return f"{name}: picklescan {bool(flagged)}, fickling {flagged_too}"


def main():
    here.mkdir(exist_ok=True)
    (here / "hostile").mkdir(exist_ok=True)
    torch.serialization.set_crc32_options(True)
    values = state()
    files = {"values.safetensors": safetensors(values)}
    archive = saved(values)
    files["archive.pt"] = archive
    files["legacy.pt"] = saved(values, _use_new_zipfile_serialization=False)
    files["big-endian.pt"] = big_endian(archive)
    files["python2.pt"] = python2(archive)
    for protocol in [3, 4, 5]:
        files[f"protocol{protocol}.pt"] = saved(values, pickle_protocol=protocol)
    torch.serialization.set_crc32_options(False)
    files["no-checksums.pt"] = saved(values)
    torch.serialization.set_crc32_options(True)
    files["parameters.pt"] = saved({name: torch.nn.Parameter(tensor, tensor.numel() > 2) for name, tensor in tensors().items() if tensor.is_floating_point()})
    for name, contents in files.items():
        if name.endswith(".pt"):
            # PyTorch's own careful reader knows no frames, which protocol 4 has.
            loaded = torch.load(io.BytesIO(contents), weights_only="protocol" not in name)
            for key, tensor in loaded.items():
                assert tensor.dtype == values[key].dtype and tensor.shape == values[key].shape, (name, key)
                same = tensor.detach().contiguous().reshape(-1).view(torch.uint8) == values[key].contiguous().reshape(-1).view(torch.uint8)
                assert same.all(), (name, key)
    files["legacy-view.pt"], view = legacy_view()
    loaded = torch.load(io.BytesIO(files["legacy-view.pt"]), weights_only=False)
    assert all((loaded[name] == view[name]).all() for name in view)
    files["legacy-view.safetensors"] = safetensors(view)
    root, parts = persistent()
    for protocol in [2, 3, 4, 5]:
        files[f"persistent{protocol}.pkl"] = pickle.dumps(root, protocol)
        pickle.loads(files[f"persistent{protocol}.pkl"])
    files["persistent.pt"] = saved({"net": root["ema"], "step": 7})
    files["persistent.safetensors"] = safetensors(parts)
    files["score-sde.pth"] = saved(score_sde())
    files["score-sde-legacy.pth"] = saved(score_sde(), _use_new_zipfile_serialization=False)
    files.update(misfits())
    files["held-twice.pkl"] = held_twice()
    layer = torch.nn.Linear(2, 1)
    files["optimizer.pt"] = saved(torch.optim.Adam(layer.parameters()).state_dict())
    files["nothing.pt"] = saved({"epoch": 3, "loss": 0.5})
    for name, contents in files.items():
        (here / name).write_bytes(contents)
    for name, contents in hostile().items():
        print(check_hostile(name, contents))
        (here / "hostile" / name).write_bytes(contents)


if __name__ == "__main__":
    main()
