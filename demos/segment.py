"""Find the ink: a U-Net says for each pixel of a photo whether the digit drawn on it covers that pixel.

Digits of random size, place and colour are drawn on crops of photos. The network is judged on digits and photos that it
did not see in training, and compared with a threshold that needs no training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

import nnlite
from demos.shared.digits import add_data, load_digits
from demos.shared.images import sheet, shuffled, to_image
from demos.shared.ink import load_photos, placed, random_crop, unlike
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.segmentation import SegmentationUNet, Segmenter, iou
from nnlite.plot import image_grid

SIDE = 64  # of a crop
LARGER = (1.4, 2.2)  # than 28 pixels is a digit drawn, at least and at most
LR = 3e-3  # of the first step; it falls to 0
JUDGED = 500  # held-out digits
SHOWN = 8

Sample = tuple[np.ndarray, np.ndarray]  # image (3, SIDE, SIDE) in [-1, 1] and mask (1, SIDE, SIDE) of 0 and 1


def main() -> int:
    parser = Options("segment", __doc__.splitlines()[0], steps=3000)
    parser.computes("--width", 8, "channels of the U-Net at full resolution", least=1, most=128)
    parser.computes("--batch", 8, "images in a step", least=1, most=1000)
    add_data(parser)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**15)
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    photos, other_photos = load_photos()
    model = Segmenter(SegmentationUNet(options.width), LR).to(options.device)
    loader = shuffled(options, train.images, transform=drawn_on(photos))
    judged = [(image,) for image in test.images[:JUDGED]]
    held_out = nnlite.DataLoader(judged, 50, seed=0, transform=drawn_on(other_photos))
    batches = list(held_out)  # once: each further epoch would draw other ones

    def predict(images: nnlite.Tensor) -> nnlite.Tensor:
        return (model.predict(images.to(options.device)) > 0.5).float().cpu()

    images, masks = (part[:SHOWN] for part in batches[0])
    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                columns = [pictures(part) for part in (images, masks, predict(images))]
                run.record_picture(sheet(list(zip(*columns, strict=True))))
                run.record_validation({"iou": mean_iou(predict, batches)})
        if run.interrupted:
            return run.stopped()
        figures = run.finish({"iou": mean_iou(predict, batches), "iou_threshold": mean_iou(threshold, batches)})
        weights, picture = options.out / "segmenter.safetensors", options.out / "segmented.png"
        how = {name: str(value) for name, value in options.computed.items()}
        nnlite.save(model.network.state_dict(), weights, how)
        columns = [pictures(part) for part in (images, masks, predict(images), threshold(images))]
        image_grid(list(zip(*columns, strict=True)), picture, titles=("input", "target", "U-Net", "threshold"))
    print(
        f"{JUDGED} digits on photos, neither seen in training: the predicted mask and the true one have\n"
        f"{figures['iou']:.3f} of their union in common (IoU), that of a threshold {figures['iou_threshold']:.3f}.\n"
        f"Look at {picture}; the weights are in {weights}."
    )
    return 0


def drawn_on(photos: Sequence[np.ndarray]) -> Callable[[tuple[np.ndarray], np.random.Generator], Sample]:
    """A transform for the loader: digit (1, 28, 28) -> sample, on a random crop of a random photo.

    image = (1 - ink) background + ink colour,    mask = ink > 1/2
    """

    def compose(digit: tuple[np.ndarray], rng: np.random.Generator) -> Sample:
        ink = placed(digit[0], SIDE, LARGER, rng)
        background = random_crop(photos, SIDE, rng)
        colour = unlike(background.mean((0, 1)), rng)
        image = background + ink[:, :, None] * (colour - background)
        return (2.0 * image - 1.0).transpose(2, 0, 1), (ink > 0.5).astype(np.float32)[None]

    return compose


def threshold(images: nnlite.Tensor) -> nnlite.Tensor:
    """Masks (N, 1, H, W) without training: pixels far from the image's median colour, by Otsu's threshold (1979)."""
    masks = []
    for image in images.numpy():
        distance = np.linalg.norm(image - np.median(image, (1, 2), keepdims=True), axis=0)
        grey = np.rint(255.0 * distance / distance.max()).astype(np.uint8)
        masks.append(cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1])
    return nnlite.tensor(np.stack(masks)[:, None].astype(np.float32))


def mean_iou(predict: Callable[[nnlite.Tensor], nnlite.Tensor], batches: Sequence[Sequence[nnlite.Tensor]]) -> float:
    """Mean over all images; the batches are of one size."""
    return float(np.mean([float(iou(predict(images), masks).mean()) for images, masks in batches]))


def pictures(images: nnlite.Tensor) -> list[np.ndarray]:
    """Images (N, 3, H, W) in [-1, 1], or masks (N, 1, H, W) of 0 and 1, to look at."""
    if images.shape[1] == 1:
        images = nnlite.cat([2.0 * images - 1.0] * 3, 1)
    return [to_image(image) for image in images.numpy()]


if __name__ == "__main__":
    run_program("segment", main)
