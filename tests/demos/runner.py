"""Running a demo as a person does: in a process of its own, on the data that comes with the project."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "demos" / "assets" / "photos"
TINY = ("--size", 32, "--batch", 2, "--steps", 60, "--device", "cpu")


def start(*arguments, demo="cartoonize", env=None, **options):
    """Start `python -m demos.DEMO ARGUMENTS`."""
    command = [sys.executable, "-m", f"demos.{demo}", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def call(*arguments, **options):
    """Run it to its end: (exit status, stdout, stderr)."""
    process = start(*arguments, **options)
    stdout, stderr = process.communicate(timeout=300)
    return process.returncode, stdout, stderr


def refused(*arguments, **options):
    """Run something that must fail; the one line it prints, after checking that it is one and no traceback."""
    status, _, stderr = call(*arguments, **options)
    lines = [line for line in stderr.replace("\r", "\n").splitlines() if line.strip()]
    assert status == 2, stderr
    assert "Traceback" not in stderr, stderr
    return lines[-1]
