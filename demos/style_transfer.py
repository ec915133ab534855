"""Paint a photo in the style of a painting: a bundled one as van Gogh's Starry Night, or two pictures of your own.

By default the network that compares pictures has filters which it learns from the two pictures, in seconds and without
labels. With --vgg FILE it is the published VGG-19, which also knows what is in a picture; that file is PyTorch's, as
safetensors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

import nnlite
from demos.shared.images import to_image, to_network
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run
from models.patch_filters import taught_vgg
from models.style_transfer import StyleTransfer
from models.vgg import load_vgg19
from nnlite.plot import image_grid
from stylize import read_image, resize_short_side, write_image

ASSETS = Path(__file__).parent / "assets"
PHOTO, PAINTING = ASSETS / "photos" / "cat.jpg", ASSETS / "style" / "starry_night.jpg"
OPTIMIZERS = {"adam": {"steps": 240}, "lbfgs": {"steps": 9}}  # a step of L-BFGS takes as long as some 27 of Adam
LEVELS = {"adam": 3, "lbfgs": 1}
SMALLEST = 128  # short side of the first picture that is painted, at least; each further one is twice as large
OCTAVES = 5  # in which contrast is compared
CONVOLUTIONS, WIDTHS = (2, 2, 2, 2, 1), (32, 64, 96, 128, 128)  # of the network that learns from the two pictures


def main() -> int:
    parser = Options("style_transfer", __doc__.splitlines()[0], steps=OPTIMIZERS["adam"]["steps"])
    parser.computes("--content", str(PHOTO), "photo to paint", metavar="FILE")
    parser.computes("--style", str(PAINTING), "painting whose style it gets", metavar="FILE")
    parser.computes(
        "--vgg", "", "weights of VGG-19, safetensors with PyTorch's names; none: learnt filters", metavar="FILE"
    )
    parser.computes("--size", 512, "short side of the result, pixels", least=16, most=2048)
    parser.computes("--content-weight", 1.0, "of the content loss", least=0.0, most=1e12)
    parser.computes("--style-weight", 40.0, "of the style loss", least=0.0, most=1e12)
    parser.computes_preset(OPTIMIZERS, "what paints; lbfgs needs scipy, and its steps are long", "--optimizer")
    for name, kind in (("content", "picture"), ("style", "picture"), ("vgg", "file")):
        parser.computes_from(name, kind)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    photos, paintings = (pyramid(path, options.size) for path in (options.content, options.style))
    model = build(options, photos, paintings)
    with Run(options, model) as run:
        for _ in run.batches():  # there is nothing to learn from but the two pictures that the model holds
            model.stage = len(photos) * run.step // options.steps  # equally many steps on each size
            run.record(model.train_step())
            if run.due():
                run.record_picture(picture_of(model))
        if run.interrupted:
            return run.stopped()
        model.stage, painted, photo = len(photos) - 1, picture_of(model), photos[-1]
        figures = run.finish(judge(model, photo, paintings[-1], painted))
        result, comparison = options.out / "painted.png", options.out / "style_transfer.png"
        write_image(result, painted)
        columns = [photo, covering(paintings[-1], *photo.shape[:2]), painted]
        image_grid([columns], comparison, ("photo", "style", "painted"), scale=1)
    print(report(figures))
    print(f"Look at {comparison}, at how it came about in {options.out / 'progress.png'},")
    print(f"and at {result}.")
    return 0


def picture_of(model: StyleTransfer) -> np.ndarray:
    """What is painted so far, (H, W, 3) uint8, in its final size."""
    with nnlite.no_grad():
        return to_image(model.canvas().cpu().numpy()[0])


def pyramid(path: str, size: int) -> list[np.ndarray]:
    """A picture with short sides of `size` pixels and its halves, down to SMALLEST; from small to large.

    It is enlarged if it has fewer: strokes are finer than what they show. Raises ImageError.
    """
    image = read_image(path)
    halvings = max(0, int(np.log2(size / SMALLEST)))
    return [resize_short_side(image, size // 2**k) for k in reversed(range(halvings + 1))]


def build(options: argparse.Namespace, photos: list[np.ndarray], paintings: list[np.ndarray]) -> StyleTransfer:
    """The model, on its device. Raises CheckpointError for weights that are not VGG-19's, ImportError without scipy."""
    photos, paintings = ([as_input(image) for image in images] for images in (photos, paintings))
    if options.vgg:
        network, content_layer = load_vgg19(options.vgg), "conv4_2"
    else:
        # Mostly from the painting. Of the photo, large sizes are smooth and would fill the filters with plain colours.
        network = taught_vgg([photos[0], *paintings], CONVOLUTIONS, WIDTHS, options.seed)
        content_layer = "conv4_1"
    return StyleTransfer(
        network.to(options.device),
        [photo.to(options.device) for photo in photos],
        [painting.to(options.device) for painting in paintings],
        options.content_weight,
        options.style_weight,
        content_layer=content_layer,
        levels=LEVELS[options.optimizer],
        optimizer=options.optimizer,
    )


def as_input(image: np.ndarray) -> nnlite.Tensor:
    """An image (H, W, 3) uint8 as (1, 3, H, W) in [-1, 1]."""
    return nnlite.tensor(to_network(image)[None])


def judge(model: StyleTransfer, photo: np.ndarray, painting: np.ndarray, painted: np.ndarray) -> dict[str, float]:
    """The losses of what was painted, the photo's own style loss, and how far both are from the painting's contrast."""
    with nnlite.no_grad():
        of_photo = float(model.losses(as_input(photo).to(model.canvas.photo.device))[1])
        content, style = map(float, model.losses(model.canvas()))
    figures = {"content_loss": content, "style_loss_of_photo": of_photo, "style_loss": style}
    if style > 0.0:
        figures["style_loss_falls"] = of_photo / style
    asked = contrasts(painting)
    for name, image in (("photo", photo), ("painted", painted)):
        figures[f"contrast_off_{name}"] = float(2.0 ** np.abs(np.log2(contrasts(image) / asked)).mean())
    return figures


def contrasts(image: np.ndarray) -> np.ndarray:
    """The contrast of an image (H, W, 3) in each of OCTAVES octaves of detail, the finest first.

    The root mean square of what a picture of half the size, enlarged, lacks (Burt & Adelson 1983); strokes are there.
    """
    grey, found = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), []
    for _ in range(OCTAVES):
        half = cv2.pyrDown(grey)
        lacking = grey - cv2.pyrUp(half, dstsize=grey.shape[::-1])
        found.append(np.sqrt((lacking**2).mean()) + 0.1)  # 0.1 of 255: plain pictures have none
        grey = half
    return np.array(found)


def report(figures: dict[str, float]) -> str:
    """The figures in words."""
    return (
        f"The style loss fell from {figures['style_loss_of_photo']:.3g} to {figures['style_loss']:.3g}; "
        f"the content loss rose from 0 to {figures['content_loss']:.3g}.\n"
        f"From fine to coarse, the painting's contrast differs from the photo's by a factor of "
        f"{figures['contrast_off_photo']:.2f}, from what was painted by {figures['contrast_off_painted']:.2f}."
    )


def covering(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image, scaled so that it just covers height x width."""
    scale = max(height / image.shape[0], width / image.shape[1])
    image = resize_short_side(image, int(np.ceil(scale * min(image.shape[:2]))))
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


if __name__ == "__main__":
    run_program("style_transfer", main)
