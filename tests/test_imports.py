"""The tests begin with what README's test command installs: nothing else is imported while they are collected."""

import ast
import configparser
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = {"nnlite", "models", "stylize", "demos", "benchmarks", "tests"}
# What a package is imported as, where it has another name than the one it is installed by.
IMPORTED_AS = {"opencv-python": "cv2", "pillow": "PIL", "scikit-image": "skimage"}
SCRIPTS = ROOT / "tests" / "scripts"  # for PyTorch, as people write them
# Not nnlite's: a part of its back end begins with CuPy, and is imported only where there is a GPU.
FILES = [
    path
    for name in sorted(OURS - {"nnlite"})
    for path in sorted((ROOT / name).rglob("*.py"))
    if not path.is_relative_to(SCRIPTS)
]


def installed():
    """The names that can be imported after `pip install -e ".[dev]"`."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    wanted = config["options"]["install_requires"] + config["options.extras_require"]["dev"]
    packages = re.findall(r"^[\w-]+", wanted, re.MULTILINE)
    return OURS | sys.stdlib_module_names | {IMPORTED_AS.get(package, package) for package in packages}


def imports(tree, inside=()):
    """(name of a module, the functions that the import stands in), for each import."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module, inside), *((f"{node.module}.{alias.name}", inside) for alias in node.names))
        within = (*inside, node) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) else inside
        yield from imports(node, within)


def needs_pytorch(module):
    return module.split(".")[0] == "torch" or module.startswith("safetensors.torch")


def test_what_a_file_imports_at_its_top_is_installed():
    known, missing = installed(), []
    for path in FILES:
        for module, functions in imports(ast.parse(path.read_text(encoding="utf-8"))):
            if not functions and (module.split(".")[0] not in known or needs_pytorch(module)):
                missing.append(f"{path.relative_to(ROOT)}: {module}")
    assert not missing, "import it in the function that needs it; a test asks for the fixture `torch`"


def test_pytorch_comes_from_its_fixture():
    """It skips the test with a reason, or fails it where PyTorch must be there."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"importorskip\(.torch", text), path
        for module, functions in imports(ast.parse(text)):
            if needs_pytorch(module):
                arguments = {argument.arg for function in functions for argument in function.args.args}
                assert "torch" in arguments, f"{path}: {module} in a function that does not ask for the fixture"


def test_each_way_to_import_is_seen():
    source = """
import torch
from torch import nn
from safetensors.torch import load_file
from safetensors import torch
if True:
    import torch.optim
class A:
    import torch.nn
def f(torch):
    import torch.cuda
"""
    found = {module: len(functions) for module, functions in imports(ast.parse(source)) if needs_pytorch(module)}
    assert {
        "torch": 0,
        "torch.optim": 0,
        "safetensors.torch": 0,
        "torch.cuda": 1,
        "torch.nn": 0,
    }.items() <= found.items()
