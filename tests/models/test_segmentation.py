"""The U-Net that segments: what it returns and refuses, that it learns what PyTorch's learns, and its figure."""

import numpy as np
import pytest

import nnlite
from models.segmentation import SegmentationUNet, Segmenter, dice_loss, iou

from .torch_twins import build


def images(rng, n=2, h=16, w=32):
    return nnlite.Tensor(rng.uniform(-1, 1, (n, 3, h, w)).astype(np.float32))


def masks(rng, n=2, h=16, w=32):
    return nnlite.Tensor((rng.random((n, 1, h, w)) < 0.3).astype(np.float32))


@pytest.mark.parametrize(("levels", "h", "w"), [(4, 16, 32), (2, 12, 4), (1, 2, 6)])
def test_one_logit_a_pixel(rng, levels, h, w):
    assert SegmentationUNet(4, levels)(images(rng, 2, h, w)).shape == (2, 1, h, w)


def test_it_looks_at_most_of_the_image_to_judge_a_pixel(rng):
    """The skips bring what is near, the way down what is far: the gradient of one logit reaches both."""
    network, x = SegmentationUNet(4), images(rng, 1, 64, 64)
    x.requires_grad = True
    network(x)[0, 0, 32, 32].backward()
    reached = np.abs(x.grad.numpy()[0]).max(0) > 0
    assert reached[32, 32] and reached[20, 32] and reached[32, 45] and reached.mean() > 0.3


@pytest.mark.parametrize(
    ("shape", "message"),
    [((1, 3, 20, 16), "multiples of 16, got 20x16; the nearest is 16x16"), ((1, 1, 16, 16), r"\(N, 3, H, W\), got")],
)
def test_other_images_are_refused(shape, message):
    with pytest.raises(nnlite.ShapeError, match=f"SegmentationUNet: .*{message}"):
        SegmentationUNet(4)(nnlite.zeros(shape))


def test_it_learns_pytorchs_weights(torch, rng):
    """From the same weights, in float64, losses and then weights stay together over several steps."""
    ours = Segmenter(SegmentationUNet(4, 2), 1e-2)
    theirs = build(torch)[0](4, 2)  # it adds the image, which is taken off again below
    theirs.last[1] = torch.nn.Conv2d(4, 1, 1)
    theirs.load_state_dict({k: torch.tensor(v.numpy().copy()) for k, v in ours.network.state_dict().items()})
    theirs.double()
    ours.network.double()
    adam = torch.optim.Adam(theirs.parameters(), 1e-2)
    for step in range(5):
        x, m = rng.uniform(-1, 1, (3, 3, 8, 12)), (rng.random((3, 1, 8, 12)) < 0.4).astype(float)
        losses = ours.train_step(nnlite.Tensor(x), nnlite.Tensor(m))
        adam.zero_grad()
        logits = (theirs(torch.tensor(x)) - torch.tensor(x))[:, :1]
        bce = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(m))
        overlap = [(p * torch.tensor(one)).sum() for p, one in zip(logits.sigmoid(), m, strict=True)]
        total = [p.sum() + one.sum() for p, one in zip(logits.sigmoid(), m, strict=True)]
        dice = 1 - sum((2 * o + 1) / (t + 1) for o, t in zip(overlap, total, strict=True)) / 3
        (bce + dice).backward()
        adam.step()
        assert float(losses["bce"]) == pytest.approx(bce.item(), rel=1e-9), f"step {step}"
        assert float(losses["dice"]) == pytest.approx(dice.item(), rel=1e-9), f"step {step}"
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.network.state_dict()[name].numpy(), value.numpy(), 1e-6, 1e-8, err_msg=name)


