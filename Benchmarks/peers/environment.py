"""The Python environment of the peers: made on first use in .build-peers, with the versions that figures speak of.

    python3 Benchmarks/peers/environment.py    # only makes it; compare.py does so by itself
"""

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = [
    "torch==2.13.0+cpu", "diffusers==0.42.1", "safetensors==0.8.0", "numpy==2.4.6", "pillow==13.0.0", "onnx==1.23.2",
    "onnxruntime==1.32.0", "openvino==2026.4.1", "scipy==1.17.1",
    "torchvision==0.28.0", "pytorch-fid==0.3.0",
]
repository = Path(__file__).resolve().parents[2]
folder = repository / ".build-peers"


def make():
    """Installs the packages unless these very versions were installed before."""
    installed, wanted = folder / "installed.txt", "\n".join(PACKAGES) + "\n"
    if installed.exists() and installed.read_text() == wanted:
        return
    print("installing the peers into .build-peers", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    installed.write_text(wanted)


def enter():
    """Makes the environment if need be, and runs the same command in it unless it runs there already."""
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    make()
    python = folder / "bin" / "python"
    os.execv(python, [str(python), *sys.argv])


if __name__ == "__main__":
    make()
