"""Draw what a caption says: a GAN learns from scenes of coloured shapes, and is asked for scenes that it never saw.

`python -m demos.text_to_image draw "two green squares left of a red circle"` draws a caption of yours after training.
Some scenes are kept out of training: pairs of groups, and whole groups such as "three green circles", of which it knows
the words only from other company (demos/shared/scenes.py). Another network, which has seen all scenes, judges.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import nnlite
from demos.shared import gans
from demos.shared.images import sheet, shuffled, to_image, to_network
from demos.shared.options import Options, add_device, check_together
from demos.shared.program import UserError, choose_device, run_program
from demos.shared.run import Run, hold_then_fall
from demos.shared.scene_reader import SceneReader, compare, pictures_of, train_reader
from demos.shared.scenes import LONGEST, WORDS, Scene, draw, encode, near_miss, scene_of, split_scenes
from demos.shared.weights import Claims, build_and_load
from models.classifiers import eval_mode
from models.text_to_image import TextGenerator, TextToImage
from nnlite.plot import image_grid
from stylize import write_image
from stylize.console import Parser, path_argument
from stylize.files import add_overwrite, check_place, check_target
from stylize.formats import WRITABLE

STEPS, BATCH, LATENT, WIDTH = 1600, 32, 16, 32
LR = 2e-3
NEAR_MISSES = 3  # for each picture
JUDGED = 1000  # captions of scenes seen in training; of the others, one for each scene
SHOWN, DRAWN = 4, 8  # captions of each kind in the picture, and pictures of each
KINDS = {"seen": "seen in training", "new_pair": "new pair of groups", "new_group": "new group"}
WAYS = [
    ("three red circles above a blue square", "three yellow circles above a blue square"),
    ("a green circle left of two red squares", "a green triangle left of two red squares"),
    ("a blue triangle above two green squares", "three blue triangles above two green squares"),
    ("two yellow squares left of a red circle", "two yellow squares above a red circle"),
]
LIMITS = {"latent": range(1, 1025), "width": range(1, 257)}  # of a generator
ENLARGED = 4  # pixels of `draw`
COMMAND = "demos.text_to_image draw"


def main() -> int:
    arguments = sys.argv[1:]
    return draw_caption(arguments[1:]) if arguments[:1] == ["draw"] else train(arguments)


def train(arguments: list[str]) -> int:
    """Train with the options given, and judge."""
    parser = Options("text_to_image", __doc__.splitlines()[0], steps=STEPS)
    parser.computes("--batch", BATCH, "pictures in a step", least=2, most=1000)
    parser.computes("--latent", LATENT, "numbers in the noise that a picture is made of", least=1, most=1024)
    parser.computes("--width", WIDTH, "channels of the widest layers", least=1, most=256)
    options = parser.settle(arguments)
    check_together(options, ("batch", "width"), most=2**17)
    nnlite.manual_seed(options.seed)
    scenes = split_scenes()
    model = TextToImage(len(WORDS), LONGEST, options.latent, options.width, LR).to(options.device)
    loader = shuffled(options, scenes.seen, transform=captioned, drop_last=True)
    shown = {scene.captions()[0]: kind for kind, part in scenes._asdict().items() for scene in choose(part, SHOWN)}
    with Run(options, model) as run:
        rates, warned = hold_then_fall(model, options.steps, last_epoch=run.step - 1), set()
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            for rate in rates:
                rate.step()
            if run.due():
                gans.warn(run, warned)
                run.record_picture(sheet(samples(model.generator, list(shown), options.device, each=4)))
        if run.interrupted:
            return run.stopped()
        weights = options.out / "generator.safetensors"
        nnlite.save(model.generator.state_dict(), weights, {"text_to_image": json.dumps(options.computed)})
        labels = [f"{caption}\n{KINDS[kind]}" for caption, kind in shown.items()]
        image_grid(samples(model.generator, list(shown), options.device), options.out / "captions.png", labels=labels)
        rows = [between(model.generator, *way, options.device) for way in WAYS]
        image_grid(rows, options.out / "between.png", labels=["\nto ".join(way) for way in WAYS])
        reader = train_reader(options.seed, options.device)
        figures = run.finish(
            judge(model.generator, reader, options.device) | {"spread": spread(model.generator, options.device)}
        )
    print(report(figures))
    print(
        f"Look at {options.out / 'captions.png'}, and at {options.out / 'between.png'}: from one caption to another.\n"
        f'Draw one of yours: python -m {COMMAND} "two green squares left of a red circle" --model {weights}'
    )
    return 0


def captioned(sample: tuple[Scene], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """For the loader: a picture of the scene, its caption, and those of near misses."""
    (scene,), way = sample, rng.integers(2)
    told = [scene, *(near_miss(scene, rng) for _ in range(NEAR_MISSES))]
    return to_network(draw(scene, rng)), *encode([each.captions()[way] for each in told])


def choose(scenes: Sequence[Scene], count: int, seed: int = 0) -> list[Scene]:
    """So many of these scenes, always the same."""
    order = np.random.default_rng(seed).permutation(len(scenes))
    return [scenes[i] for i in order[:count]]


def generate(generator: TextGenerator, captions: Sequence[str], device: str, seed: int = 0) -> np.ndarray:
    """A picture (3, SIDE, SIDE) in [-1, 1] for each caption, always with the same noise."""
    noise = np.random.default_rng(seed).standard_normal((len(captions), generator.latent), np.float32)
    with eval_mode(generator):
        inputs = (nnlite.tensor(each, device=device) for each in (noise, encode(captions)))
        return generator(*inputs).cpu().numpy()


def samples(
    generator: TextGenerator, captions: Sequence[str], device: str, each: int = DRAWN
) -> list[list[np.ndarray]]:
    """A row for each caption: so many pictures of it."""
    images = generate(generator, np.repeat(captions, each).tolist(), device)
    return [[to_image(image) for image in images[i : i + each]] for i in range(0, len(images), each)]


def between(generator: TextGenerator, start: str, end: str, device: str) -> list[np.ndarray]:
    """DRAWN pictures on the way from one caption's code to the other's, all with the same noise."""
    noise = np.random.default_rng(0).standard_normal((1, generator.latent), np.float32).repeat(DRAWN, 0)
    with eval_mode(generator):
        first, last = generator.encoder(nnlite.tensor(encode([start, end]), device=device)).chunk(2)
        share = nnlite.linspace(0.0, 1.0, DRAWN, device=device).unsqueeze(1)
        images = generator.draw(nnlite.tensor(noise, device=device), first + share * (last - first))
    return [to_image(image) for image in images.cpu().numpy()]


def judge(generator: TextGenerator, reader: SceneReader, device: str) -> dict[str, Any]:
    """For each kind of scene: how much the reader sees of what was asked, in pictures of three sources.

    generated  by the generator
    real       drawn by rule, new ones: how well does the reader read?
    nearest    drawn by rule, of the scene of training with most attributes in common: what memory alone would do

    never_seen is the share of all new scenes that the generator gets exactly right.
    """
    parts = split_scenes()
    known = np.stack([scene.attributes() for scene in parts.seen])
    figures: dict[str, Any] = {}
    for kind, part in parts._asdict().items():
        scenes = choose(part, JUDGED, seed=1)
        captions = [scene.captions()[i % 2] for i, scene in enumerate(scenes)]
        nearest = [parts.seen[int((known == scene.attributes()).sum(1).argmax())] for scene in scenes]
        sources = {
            "generated": generate(generator, captions, device, seed=1),
            "real": pictures_of(scenes, seed=1),
            "nearest": pictures_of(nearest, seed=2),
        }
        figures[kind] = {name: compare(reader.read(images, device), scenes) for name, images in sources.items()}
    new = {kind: len(getattr(parts, kind)) for kind in ("new_pair", "new_group")}
    exact = [figures[kind]["generated"]["exact"] for kind in new]
    figures["never_seen"] = float(np.average(exact, weights=list(new.values())))
    return figures


def spread(generator: TextGenerator, device: str) -> float:
    """How much two of its pictures of one caption differ, as a share of the difference of two real ones."""
    scenes = choose(split_scenes().seen, JUDGED)
    captions = [scene.captions()[0] for scene in scenes]

    def apart(make: Callable[..., np.ndarray]) -> float:
        return float(np.abs(make(seed=3) - make(seed=4)).mean())

    return apart(partial(generate, generator, captions, device)) / apart(partial(pictures_of, scenes))


def report(figures: dict[str, Any]) -> str:
    """The figures as a table."""
    real = np.mean([figures[kind]["real"]["exact"] for kind in KINDS])
    lines = [
        f"A network that reads {real:.1%} of real pictures without a mistake says which pictures show exactly what the",
        "caption asks: the place, and number, colour and shape of both groups. By chance 1 of 2,592 would; next to it,",
        "a picture of the most similar caption of training, which is what memory alone could do:",
        f"{'caption':22}{'generated':>12}{'from memory':>14}",
    ]
    for kind, name in KINDS.items():
        lines.append(f"{name:22}{figures[kind]['generated']['exact']:12.1%}{figures[kind]['nearest']['exact']:14.1%}")
    lines.append(f"{'both kinds of new':22}{figures['never_seen']:12.1%}")
    lines.append(f"Two of its pictures of one caption differ {figures['spread']:.2f} times as much as two real ones.")
    return "\n".join(lines)


def draw_caption(arguments: list[str]) -> int:
    """Draw a caption of the user's by a trained generator."""
    parser = Parser(prog=f"python -m {COMMAND}", description="Draw what a caption says, by the generator of a run.")
    parser.add_argument("caption", help='such as "two green squares left of a red circle"')
    model = Path("runs/text_to_image/generator.safetensors")
    parser.add_argument("--model", type=path_argument, default=model, help="weights (%(default)s)")
    parser.add_argument("--out", type=path_argument, default=Path("drawn.png"), help="file for it (%(default)s)")
    add_overwrite(parser)
    add_device(parser, default="cpu")
    options = parser.parse_args(arguments)
    try:
        encode([options.caption])
    except ValueError as error:
        raise UserError(str(error)) from error
    check_place(options.out, WRITABLE)
    check_target(options.out, COMMAND, [options.model], options.overwrite)
    device = choose_device(options.device)
    images = generate(load_generator(options.model).to(device), [options.caption] * DRAWN, device)
    picture = sheet([[to_image(image) for image in images]])
    write_image(options.out, picture.repeat(ENLARGED, 0).repeat(ENLARGED, 1), command=COMMAND)
    print(f"{options.out} shows {DRAWN} pictures of {options.caption!r}: {familiarity(options.caption)}.")
    return 0


def load_generator(path: Path) -> TextGenerator:
    """A trained generator. Raises CheckpointError for a missing or broken file, or one that holds other weights."""
    program = "python -m demos.text_to_image"
    claims = Claims(path, nnlite.load_metadata(path), program)
    computed = claims.inside("text_to_image")
    sizes = {name: computed.number(name, limits) for name, limits in LIMITS.items()}
    return build_and_load(partial(TextGenerator, len(WORDS), LONGEST), sizes, path)


def familiarity(caption: str) -> str:
    """What a caption is to the generator, in words."""
    scene = scene_of(caption)
    for kind, scenes in split_scenes()._asdict().items():
        if scene in scenes:
            return KINDS[kind]
    return "not a caption of the kind it learnt, which is COUNT COLOUR SHAPE PLACE COUNT COLOUR SHAPE"


if __name__ == "__main__":
    run_program("text_to_image", main)
