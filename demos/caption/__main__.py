"""Read rows of one to five digits: a convolutional network looks, and an LSTM tells digit by digit what it sees.

The digits overlap, are tilted, and half of the rows are on noisy paper. Nobody tells the network where one digit ends
and the next begins, not even in training: it gets rows and their captions. It is compared with a program that cuts the
row into pieces and reads each piece with LeNet-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import nnlite
from demos.caption.cut import read_pieces
from demos.caption.rows import END, LONGEST, WIDTH, as_text, row_of
from demos.shared.digits import Digits, add_data, load_digits
from demos.shared.images import shuffled
from demos.shared.options import Options
from demos.shared.program import run_program
from demos.shared.run import Run, fall_to_zero
from models.captioning import Captioner, ShowAndTell, ShowAttendAndTell
from nnlite.plot import drawing

JUDGED, VALIDATED = 1000, 100  # held-out rows, at the end and while it trains
SHOWN = 24
LR = 3e-3  # of the first step; it falls to 0


def main() -> int:
    parser = Options("caption", __doc__.splitlines()[0], steps=1200)
    parser.computes("--attention", True, "look at the row again before each digit; without, only once")
    parser.computes("--batch", 32, "rows in a step", least=1, most=1000)
    add_data(parser)
    options = parser.settle()
    nnlite.manual_seed(options.seed)
    train, test = load_digits(options.data)
    network = ShowAttendAndTell if options.attention else ShowAndTell
    model = Captioner(network(WIDTH, words=END), LR).to(options.device)
    loader = shuffled(options, range(len(train)), transform=row_of(train))
    few, their_captions = held_out(test, VALIDATED)
    with Run(options, model) as run:
        rate = fall_to_zero(model.optimizer, options.steps, run.step)
        for batch in run.batches(loader):
            run.record(model.train_step(*batch))
            rate.step()
            if run.due():
                run.record_validation({"exact": exact(read(model, few, options.device)[0], their_captions)})
        if run.interrupted:
            return run.stopped()
        rows, captions = held_out(test, JUDGED)
        texts, weights = read(model, rows, options.device)
        pieces = read_pieces(rows, options.device)
        figures = run.finish(judge(texts, pieces, captions))
        wrong = [i for i in range(len(rows)) if texts[i] != captions[i]]
        picture = options.out / "read.png"
        looked = weights if options.attention else None
        draw(picture, rows, texts, captions, looked, range(SHOWN))
        if wrong:
            draw(options.out / "mistakes.png", rows, texts, captions, looked, wrong[:SHOWN])
        weights_file = options.out / "captioner.safetensors"
        nnlite.save(model.network.state_dict(), weights_file, {k: str(v) for k, v in options.computed.items()})
    print(
        f"{JUDGED} rows of digits never seen in training: {figures['exact']:.1%} are read without a mistake,\n"
        f"{figures['exact_cut']:.1%} by cutting them into pieces and reading each with LeNet-5.\n"
        f"Look at {picture}; the weights are in {weights_file}."
    )
    return 0


def held_out(digits: Digits, count: int) -> tuple[np.ndarray, list[str]]:
    """Rows (count, 1, H, W), always the same, and what they say."""
    compose = row_of(digits)
    samples = [compose((i % len(digits),), np.random.default_rng((0, i))) for i in range(count)]
    return np.stack([row for row, _ in samples]), [as_text(caption) for _, caption in samples]


def read(model: Captioner, rows: np.ndarray, device: str, batch: int = 200) -> tuple[list[str], np.ndarray]:
    """What the model reads in each row, and the weights of the columns for each digit, (N, LONGEST + 1, columns)."""
    parts = [
        model.tell(nnlite.tensor(rows[start : start + batch], device=device), LONGEST + 1)
        for start in range(0, len(rows), batch)
    ]
    words, weights = (np.concatenate([part[k].cpu().numpy() for part in parts]) for k in (0, 1))
    return [as_text(caption) for caption in words], weights


def exact(texts: list[str], captions: list[str]) -> float:
    """The share of rows read without any mistake."""
    return float(np.mean([text == caption for text, caption in zip(texts, captions, strict=True)]))


def judge(texts: list[str], pieces: list[str], captions: list[str]) -> dict[str, float]:
    """The share of rows read exactly by the captioner and by cutting: of all, and for each length."""
    figures = {"exact": exact(texts, captions), "exact_cut": exact(pieces, captions)}
    for n in range(1, LONGEST + 1):
        of_length = [i for i, caption in enumerate(captions) if len(caption) == n]
        for name, told in (("exact", texts), ("exact_cut", pieces)) if of_length else ():
            figures[f"{name}_of_{n}"] = exact([told[i] for i in of_length], [captions[i] for i in of_length])
    return figures


def draw(
    path: Path,
    rows: np.ndarray,
    texts: list[str],
    captions: list[str],
    weights: np.ndarray | None,
    shown: Sequence[int],
) -> None:
    """Write a picture of these rows with what was read above each; with weights, at the column most looked at for it.

    Below the row a line for each digit, in the digit's colour, shows how much it looked at each column. A row with a
    mistake has a red frame, and at the right what it says.
    """
    columns, height = 4, -(-len(shown) // 4)
    with drawing(path, 2.7 * columns, (1.55 if weights is not None else 1.2) * height) as figure:
        panels = figure.subplots(height, columns, squeeze=False).flat
        for axes in panels:
            axes.set_axis_off()
        for axes, i in zip(figure.axes, shown, strict=False):
            row, below = rows[i, 0], rows.shape[2] + 1.0
            axes.imshow(row, cmap="gray_r", vmin=0, vmax=1, extent=(0, row.shape[1], row.shape[0], 0))
            for k, digit in enumerate(texts[i]):
                x = 10.0 * (k + 1)
                if weights is not None:
                    looked = weights[i, k] / weights[i, k].max()
                    middles = (np.arange(len(looked)) + 0.5) * row.shape[1] / len(looked)
                    x, below = middles[looked.argmax()], below + 3.0
                    axes.scatter(middles, np.full(len(looked), below), s=20 * looked, color=f"C{k}", marker="s", lw=0)
                axes.text(x, -2.0, digit, color=f"C{k}", ha="center", fontweight="bold")
            right = texts[i] == captions[i]
            if not right:
                axes.text(row.shape[1], -12.0, f"is {captions[i]}", color="red", ha="right", fontsize=8)
            axes.set(xlim=(-1, row.shape[1] + 1), ylim=(row.shape[0] + (3 if weights is None else 18), -21))
            axes.add_patch(_frame(row.shape, "lightgrey" if right else "red"))


def _frame(shape: tuple[int, int], colour: str):
    from matplotlib.patches import Rectangle

    return Rectangle((0, 0), shape[1], shape[0], fill=False, edgecolor=colour, linewidth=1.2, clip_on=False)


if __name__ == "__main__":
    run_program("caption", main)
