"""Find what is in a scene, and where: Faster R-CNN on digits drawn on photos, or on the symbols of a flowchart.

It is judged by the mean average precision of scenes with digits and photos that it did not see in training, next to a
search that has learnt nothing from scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tqdm import tqdm

import nnlite
from demos.detect.digits import digit_scenes
from demos.detect.flowchart import flowchart_scenes
from demos.detect.pictures import with_boxes
from demos.detect.scenes import Kind
from demos.shared.digits import add_data
from demos.shared.images import sheet, shuffled, to_image
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.detection import Detector, FasterRCNN, Found
from nnlite.metrics import mean_average_precision
from nnlite.plot import image_grid

SCENES = {"digits": {}, "flowchart": {"steps": 250}}  # and what differs from the defaults
KINDS: dict[str, Callable[[str], Kind]] = {"digits": digit_scenes, "flowchart": lambda data: flowchart_scenes()}
LR = 2e-3  # of the first step; it falls to 0
EPOCH = 8000  # scenes until the loader begins again, with the same indices but other scenes
JUDGED, AT_ONCE = 300, 50  # held-out scenes
LOOKED_AT = 100  # of these, while training
HELD_OUT = 2**64  # their seed: above all that --seed takes
SHOWN = 5

Truth = tuple[np.ndarray, np.ndarray]  # boxes (K, 4) and labels (K,) of a scene


def main() -> int:
    parser = Options("detect", __doc__.splitlines()[0], steps=1600)
    parser.computes_preset(SCENES, "what to find", "--scene")
    parser.computes("--width", 16, "channels after the first convolution", least=1, most=128)
    parser.computes("--batch", 8, "scenes in a step", least=1, most=1000)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**13)
    nnlite.manual_seed(options.seed)
    kind = KINDS[options.scene](options.data)
    model = Detector(FasterRCNN(len(kind.names), options.width), LR).to(options.device)
    loader = shuffled(options, range(EPOCH), transform=kind.train)
    images, truth = held_out_scenes(kind)

    def find(batch: np.ndarray) -> list[Found]:
        return model.predict(nnlite.tensor(batch, device=options.device))

    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                found = find_all(find, images[:LOOKED_AT])
                run.record_picture(sheet([[picture] for picture in drawn(images, found, kind)]))
                run.record_validation({"map": mean_average_precision(found, truth[:LOOKED_AT])})
        if run.interrupted:
            return run.stopped()
        found = find_all(find, images)
        compared = [kind.baseline(to_image(image)) for image in tqdm(images, kind.baseline_name, dynamic_ncols=True)]
        figures = {
            "map": mean_average_precision(found, truth),
            "map_whatever_it_is": mean_average_precision(*map(nameless, (found, truth))),
            "map_baseline": mean_average_precision(compared, truth),
        }
        run.finish(figures)
        weights, picture = options.out / "detector.safetensors", options.out / "found.png"
        nnlite.save(model.network.state_dict(), weights, {name: str(v) for name, v in options.computed.items()})
        there = [Found(boxes, np.ones(len(boxes)), labels) for boxes, labels in truth[:SHOWN]]
        columns = [drawn(images, there, kind, scores=False), *(drawn(images, f, kind) for f in (found, compared))]
        titles = ("there", "found by Faster R-CNN", f"found by {kind.baseline_name}")
        image_grid(list(zip(*columns, strict=True)), picture, titles, scale=1)
    print(
        f"{JUDGED} held-out scenes: mean average precision {figures['map']:.3f} at an IoU of .5, "
        f"{figures['map_whatever_it_is']:.3f} if only places count;\n"
        f"that of {kind.baseline_name}, which learn nothing from scenes, is {figures['map_baseline']:.3f}.\n"
        f"Look at {picture}; the weights are in {weights}."
    )
    return 0


def held_out_scenes(kind: Kind) -> tuple[np.ndarray, list[Truth]]:
    """The images (JUDGED, 3, H, W) of held-out scenes, the same in every run, and what is on each."""
    made = nnlite.DataLoader(range(JUDGED), AT_ONCE, seed=HELD_OUT, transform=kind.held_out)
    images, boxes, labels = (np.concatenate([part.numpy() for part in parts]) for parts in zip(*made, strict=True))
    return images, [(b[c >= 0], c[c >= 0]) for b, c in zip(boxes, labels, strict=True)]


def find_all(find: Callable[[np.ndarray], list[Found]], images: np.ndarray) -> list[Found]:
    """What is found in each image, AT_ONCE at a time."""
    return [found for start in range(0, len(images), AT_ONCE) for found in find(images[start : start + AT_ONCE])]


def nameless(scenes: Sequence[tuple[np.ndarray, ...]]) -> list[tuple[np.ndarray, ...]]:
    """The same with every label 0: what a thing is does not count then, only where."""
    return [(*parts, np.zeros_like(labels)) for *parts, labels in scenes]


def drawn(images: np.ndarray, found: Sequence[Found], kind: Kind, scores: bool = True) -> list[np.ndarray]:
    """The first SHOWN images with boxes."""
    pairs = zip(images[:SHOWN], found[:SHOWN], strict=True)
    return [with_boxes(to_image(image), of, kind.names, scores) for image, of in pairs]


if __name__ == "__main__":
    run_program("detect", main)
