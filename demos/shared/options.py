"""The options that all demos share, spelled the same everywhere, and what becomes of them when a run is resumed."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nnlite
from demos.shared.program import UserError, choose_device
from demos.shared.run_folder import CHECKPOINT, load_checkpoint, read_claim
from stylize.console import Parser, counted, path_argument

BUNDLED = Path(__file__).parents[1] / "assets" / "photos"
UNREADABLE = "unreadable"  # in place of a hash; whoever opens the file reports the error


@dataclass(frozen=True)
class Option:
    """An option that decides what is computed. Numbers lie between `least` and `most`, both included."""

    flag: str
    default: Any
    least: Any = None
    most: Any = math.inf
    choices: Sequence[Any] | None = None

    def complaint(self, value: Any) -> str:
        """What is wrong with a value; empty if nothing is."""
        if self.least is None or self.least <= value <= self.most:  # nan is neither
            return ""
        limit = f"at most {self.most}" if value > self.most else f"at least {self.least}"
        return f"{self.flag} must be {limit}, got {value}"

    def could_be(self, value: Any) -> bool:
        """Whether a value from a file can have been given for this option."""
        return type(value) is type(self.default) and (not self.choices or value in self.choices)


class Options(Parser):
    """A parser that has --out, --device, --resume, --debug, and in a group of what is computed --steps and --seed.

    What is computed is saved in the checkpoint (demos/shared/run.py). A resumed run takes its options from there; only
    the number of steps may differ.
    """

    def __init__(self, name: str, description: str, steps: int):
        super().__init__(prog=f"python -m demos.{name}", description=description)
        add_out(self, name)
        add_device(self)
        self.add_argument("--resume", action="store_true", help="go on where the run in --out stopped")
        self.add_argument("--debug", action="store_true", help="name the first operation that makes a NaN (slow)")
        self.computed: dict[str, Option] = {}
        self.files: dict[str, str] = {}  # options that name files -> what the files are, such as "photo"
        self.known: dict[str, Sequence[str]] = {}  # of these options, values that name no files
        self.presets: Mapping[str, Mapping[str, Any]] = {}
        self.chooser = ""  # the option that chooses among them
        self._group = self.add_argument_group("what is computed")
        self.computes("--steps", steps, "training steps", least=1, most=10**9)
        self.computes("--seed", 0, "fixes data order, weights and noise", least=0, most=2**63 - 1)

    def computes(self, flag: str, default: Any, help: str, least: Any = None, most: Any = math.inf, **how: Any) -> None:
        """Add an option that decides what is computed; `least` and `most` are the smallest and largest values accepted.

        An option whose default is True or False takes no value: it is given as --name or --no-name.
        """
        takes = {"action": argparse.BooleanOptionalAction} if isinstance(default, bool) else {"type": type(default)}
        option = self._group.add_argument(flag, **takes, help=f"{help} ({default})", **how)
        self.computed[option.dest] = Option(flag, default, least, most, how.get("choices"))

    def computes_preset(self, presets: Mapping[str, Mapping[str, Any]], help: str, flag: str = "--preset") -> None:
        """Add --preset, or `flag`: one of several sets of defaults for what is computed; the first by default."""
        self.presets, self.chooser = presets, flag.removeprefix("--")
        self.computes(flag, next(iter(presets)), help, choices=list(presets))

    def computes_from_photos(self) -> None:
        """Add --photos. A run is resumed only with the same ones, or photos that it learnt from might be held out."""
        add_photos(self)
        self.computes_from("photos", "photo")

    def computes_from(self, name: str, kind: str, known: Sequence[str] = ()) -> None:
        """The files that this option names, each a `kind`, decide what is computed: a run is resumed only with the same
        ones. Values in `known` stand for data that needs no files."""
        self.files[name] = kind
        self.known[name] = known

    def settle(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """All options, each from the command line, the resumed run, the preset, or the default. Further attributes:

        computed   those that decide what is computed, as a dictionary
        program    the module, such as "demos.gan"
        again      the command that resumes this run, without --out

        Raises UserError, CheckpointError or ImageError if --resume finds no run, or one with other options or other
        files, and for files that do not exist.
        """
        options = self.parse_args(arguments)
        given = {name: value for name in self.computed if (value := getattr(options, name)) is not None}
        self._check(given)
        options.program = self.prog.removeprefix("python -m ")
        options.again = [*self.prog.split(), "--resume", *self._given_again(options)]
        options.device = choose_device(options.device)
        default = {name: option.default for name, option in self.computed.items()}
        default |= self.presets.get(given.get(self.chooser, ""), {})
        options.computed = self._resumed(options, given) if options.resume else default | given
        vars(options).update(options.computed)
        for name, kind in self.files.items():
            value = getattr(options, name)
            now = str(value) if str(value) in self.known[name] else identify(value, kind, options.out)
            was = options.computed.setdefault(f"files_of_{name}", now)
            if now != was:
                raise UserError(
                    f"the run in {options.out} learns from {was}, but {_flag(name)} names {now}; name the same again, "
                    "with nothing added, removed or changed, or start another run"
                )
        return options

    def _given_again(self, options: argparse.Namespace) -> Iterator[str]:
        """The options that a checkpoint does not hold, as they were given."""
        for name in [*(name for name in self.files if name not in self.computed), "device"]:
            value = getattr(options, name)
            if value != self.get_default(name):
                yield _flag(name)
                yield from map(str, value if isinstance(value, list) else [value])

    def _check(self, given: dict[str, Any]) -> None:
        """End the program with a message if an option is out of range."""
        for name, value in given.items():
            if complaint := self.computed[name].complaint(value):
                self.error(complaint)

    def _resumed(self, options: argparse.Namespace, given: dict[str, Any]) -> dict[str, Any]:
        """The options of the run in options.out. Of those given now, only `steps` may differ.

        Raises CheckpointError if there is no run, UserError for options that would make it another run.
        """
        out, claim = options.out, read_claim(options.out)
        if (out / CHECKPOINT).exists() or not claim:
            progress = load_checkpoint(out / CHECKPOINT)["progress"]
            program, saved = progress.get("program"), progress["computed"]
        else:  # it was stopped before its first checkpoint
            program, saved = claim["program"], claim["options"]
        if program != options.program or not self._understands(saved):
            raise nnlite.CheckpointError(f"{out} does not hold a run of this program; choose another --out")
        saved = saved | {"steps": given.get("steps", saved["steps"])}
        changed = [
            f"{self.computed[name].flag} {value} (was {saved[name]})"
            for name, value in given.items()
            if value != saved[name]
        ]
        if changed:
            raise UserError(f"--resume goes on with the options of {out}, not {', '.join(changed)}; leave them out")
        self._check({name: saved[name] for name in self.computed})
        return saved

    def _understands(self, saved: dict[str, Any]) -> bool:
        """Whether these can be the options of a run of this program."""
        files = {f"files_of_{name}" for name in self.files}
        return (
            saved.keys() == self.computed.keys() | files
            and all(isinstance(saved[name], str) for name in files)
            and all(option.could_be(saved[name]) for name, option in self.computed.items())
        )


def add_out(parser: argparse.ArgumentParser, name: str, what: str = "results") -> None:
    """Add --out: a folder of this name in runs/."""
    folder = Path("runs") / name
    parser.add_argument("--out", type=path_argument, default=folder, help=f"folder for {what} (%(default)s)")


def add_device(parser: argparse.ArgumentParser, default: str = "auto") -> None:
    """Add --device."""
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default=default, help="(%(default)s)")


def add_photos(parser: argparse.ArgumentParser, help: str = "photos or folders of them") -> None:
    """Add --photos."""
    parser.add_argument(
        "--photos",
        type=path_argument,
        nargs="+",
        default=[BUNDLED],
        help=f"{help} (default: the project's)",
        metavar="PHOTO",
    )


def identify(sources: Path | str | Sequence[Path] | None, kind: str, out: Path) -> str:
    """A text with the number of files and a hash of their contents. Folders are searched for images.

    Raises ImageError for a file that does not exist, UserError if `out` is inside one of the folders: the run would
    learn from its own pictures.
    """
    from stylize import find_images
    from stylize.files import real_path

    if not sources:
        return "what comes with the project"
    paths = [Path(path) for path in ([sources] if isinstance(sources, (str, Path)) else sources)]
    files = find_images(paths)
    for path in paths:
        if files and path.is_dir() and real_path(out).is_relative_to(real_path(path)):
            raise UserError(f"--out {out} lies inside {path}, which the run reads; choose another folder with --out")
    digests = sorted(map(_sha256, files))
    return f"{counted(len(digests), kind)} (sha256 {hashlib.sha256(''.join(digests).encode()).hexdigest()[:12]})"


def _flag(name: str) -> str:
    """judge_on -> --judge-on"""
    return f"--{name.replace('_', '-')}"


def _sha256(file: Path) -> str:
    if not file.is_file():  # a broken link, or a device that never ends
        return UNREADABLE
    try:
        with open(file, "rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return UNREADABLE


def check_together(options: Any, names: Sequence[str], most: int) -> None:
    """Raise UserError if the product of these options is above `most`; a name given twice counts squared.

    They are fine one by one but take too much memory together. The product is the number of values in the output of one
    layer, or of all layers, so no network has to be built.
    """
    product = math.prod(getattr(options, name) for name in names)
    if product > most:
        flags = {name: _flag(name) for name in names}
        given = ", ".join(f"{flag} {getattr(options, name)}" for name, flag in flags.items())
        factors = " x ".join(flags[name] for name in names)
        raise UserError(
            f"{given} take too much memory together: {factors} must be at most {most}, not {product}; "
            "make one of them smaller"
        )
