"""Running a demo as a person does: in a process of its own, on the data that comes with the project."""

import io
import os
import runpy
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
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


def call_here(*arguments, demo="cartoonize"):
    """The same in this process, as `python -m` does it, which saves the second that imports take."""
    stdout, stderr = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = [demo, *map(str, arguments)]
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr), warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)  # a test has imported it
            runpy.run_module(f"demos.{demo}", run_name="__main__", alter_sys=True)
    except SystemExit as exit:
        return exit.code, stdout.getvalue(), stderr.getvalue()
    finally:
        sys.argv = before
    raise AssertionError(f"demos.{demo} ended without an exit status")


def refused(*arguments, demo="cartoonize", env=None):
    """Run something that must fail; the one line it prints, after checking that it is one and no traceback.

    It runs in this process, which saves half a second of imports; with `env`, in one of its own.
    """
    run = call if env else call_here
    status, _, stderr = run(*arguments, demo=demo, **({"env": env} if env else {}))
    lines = [line for line in stderr.replace("\r", "\n").splitlines() if line.strip()]
    assert status == 2, stderr
    assert "Traceback" not in stderr, stderr
    return lines[-1]
