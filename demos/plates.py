"""Number plates: which pixels are characters? A U-Net says, and so do thresholds, all with connected components.

Plates are drawn: letters and digits in several types, tilted, out of focus, at the edge of a shadow, with dirt, noise
and a frame. A plate counts as taken apart if each of its characters is one piece and there is no other piece, which is
what a reader of single characters needs. All ways get the same rules for what can be a character.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import nnlite
from demos.shared.images import in_batches, shuffled, to_network
from demos.shared.options import Options, check_together
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.segmentation import SegmentationUNet, Segmenter, iou
from nnlite.plot import image_grid

HEIGHT, WIDTH = 32, 128  # of a picture, pixels
LARGER = 3  # pictures are drawn so many times as large, and shrunk as a camera would
CHARACTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"  # I, O and Q are left out, as on many plates
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
COUNTS = (5, 6, 7)  # of characters on a plate
TALL, WIDE = (0.3, 0.8), 0.2  # a character's height, in heights of the picture; its width is at most so many widths
NEIGHBOURHOOD, DARKER = 17, 8  # of the adaptive threshold, pixels and levels; the best of 13 to 31 and 4 to 16
SAME = 0.5  # a piece is a character if so much of their union is common
EPOCH, LR = 4000, 3e-3  # the rate is that of the first step; it falls to 0
JUDGED, WATCHED, SHOWN = 200, 25, 7  # held-out plates: at the end, during training, and in the picture
COLOURS = np.uint8([(230, 90, 80), (240, 180, 60), (120, 200, 90), (80, 190, 200), (110, 130, 240), (200, 110, 220)])
REFUSED = np.uint8([90, 90, 90])  # pieces that cannot be characters

Picture = np.ndarray  # (HEIGHT, WIDTH, 3) uint8
Labels = np.ndarray  # (HEIGHT, WIDTH) uint8: 0 is no character, 1 the first from the left, ...


def main() -> int:
    parser = Options("plates", __doc__.splitlines()[0], steps=400)
    parser.computes("--width", 8, "channels of the U-Net at full resolution", least=1, most=128)
    parser.computes("--batch", 8, "plates in a step", least=1, most=1000)
    options = parser.settle()
    check_together(options, ("batch", "width"), most=2**15)
    nnlite.manual_seed(options.seed)
    model = Segmenter(SegmentationUNet(options.width), LR).to(options.device)
    other = np.random.default_rng((options.seed, 0, 0, 1))  # a sample's numbers come from (seed, epoch, sample)
    plates, truth = zip(*(draw_plate(other) for _ in range(JUDGED)), strict=True)

    def by_network(pictures: tuple[Picture, ...]) -> np.ndarray:
        images = np.stack([to_network(picture) for picture in pictures])
        return in_batches(model.predict, images, options.device, batch=50)[:, 0] > 0.5

    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(shuffled(options, range(EPOCH), transform=sample)):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                run.record_validation(judge(by_network(plates[:WATCHED]), truth[:WATCHED]))
        if run.interrupted:
            return run.stopped()
        masks = {"Otsu": otsu(plates), "adaptive": adaptive(plates), "U-Net": by_network(plates)}
        draw(plates, truth, masks, options.out / "plates.png")
        nnlite.save(model.network.state_dict(), options.out / "segmenter.safetensors")
        figures = {way: judge(of_way, truth) for way, of_way in masks.items()}
        run.finish(figures)
    print(f"{JUDGED} plates that were not in training: IoU of characters, and share of plates taken apart correctly:")
    print(*(f"{way:>10} {f['iou']:8.3f} {f['apart']:8.1%}" for way, f in figures.items()), sep="\n")
    print(f"Look at {options.out / 'plates.png'}: each piece has a colour, those that cannot be characters are grey.")
    return 0


def sample(_: tuple[int], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A plate (3, HEIGHT, WIDTH) in [-1, 1] and its mask (1, HEIGHT, WIDTH) of 0 and 1."""
    picture, labels = draw_plate(rng)
    return to_network(picture), (labels > 0).astype(np.float32)[None]


