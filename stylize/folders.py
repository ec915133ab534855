"""Which pictures are in a folder."""

from collections.abc import Iterable
from pathlib import Path

from .files import real_path
from .formats import EXTENSIONS
from .images import ImageError


def find_images(paths: Iterable[str | Path]) -> list[Path]:
    """The image files among `paths`, sorted, each once: files as they are, folders searched recursively.

    Inside a folder a file counts as an image by its extension (EXTENSIONS, in either case); whether it can be
    read, or is a link to nothing, shows when it is read. Raises ImageError for a path that does not exist.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise ImageError(f"{path}: no such file or folder; check the spelling")
        inside = path.rglob("*") if path.is_dir() else [path]
        for file in inside:
            broken_link = file.is_symlink() and not file.exists()
            if file == path or (file.suffix.lower() in EXTENSIONS and (file.is_file() or broken_link)):
                found.setdefault(real_path(file), file)
    return sorted(found.values())
