"""A painter on photos larger than its working size: as detailed as the photo, in strips that leave no seams."""

import numpy as np
import pytest

import nnlite
from demos.cartoonize import full_size
from demos.cartoonize.apply import cartoonize
from demos.cartoonize.full_size import enlarge, paint_full_size
from demos.cartoonize.tiles import draw
from models.painter import LAYERS, Painter
from nnlite import NonFiniteError
from nnlite.nn import functional as F
from stylize import read_image, resize_short_side

from .runner import PHOTOS


@pytest.fixture
def painter():
    """One whose layers vary, as after some training."""
    nnlite.manual_seed(0)
    net = Painter(4)
    nnlite.nn.init.normal_(net.last.weight, 0.0, 0.01)
    return net.eval()


@pytest.fixture(scope="module")
def photo():
    return resize_short_side(read_image(PHOTOS / "cat.jpg"), 150)


def make_even(net, **values):
    """Layers that have these values everywhere; there are no tones and no ink, and the others are 0."""
    values = {"hardness": -10.0, "ink": -10.0, **values}
    with nnlite.no_grad():
        net.last.weight[...] = 0.0
        net.last.bias[...] = nnlite.tensor([values.get(name, 0.0) for name, n in LAYERS.items() for _ in range(n)])


def test_maps_are_enlarged_part_by_part_as_a_whole():
    """Against interpolate, whose kernel is the same."""
    maps = np.random.default_rng(0).standard_normal((3, 11, 14)).astype(np.float32)
    for size in ((47, 60), (11, 14), (12, 300)):
        whole = F.interpolate(nnlite.tensor(maps[None]), size, mode="bicubic", antialias=True).numpy()[0]
        for start, stop in ((0, 5), (4, 9), (size[0] - 3, size[0])):
            part = enlarge(maps, (slice(start, stop), slice(2, size[1])), size)
            np.testing.assert_allclose(part, whole[:, start:stop, 2:], atol=1e-5)


def test_strips_join_without_a_seam(painter, photo, monkeypatch):
    working = resize_short_side(photo, 40)
    whole = paint_full_size(photo, working, painter)
    monkeypatch.setattr(full_size, "PIXELS", 1)
    strips = paint_full_size(photo, working, painter)
    assert np.abs(strips.astype(int) - whole).max() <= 2
    assert np.abs(whole.astype(int) - photo).mean() > 4


def test_strips_join_without_a_seam_however_far_the_filter_reaches(painter, photo, monkeypatch):
    """Here across the whole of a strip, which becomes one colour, another one for each strip."""
    make_even(painter, left=10.0, above=10.0)
    monkeypatch.setattr(full_size, "PIXELS", 1)
    strips = paint_full_size(photo, resize_short_side(photo, 75), painter).astype(int)
    assert np.ptp(strips[:, 0], axis=0).max() > 20
    assert np.abs(np.diff(strips, axis=0)).max() <= 3


def test_where_nothing_is_to_be_done_the_photo_keeps_all_its_detail(painter):
    """Its pixels are noise, of which nothing is left at the working size."""
    make_even(painter, left=-10.0, above=-10.0)
    noise = np.random.default_rng(1).integers(0, 256, (96, 130, 3), np.uint8)
    cartoon = cartoonize(noise, painter, 24, 1.0, "cpu")
    assert np.abs(cartoon.astype(int) - noise).max() <= 1


def test_a_photo_of_the_working_size_is_drawn_as_in_training(painter, photo):
    np.testing.assert_array_equal(cartoonize(photo, painter, 150, 1.0, "cpu"), draw(photo, painter))
    np.testing.assert_array_equal(cartoonize(photo, painter, 384, 1.0, "cpu"), draw(photo, painter))


def test_a_little_larger_it_is_nearly_the_same(painter, photo):
    drawn = draw(photo, painter).astype(int)
    painted = cartoonize(photo, painter, 149, 1.0, "cpu")
    assert np.abs(painted - drawn).mean() < 0.3 * np.abs(drawn - photo).mean()


def test_a_large_grey_photo_stays_grey(painter, photo):
    grey = photo[..., :1].repeat(3, axis=2)
    cartoon = cartoonize(grey, painter, 50, 1.0, "cpu")
    assert (cartoon == cartoon[..., :1]).all() and cartoon.std() > 5


@pytest.mark.parametrize("name", ["first.bias", "darken"])
def test_what_is_not_a_number_is_refused(painter, photo, name):
    """In the layers, or only in the paint."""
    dict(painter.named_parameters())[name].array[...] = np.inf
    with pytest.raises(NonFiniteError, match="use other weights"):
        cartoonize(photo, painter, 50, 1.0, "cpu")
