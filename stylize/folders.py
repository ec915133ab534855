"""Find the pictures in folders, which also hold links, leftovers of programs, and files that cannot be read."""

import os
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .console import counted
from .files import real_path, require_regular
from .formats import EXTENSIONS, NOT_READ
from .images import ImageError
from .marks import read_mark

# Folders that systems and programs make among photos, for previews and deleted files (besides those hidden by a dot)
NOT_OURS = ("__macosx", "$recycle.bin", "system volume information", "@eadir")
NAMED = 3  # at most, in a note


@dataclass
class Survey:
    """The pictures among some files and folders, and what was skipped."""

    places: dict[Path, Path] = field(default_factory=dict)  # picture -> its path relative to the folder that was named
    notes: list[str] = field(default_factory=list)  # skipped things that the user may miss, a line each
    cartoons: int = 0  # pictures left out because our commands drew them

    @property
    def images(self) -> list[Path]:
        return list(self.places)


def find_images(paths: Iterable[str | Path]) -> list[Path]:
    """The image files in `paths`, sorted, each once: files as given, folders searched recursively.

    Inside a folder a file counts as an image by its extension (EXTENSIONS, in either case). Raises ImageError for a
    path that does not exist or is not a regular file or folder; see `survey` for the rest.
    """
    return survey(paths).images


def survey(paths: Iterable[str | Path], output: str | Path | None = None, ours: Iterable[str | Path] = ()) -> Survey:
    """Find images, as find_images does, and note what was skipped.

    Hidden files, files of the operating system, pipes and devices are skipped silently. Links to folders are followed;
    each folder is searched once, and under its own name rather than a link's.

    output: a folder that the caller writes pictures to. If it is inside another one, its pictures do not count as
    photos, and neither do cartoons drawn by this project anywhere, unless they are named themselves.
    ours: real paths of pictures without a mark that the caller itself wrote to `output`. A note counts the others
    without a mark there.
    """
    walk = _Walk(output)
    for path in map(Path, paths):
        if os.path.isdir(path):
            walk.root = path
            walk.search(path)
        else:
            _refuse_unreadable(path)
            walk.found.setdefault(real_path(path), (path, Path(path.name)))
    walk.follow_links()
    return walk.survey(set(map(Path, ours)))


def _refuse_unreadable(path: Path) -> None:
    require_regular(path, ImageError)
    if not os.path.exists(path):
        what = "a broken link" if os.path.islink(path) else "no such file or folder"
        raise ImageError(f"{path}: {what}; check spelling and permissions")


class _Walk:
    """A search of folders: what was found, and the links that remain to be followed."""

    def __init__(self, output: str | Path | None):
        self.output = None if output is None else real_path(output)
        self.root = Path()  # the folder being searched, as it was named
        self.searched: set[Path] = set()
        self.found: dict[Path, tuple[Path, Path]] = {}  # real path -> picture and place
        self.links: deque[tuple[Path, Path]] = deque()  # each with the root it was found under
        self.broken: list[str] = []
        self.closed: list[str] = []
        self.not_read: Counter[str] = Counter()
        self.cartoons: set[Path] = set()
        self.in_output: set[Path] = set()  # pictures, but no cartoons

    def search(self, top: Path) -> None:
        """Search a folder and its subfolders. Links are kept for later."""
        folders = [top]
        while folders:
            folder = folders.pop()
            here = real_path(folder)
            if here == self.output and folder != self.root:
                self.in_output = _photos_in(here)
                continue
            if here in self.searched:
                continue
            self.searched.add(here)
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                if folder == self.root:
                    raise ImageError(f"{folder}: cannot look into it ({error.strerror}); check permissions") from error
                self.closed.append(f"{folder} ({error.strerror})")
                continue
            for entry in entries:
                path = folder / entry.name
                if entry.name.startswith(".") or entry.name.casefold() in NOT_OURS:
                    continue
                if entry.is_symlink():
                    self.links.append((path, self.root))
                elif entry.is_dir():
                    folders.append(path)
                elif entry.is_file():
                    self.see(path, here / entry.name)

    def see(self, path: Path, real: Path) -> None:
        """Sort a file in a folder: a picture, a cartoon of ours, or neither."""
        suffix = path.suffix.lower()
        if suffix in NOT_READ:
            self.not_read[suffix] += 1
        elif suffix in EXTENSIONS and self.output is not None and read_mark(path):
            self.cartoons.add(real)
        elif suffix in EXTENSIONS:
            self.found.setdefault(real, (path, path.relative_to(self.root)))

    def follow_links(self) -> None:
        """Follow the links that were found, and those found on the way, but never up to a parent of what was named."""
        while self.links:
            path, self.root = self.links.popleft()
            real = real_path(path)
            if not os.path.exists(path):
                self.broken.append(str(path))
            elif os.path.isfile(path):
                self.see(path, real)
            elif os.path.isdir(path) and not any(real_path(p).is_relative_to(real) for p in (self.root, path.parent)):
                self.search(path)

    def survey(self, ours: set[Path]) -> Survey:
        notes = [
            f"skipped {counted(number, f'{suffix} picture')}, which cannot be read; {NOT_READ[suffix]}"
            for suffix, number in sorted(self.not_read.items())
        ]
        if self.broken:
            notes.append(f"skipped {counted(len(self.broken), 'broken link')}: {_some(self.broken)}")
        if self.closed:
            notes.append(f"could not look into {counted(len(self.closed), 'folder')}: {_some(self.closed)}")
        left_out = self.in_output - self.found.keys() - ours
        if left_out:
            notes.append(
                f"left out {counted(len(left_out), 'picture')} in {self.output}, as the output goes there; to draw "
                "photos of that folder too, choose another one for the output"
            )
        places = dict(sorted(self.found.values()))
        return Survey(places, notes, len(self.cartoons - self.found.keys()))


def _photos_in(output: Path) -> set[Path]:
    """The pictures in an output folder that carry no mark."""
    walk = _Walk(output)
    walk.root = output
    walk.search(output)
    return set(walk.found)


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
