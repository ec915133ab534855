"""Writes a film (GIF) of what happens inside, with your own small numbers.

python -m demos.explain conv
python -m demos.explain conv --input "1 2 0; 0 1 3; 2 1 1" --kernel "1 0; 0 -1" --stride 1
python -m demos.explain conv --help
"""

from __future__ import annotations

import importlib
from pathlib import Path

from demos.explain.film import write_film
from demos.shared.program import run_program
from stylize import console

# Each is a module of this folder with add_options(parser) and frames(options), which yields the film's figures.
FILMS: dict[str, str] = {
    "autograd": "the walk back through the graph of a formula",
}


def main() -> None:
    parser = console.Parser("python -m demos.explain", description="A film (GIF) of what happens inside.")
    films = parser.add_subparsers(dest="film", required=True, metavar="FILM")
    for name, what in FILMS.items():
        film = films.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        importlib.import_module(f"demos.explain.{name}").add_options(film)
        film.add_argument("--seconds", type=float, default=1.0, help="how long each frame is shown (default 1)")
        film.add_argument("--out", type=console.path_argument, default=Path("runs/explain"), help="folder of the film")
    options = parser.parse_args()
    if not 0.02 <= options.seconds <= 60:
        parser.error(f"--seconds {options.seconds:g}: a frame is shown for .02 to 60 seconds")
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{options.film}.gif"
    frames = write_film(importlib.import_module(f"demos.explain.{options.film}").frames(options), path, options.seconds)
    print(f"{path}: {frames} frames")


if __name__ == "__main__":
    run_program("explain", main)
