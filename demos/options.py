"""The options that all demos share, spelled the same everywhere, and what becomes of them when a run goes on."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nnlite
from demos.common import UserError, choose_device
from nnlite.checkpoint import atomic_path

CHECKPOINT = "checkpoint.safetensors"
BUNDLED = Path(__file__).parent / "assets" / "photos"


class Options(argparse.ArgumentParser):
    """A parser that has --out, --device, --resume, --debug, and in a group of what is computed --steps and --seed.

    What is computed travels in the checkpoint (demos/training.py): a resumed run needs no option again, and none may
    differ but the number of steps.
    """

    def __init__(self, name: str, description: str, steps: int):
        super().__init__(prog=f"python -m demos.{name}", description=description)
        self.add_argument("--out", type=Path, default=Path("runs") / name, help="folder for results (%(default)s)")
        add_device(self)
        self.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
        self.add_argument("--debug", action="store_true", help="name the first operation that makes a NaN (slow)")
        self.computed: dict[str, Any] = {}
        self.range: dict[str, tuple[Any, Any]] = {}
        self.presets: Mapping[str, Mapping[str, Any]] = {}
        self.chooser = "preset"  # the option that chooses among them
        self._group = self.add_argument_group("what is computed")
        self.computes("--steps", steps, "training steps", least=1, most=10**9)
        self.computes("--seed", 0, "fixes data order, weights and noise", least=0, most=2**63 - 1)

    def computes(self, flag: str, default: Any, help: str, least: Any = None, most: Any = math.inf, **how: Any) -> None:
        """Add an option that decides what is computed; `least` and `most` are the first and last value that is taken.

        One whose default is True or False takes no value: it is given as --name or --no-name.
        """
        name = flag.removeprefix("--").replace("-", "_")
        self.computed[name], self.range[name] = default, (least, most)
        takes = {"action": argparse.BooleanOptionalAction} if isinstance(default, bool) else {"type": type(default)}
        self._group.add_argument(flag, **takes, help=f"{help} ({default})", **how)

    def computes_preset(self, presets: Mapping[str, Mapping[str, Any]], help: str, flag: str = "--preset") -> None:
        """Add --preset, or `flag`: one of several sets of defaults for what is computed; the first by default."""
        self.presets, self.chooser = presets, flag.removeprefix("--")
        self.computes(flag, next(iter(presets)), help, choices=list(presets))

    def computes_from_photos(self) -> None:
        """Add --photos; a run goes on with the same ones only, or photos that it learnt from would be held out."""
        add_photos(self)
        self.set_defaults(photo_files=None)
        self.computed["photo_files"], self.range["photo_files"] = "", (None, math.inf)

    def settle(self, arguments: Sequence[str] | None = None) -> tuple[argparse.Namespace, dict[str, Any]]:
        """All options, and of these what is computed, given now, in the run that goes on, by preset, or by default.

        Raises UserError or CheckpointError if --resume finds nothing to go on with or the options of another run.
        """
        options = self.parse_args(arguments)
        if "photo_files" in self.computed:
            options.photo_files = identify(options.photos)
        given = {name: getattr(options, name) for name in self.computed if getattr(options, name) is not None}
        for name, value in given.items():
            least, most = self.range[name]
            if least is not None and not least <= value <= most:  # nan is not either
                limit = f"at most {most}" if value > most else f"at least {least}"
                self.error(f"--{name.replace('_', '-')} must be {limit}, got {value}")
        options.command, options.given_device = self.prog, options.device
        options.device = choose_device(options.device)
        default = self.computed | self.presets.get(given.get(self.chooser, ""), {})
        computed = resumed(options.out, given, self.computed) if options.resume else default | given
        vars(options).update(computed)
        return options, computed


def add_device(parser: argparse.ArgumentParser, default: str = "auto") -> None:
    """Add --device."""
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default=default, help="(%(default)s)")


def add_photos(parser: argparse.ArgumentParser, help: str = "photos or folders of them") -> None:
    """Add --photos."""
    parser.add_argument(
        "--photos", type=Path, nargs="+", default=[BUNDLED], help=f"{help} (default: the project's)", metavar="PHOTO"
    )


def identify(sources: Sequence[Path]) -> str:
    """How many photos these files and folders are, and a number that changes with any of them, in one text.

    Raises ImageError for one that does not exist.
    """
    from stylize import find_images

    digests = sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in find_images(sources))
    return f"{len(digests)} photos (sha256 {hashlib.sha256(''.join(digests).encode()).hexdigest()[:12]})"


def resumed(out: Path, given: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """What the run in `out` computes; of the options given now only `steps` may differ.

    Raises CheckpointError if there is none, UserError for options that would make it another run.
    """
    saved = nnlite.load(out / CHECKPOINT).get("progress", {}).get("computed")
    if saved is None or saved.keys() != known.keys():
        raise nnlite.CheckpointError(f"{out / CHECKPOINT} is no checkpoint of this program")
    if saved.get("photo_files") != given.get("photo_files"):
        was, now = saved["photo_files"], given["photo_files"]
        raise UserError(f"the run in {out} learns from {was}, but --photos names {now}; name the same again")
    saved = saved | {"steps": given.get("steps", saved["steps"])}
    changed = [
        f"--{name.replace('_', '-')} {value} (was {saved[name]})"
        for name, value in given.items()
        if value != saved[name]
    ]
    if changed:
        raise UserError(f"--resume goes on with the options of {out}, not {', '.join(changed)}; leave them out")
    return saved


def make_folder(out: Path) -> None:
    """Make the folder of a run. Raises UserError if nothing can be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with atomic_path(out / "writable") as path:
            path.touch()
        (out / "writable").unlink()
    except OSError as error:
        raise UserError(f"cannot write to {out} ({error.strerror}); choose another folder with --out") from error
