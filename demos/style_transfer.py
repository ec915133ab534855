"""Paint a photo in the style of a painting: a bundled one as van Gogh's Starry Night, or two pictures of your own.

By default the network that compares pictures is a VGG with random weights, which comes with the code. With --vgg FILE
it is the published VGG-19, which knows what is in a picture and paints better; that file is PyTorch's, as safetensors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import nnlite
from demos.shared.images import to_image, to_network
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run
from models.style_transfer import StyleTransfer
from models.vgg import load_vgg19, random_vgg
from nnlite.plot import image_grid
from stylize import read_image, resize_short_side, write_image

ASSETS = Path(__file__).parent / "assets"
PHOTO, PAINTING = ASSETS / "photos" / "cat.jpg", ASSETS / "style" / "starry_night.jpg"
# A step of L-BFGS takes as long as some 27 of Adam. On the bundled pictures both come equally far in equal time:
# content loss .55 and style loss 3.3e-5 by L-BFGS, .59 and 3.2e-5 by Adam.
OPTIMIZERS = {"adam": {"steps": 200}, "lbfgs": {"steps": 8}}
LEVELS = {"adam": 5, "lbfgs": 1}
CONVOLUTIONS, WIDTHS = (2, 2, 2, 2, 1), (32, 64, 128, 256, 256)  # of the random network: half of VGG's channels


def main() -> int:
    parser = Options("style_transfer", __doc__.splitlines()[0], steps=OPTIMIZERS["adam"]["steps"])
    parser.computes("--content", str(PHOTO), "photo to paint", metavar="FILE")
    parser.computes("--style", str(PAINTING), "painting whose style it gets", metavar="FILE")
    parser.computes("--vgg", "", "weights of VGG-19, safetensors with PyTorch's names; none: random", metavar="FILE")
    parser.computes("--size", 224, "short side of the result, pixels; never more than the photo's", least=16, most=2048)
    parser.computes("--content-weight", 1.0, "of the content loss", least=0.0, most=1e12)
    parser.computes("--style-weight", 1e4, "of the style loss", least=0.0, most=1e12)
    parser.computes_preset(OPTIMIZERS, "what paints; lbfgs needs scipy, and its steps are long", "--optimizer")
    for name, kind in (("content", "picture"), ("style", "picture"), ("vgg", "file")):
        parser.computes_from(name, kind)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    photo, painting = (shrunk(path, options.size) for path in (options.content, options.style))
    model = build(options, photo, painting)
    with Run(options, model) as run:
        for _ in run.batches():  # there is nothing to learn from but the two pictures that the model holds
            run.record(model.train_step())
            if run.due():
                run.record_picture(picture_of(model))
        if run.interrupted:
            return run.stopped()
        first = run.losses[0]["style"]
        with nnlite.no_grad():
            content, style = map(float, model.losses())
        figures = {"content_loss": content, "style_loss_of_photo": first, "style_loss": style}
        if style > 0.0:
            figures["style_loss_falls"] = first / style
        run.finish(figures)
        result, comparison = options.out / "painted.png", options.out / "style_transfer.png"
        write_image(result, picture_of(model))
        columns = [photo, covering(painting, *photo.shape[:2]), picture_of(model)]
        image_grid([columns], comparison, ("photo", "style", "painted"), scale=1)
    print(f"The style loss fell from {first:.3g} to {style:.3g}; the content loss rose from 0 to {content:.3g}.")
    print(f"Look at {comparison}, at how it came about in {options.out / 'progress.png'},")
    print(f"and at {result}.")
    return 0


def picture_of(model: StyleTransfer) -> np.ndarray:
    """What is painted so far, (H, W, 3) uint8."""
    with nnlite.no_grad():
        return to_image(model.canvas().cpu().numpy()[0])


def shrunk(path: str, size: int) -> np.ndarray:
    """A picture with a short side of `size` pixels, or as it is if it has fewer. Raises ImageError."""
    image = read_image(path)
    return resize_short_side(image, min(size, *image.shape[:2]))


def build(options: argparse.Namespace, photo: np.ndarray, painting: np.ndarray) -> StyleTransfer:
    """The model, on its device. Raises CheckpointError for weights that are not VGG-19's, ImportError without scipy."""
    pictures = [nnlite.tensor(to_network(image)[None]) for image in (photo, painting)]
    network = load_vgg19(options.vgg) if options.vgg else random_vgg(pictures, CONVOLUTIONS, WIDTHS)
    network.to(options.device)
    pictures = [picture.to(options.device) for picture in pictures]
    return StyleTransfer(
        network,
        *pictures,
        options.content_weight,
        options.style_weight,
        levels=LEVELS[options.optimizer],
        optimizer=options.optimizer,
    )


def covering(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image, scaled so that it just covers height x width."""
    scale = max(height / image.shape[0], width / image.shape[1])
    image = resize_short_side(image, int(np.ceil(scale * min(image.shape[:2]))))
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


if __name__ == "__main__":
    run_program("style_transfer", main)