def test_a_step_returns_detached_numbers_and_learns():
    """Bright squares on dark ground; what is left to find after so few steps is little."""
    rng = np.random.default_rng(0)
    mask = np.zeros((8, 1, 16, 16), np.float32)
    for one in mask:
        top, left = rng.integers(0, 10, 2)
        one[0, top : top + 6, left : left + 6] = 1.0
    image = np.repeat(mask, 3, axis=1) + rng.uniform(-0.5, 0.5, (8, 3, 16, 16)).astype(np.float32) - 0.5
    model, batch = Segmenter(SegmentationUNet(4, 2), 1e-2), (nnlite.Tensor(image), nnlite.Tensor(mask))
    first = model.train_step(*batch)
    assert list(first) == ["bce", "dice", "iou"]
    for value in first.values():
        assert value.shape == () and value.dtype == np.float32 and not value.requires_grad and value.grad_fn is None
    for _ in range(80):
        last = model.train_step(*batch)
    assert float(last["bce"]) < 0.1 * float(first["bce"]) and float(last["iou"]) > 0.95
    p = model.predict(batch[0])
    assert p.grad_fn is None and p.shape == mask.shape and ((p.numpy() > 0.5) == mask).mean() > 0.99


def test_predictions_are_the_probabilities_of_the_logits(rng):
    model, x = Segmenter(SegmentationUNet(4)), images(rng)
    logits = model.network(x).detach().numpy().astype(np.float64)
    np.testing.assert_allclose(model.predict(x).numpy(), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_a_saved_state_goes_on_bit_for_bit(rng, tmp_path):
    batches = [(images(rng), masks(rng)) for _ in range(4)]
    straight, resumed = Segmenter(SegmentationUNet(4)), Segmenter(SegmentationUNet(4))
    for batch in batches[:2]:
        straight.train_step(*batch)
    nnlite.save(straight.state_dict(), tmp_path / "s.safetensors")
    resumed.load_state_dict(nnlite.load(tmp_path / "s.safetensors"))
    for batch in batches[2:]:
        losses = [{k: float(v) for k, v in model.train_step(*batch).items()} for model in (straight, resumed)]
        assert losses[0] == losses[1]


def test_the_dice_loss_of_sure_answers(rng):
    """Right in all pixels it is 0; wrong in all, near 1; of two equally large squares that half overlap, near 1/2."""
    m = masks(rng, 1)
    assert float(dice_loss(100.0 * (2.0 * m - 1.0), m)) == pytest.approx(0.0, abs=1e-6)
    assert 0.98 < float(dice_loss(100.0 * (1.0 - 2.0 * m), m)) < 1.0
    rows = np.arange(40)[None, None, :, None] + np.zeros((1, 1, 40, 40), np.float32)
    a, b = (nnlite.Tensor(((rows >= top) & (rows < top + 20)).astype(np.float32)) for top in (0, 10))
    assert float(dice_loss(100.0 * (2.0 * a - 1.0), b)) == pytest.approx(1 - 801 / 1601, rel=1e-5)
    none = nnlite.zeros(1, 1, 4, 4)
    assert float(dice_loss(none - 100.0, none)) == 0.0, "nothing found where nothing is"


def test_iou_counts_pixels_of_both_and_of_either(rng):
    a, b = masks(rng, 6), masks(rng, 6)
    sets = [[{tuple(p) for p in np.argwhere(mask)} for mask in x.numpy()] for x in (a, b)]
    expected = [len(x & y) / len(x | y) for x, y in zip(*sets, strict=True)]
    np.testing.assert_allclose(iou(a, b).numpy(), expected, rtol=1e-6)
    assert iou(a, b).dtype == np.float32


def test_iou_of_equal_disjoint_and_empty_masks():
    left, none = np.zeros((2, 1, 4, 4), np.float32)[:, None]
    left[..., :2] = 1.0
    left, right, none = (nnlite.Tensor(x) for x in (left, 1.0 - left, none))
    pairs = ((left, left, 1.0), (left, right, 0.0), (left, none, 0.0), (none, left, 0.0), (none, none, 1.0))
    for a, b, expected in pairs:
        assert iou(a, b).numpy().tolist() == [expected]
