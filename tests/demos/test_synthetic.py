"""Readers taught by generated digits: who is nearer to whom, what each reader is taught, and what the demo writes."""

import json

import numpy as np
import pytest

import nnlite
from demos import synthetic
from demos.shared.digits import Digits, load_digits
from stylize import read_image


def some(n, start=0):
    return Digits(*(part[start : start + n] for part in load_digits()[0]))


def test_distances_are_those_of_a_loop():
    a, b = some(3).images, some(4, 10).images
    expected = [[((one - other).astype(np.float64) ** 2).sum() for other in b] for one in a]
    np.testing.assert_allclose(synthetic.distances(a, b), expected, rtol=1e-4)


def test_copies_are_nearer_to_what_was_copied_and_new_digits_are_not():
    seen, unseen = some(300), some(400, 300)
    rng = np.random.default_rng(0)
    copies = Digits(seen.images + 0.01 * rng.standard_normal(seen.images.shape, np.float32), seen.labels)
    assert synthetic.nearer(copies, seen, some(300, 300)) == 1.0
    assert synthetic.nearer(some(300, 700), seen, unseen) == pytest.approx(0.5, abs=0.1)


def test_what_each_reader_is_taught(monkeypatch):
    """Five times each real digit, and as many generated ones; only moved digits differ from those given."""
    train, options = some(200), synthetic.argparse.Namespace(seed=0, labels=3, batch=10, device="cpu")
    taught = []
    monkeypatch.setattr(synthetic, "DRAWS", 1)
    monkeypatch.setattr(synthetic, "small_gan", lambda few, options: few)
    drawn = Digits(np.full((300, 1, 28, 28), 0.5, np.float32), np.arange(300) % 10)
    monkeypatch.setattr(synthetic, "draw", lambda few, n: drawn if n == 300 else None)
    monkeypatch.setattr(
        synthetic, "read_as_asked", lambda digits, model, most, device: Digits(*(d[:most] for d in digits))
    )
    monkeypatch.setattr(synthetic, "reader", lambda loader, options: taught.append(list(loader)))
    monkeypatch.setattr(synthetic, "accuracy", lambda *_: 0.5)
    right = synthetic.augmented(train, train, options)["augmented"]
    known = {image.tobytes() for image in train.images}
    assert list(right.values()) == [[0.5]] * 4
    for name, batches in zip(right, taught, strict=True):
        images = np.concatenate([x.numpy() for x, _ in batches])
        given = np.array([image.tobytes() in known for image in images])
        generated = np.array([image.max() == 0.5 for image in images])
        assert len(images) == (300 if "generated" in name else 30)
        assert generated.sum() == (150 if "generated" in name else 0)
        assert given[~generated].all() == ("moved" not in name), name


def test_only_digits_read_as_asked_are_kept():
    class Sevens:
        def predict(self, images):
            return nnlite.tensor(np.eye(10, dtype=np.float32)[[7] * len(images)])

    digits = some(100)
    kept = synthetic.read_as_asked(digits, Sevens(), 4, "cpu")
    assert kept.labels.tolist() == [7] * 4
    np.testing.assert_array_equal(kept.images, digits.images[digits.labels == 7][:4])


@pytest.mark.slow
def test_the_demo_writes_what_it_promises(tmp_path, monkeypatch, capsys):
    few = [Digits(*(part[:n] for part in digits)) for digits, n in zip(load_digits(), (200, 50), strict=True)]
    monkeypatch.setattr(synthetic, "load_digits", lambda data: few)
    monkeypatch.setattr("demos.shared.run.draw_record", lambda losses, out: None)  # which has tests of its own
    for name, value in (("DRAWS", 2), ("READER_STEPS", 2), ("GENERATED", 100)):
        monkeypatch.setattr(synthetic, name, value)
    options = ("--steps", 2, "--small-steps", 2, "--labels", 2, "--batch", 30, "--width", 8, "--device", "cpu")
    monkeypatch.setattr("sys.argv", ["synthetic", *map(str, options), "--out", str(tmp_path)])
    nnlite.manual_seed(0)
    assert synthetic.main() == 0
    for picture in ("augmented.png", "nearest.png"):
        assert read_image(tmp_path / picture).std() > 5, picture
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert len(figures["small_nearer"]) == 2 and {len(of) for of in figures["augmented"].values()} == {2}
    assert f"{figures['generated']:.1%}" in capsys.readouterr().out
