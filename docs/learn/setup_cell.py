# On your own machine this only finds the project; on Colab it fetches and installs it first.
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

if not Path("../../nnlite").is_dir():
    address = input("The address of the repository that this notebook comes from (https://...): ")
    subprocess.run(["git", "clone", "--depth=1", address, "nnlite"], check=True)
    needs_cupy = shutil.which("nvidia-smi") and not importlib.util.find_spec("cupy")
    package = "./nnlite[gpu]" if needs_cupy else "./nnlite"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", package], check=True)
    os.chdir("nnlite/docs/learn")
sys.path[:0] = [str(Path("../..").resolve()), str(Path().resolve())]
