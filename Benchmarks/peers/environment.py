"""The Python environments of the peers: made on first use in .build-peers, .build-fid and .build-browser, with the versions that figures speak of.

    python3 Benchmarks/peers/environment.py    # only makes that of the peers; compare.py does so by itself
"""

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "peers": [
        "torch==2.13.0+cpu", "diffusers==0.42.1", "safetensors==0.8.0", "numpy==2.4.6", "pillow==13.0.0", "onnx==1.23.2",
        "onnxruntime==1.32.0", "openvino==2026.4.1", "scipy==1.17.1",
    ],
    # Apart, because diffusers imports torchvision wherever there is one, and this one's operators are of another torch.
    "fid": [
        "torch==2.13.0+cpu", "torchvision==0.28.0", "pytorch-fid==0.3.0", "safetensors==0.8.0", "numpy==2.4.6",
        "pillow==13.0.0", "scipy==1.17.1",
    ],
    # Drives Debian's browser. Later versions of selenium want a certifi that PyPI lacks.
    "browser": ["selenium==4.51.0", "axe-selenium-python==2.1.6"],
}
repository = Path(__file__).resolve().parents[2]


def make(name="peers"):
    """Installs the packages unless these very versions were installed before."""
    folder = repository / f".build-{name}"
    installed, wanted = folder / "installed.txt", "\n".join(PACKAGES[name]) + "\n"
    if not installed.exists() or installed.read_text() != wanted:
        print(f"installing the packages of {name} into {folder.name}", file=sys.stderr)
        # What is not in the list, such as packages of an earlier one, goes.
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
        installed.write_text(wanted)
    return folder


def enter(name="peers"):
    """Makes the environment if need be, and runs the same command in it unless it runs there already."""
    folder = repository / f".build-{name}"
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    python = make(name) / "bin" / "python"
    os.execv(python, [str(python), *sys.argv])


if __name__ == "__main__":
    make()