def draw_plate(rng: np.random.Generator) -> tuple[Picture, Labels]:
    """A plate at random, and which pixel belongs to which character."""
    colour, body, ink = rng.uniform(0.65, 1.0, 3), rng.uniform(0.0, 0.6, 3), rng.uniform(0.0, 0.3)
    labels = write(rng)
    plate = np.where(labels[:, :, None] > 0, ink, colour).astype(np.float32)
    height, width = labels.shape
    inset = int(rng.integers(2, 7))
    if rng.random() < 0.7:
        cv2.rectangle(plate, (inset, inset), (width - inset, height - inset), (ink,) * 3, int(rng.integers(2, 6)))
    for _ in range(rng.integers(0, 8)):  # dirt
        place, radius = rng.integers((0, 0), (width, height)), rng.integers(1, 6)
        cv2.circle(plate, place.tolist(), int(radius), (colour * rng.uniform(0.2, 0.8)).tolist(), -1)
    how = tilt(rng)
    plate = cv2.warpAffine(plate, how, (width, height), borderValue=body.tolist())
    labels = cv2.warpAffine(labels, how, (width, height), flags=cv2.INTER_NEAREST)
    plate = cv2.resize(plate, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    plate = cv2.GaussianBlur(plate, None, rng.uniform(0.2, 0.8)) * light(rng)[:, :, None]
    plate += rng.normal(0.0, rng.uniform(0.01, 0.05), (HEIGHT, WIDTH, 1))
    middle = LARGER // 2
    return np.rint(255.0 * plate.clip(0.0, 1.0)).astype(np.uint8), labels[middle::LARGER, middle::LARGER]


def write(rng: np.random.Generator) -> Labels:
    """Characters in a row, LARGER times as large as in the picture: number k has the label k."""
    labels = np.zeros((LARGER * HEIGHT, LARGER * WIDTH), np.uint8)
    font, pen, count = int(rng.choice(FONTS)), int(rng.integers(3, 8)), int(rng.choice(COUNTS))
    characters = [glyph(text, font, pen) for text in rng.choice(list(CHARACTERS), count)]
    height, gap = LARGER * rng.uniform(14.0, 18.0), LARGER * rng.uniform(2.5, 5.0)
    scale = height / max(len(character) for character in characters)
    natural = scale * sum(character.shape[1] for character in characters)
    narrow = min(1.0, (0.9 * labels.shape[1] - (count - 1) * gap) / natural)
    left = (labels.shape[1] - narrow * natural - (count - 1) * gap) / 2.0
    for k, character in enumerate(characters, 1):
        size = round(narrow * scale * character.shape[1]), round(scale * len(character))
        ink = cv2.resize(character, size, interpolation=cv2.INTER_LINEAR) > 127
        top = (len(labels) - size[1]) // 2
        labels[top : top + size[1], round(left) : round(left) + size[0]] = k * ink
        left += size[0] + gap
    return labels


def glyph(text: str, font: int, pen: int) -> np.ndarray:
    """A character, 255 is ink, without a margin. Versions of OpenCV have other fonts, of other sizes."""
    canvas = np.zeros((160, 160), np.uint8)
    cv2.putText(canvas, str(text), (40, 120), font, 2.5, 255, pen)
    rows, columns = (np.flatnonzero(canvas.max(axis)) for axis in (1, 0))
    return canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def tilt(rng: np.random.Generator) -> np.ndarray:
    """A matrix (2, 3) that turns, slants and shrinks a plate about its middle."""
    turn, slant, scale = rng.uniform(-0.1, 0.1), rng.uniform(-0.25, 0.25), rng.uniform(0.85, 1.0)
    matrix = scale * np.array([[np.cos(turn), slant - np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = LARGER * np.array([WIDTH, HEIGHT]) / 2.0
    return np.column_stack([matrix, middle - matrix @ middle])


def light(rng: np.random.Generator) -> np.ndarray:
    """(HEIGHT, WIDTH) in 0..1: falling off to one side, and for most plates less beyond the edge of a shadow."""
    y, x = np.indices((HEIGHT, WIDTH)) / WIDTH
    angle, edge = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.2, 0.8)
    falling = 1.0 - rng.uniform(0.0, 0.5) * (x if rng.random() < 0.5 else 1.0 - x)
    across = np.cos(angle) * (x - edge) + np.sin(angle) * (y - HEIGHT / WIDTH / 2.0)
    dark = rng.uniform(0.3, 0.8) if rng.random() < 0.7 else 1.0
    return falling * np.where(across > 0.0, dark, 1.0)


def otsu(pictures: tuple[Picture, ...]) -> np.ndarray:
    """(N, H, W): pixels darker than one threshold for the whole picture (Otsu 1979)."""
    how = cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU
    return np.stack([cv2.threshold(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), 0, 1, how)[1] > 0 for p in pictures])


def adaptive(pictures: tuple[Picture, ...]) -> np.ndarray:
    """(N, H, W): pixels DARKER than the mean around them."""
    how = 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, NEIGHBOURHOOD, DARKER
    return np.stack([cv2.adaptiveThreshold(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), *how) > 0 for p in pictures])


def pieces(mask: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The connected components of a mask (H, W), numbered from 1, and the numbers of those that can be characters."""
    count, numbered, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    tall, wide = boxes[:, cv2.CC_STAT_HEIGHT] / HEIGHT, boxes[:, cv2.CC_STAT_WIDTH] / WIDTH
    return numbered, [k for k in range(1, count) if TALL[0] <= tall[k] <= TALL[1] and wide[k] <= WIDE]


def taken_apart(mask: np.ndarray, labels: Labels) -> bool:
    """Whether the pieces that can be characters are the characters, each one of them."""
    numbered, possible = pieces(mask)
    matched = set()
    for k in possible:
        piece = numbered == k
        label = np.bincount(labels[piece]).argmax()
        character = labels == label
        if label and (piece & character).sum() >= SAME * (piece | character).sum():
            matched.add(label)
    return len(matched) == len(possible) == labels.max()


def judge(masks: np.ndarray, truth: tuple[Labels, ...]) -> dict[str, float]:
    """The mean IoU of what can be characters with what is, and the share of plates that are taken apart."""
    kept = np.stack([np.isin(*pieces(mask)) for mask in masks])[:, None]
    characters = (np.stack(truth) > 0)[:, None]
    mean = float(iou(nnlite.tensor(kept.astype(np.float32)), nnlite.tensor(characters.astype(np.float32))).mean())
    apart = [taken_apart(mask, labels) for mask, labels in zip(masks, truth, strict=True)]
    return {"iou": mean, "apart": float(np.mean(apart))}


def draw(plates: tuple[Picture, ...], truth: tuple[Labels, ...], masks: dict[str, np.ndarray], path: Path) -> None:
    """Plates, their characters, and the pieces found in each way."""
    columns = [plates[:SHOWN], [coloured(labels, range(1, 1 + labels.max())) for labels in truth[:SHOWN]]]
    columns += [[coloured(*pieces(mask)) for mask in of_way[:SHOWN]] for of_way in masks.values()]
    image_grid(list(zip(*columns, strict=True)), path, ("plate", "characters", *masks))


def coloured(numbered: np.ndarray, possible: range | list[int]) -> Picture:
    """Pieces as a picture, those that are possible in COLOURS from left to right."""
    picture = np.where(numbered[:, :, None] > 0, REFUSED, np.uint8(0))
    for i, k in enumerate(sorted(possible, key=lambda k: np.nonzero(numbered == k)[1].mean())):
        picture[numbered == k] = COLOURS[i % len(COLOURS)]
    return picture


if __name__ == "__main__":
    run_program("plates", main)
