"""The measures on pictures whose figures are known beforehand."""

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity

from stylize import quality

from .pictures import blocks


def grey(levels):
    return np.dstack([levels] * 3).astype(np.uint8)


def test_lightness_is_that_of_lab():
    expected = rgb2lab(blocks())[..., 0]
    np.testing.assert_allclose(quality.lightness(blocks()), expected, atol=0.3)  # OpenCV looks it up in a table


def test_total_variation():
    stripes = grey(np.tile([100, 100, 150, 150], (20, 6)))
    weak = grey(np.tile([110, 110, 130, 130], (20, 6)))
    light = rgb2lab(grey(np.array([[100, 110, 130, 150]])))[0, :, 0]
    expected = (light[2] - light[1]) / (light[3] - light[0])
    assert quality.tv_ratio(stripes, weak) == pytest.approx(expected, rel=0.03)
    assert quality.tv_ratio(stripes, np.rot90(stripes)) == pytest.approx(1, rel=1e-5)
    assert quality.tv_ratio(stripes, grey(np.full((20, 24), 90))) == 0


def test_flat_share():
    half = np.full((20, 40), 128)
    half[:, 20:] += (np.arange(20) * 5)[None]  # a slope of about 2 L a pixel
    assert quality.flat_share(grey(half)) == pytest.approx(0.5, abs=0.03)


def test_edge_recall():
    square = np.full((64, 64), 60)
    square[16:48, 16:48] = 200
    shifted, far = np.roll(square, 2, axis=1), np.roll(square, (9, 9), axis=(0, 1))
    assert quality.edge_recall(grey(square), grey(square)) == 1
    assert quality.edge_recall(grey(square), grey(shifted)) > 0.95
    assert quality.edge_recall(grey(square), grey(far)) < 0.3
    assert quality.edge_recall(grey(square), grey(np.full((64, 64), 60))) == 0
    assert quality.edge_recall(grey(np.full((64, 64), 60)), grey(square)) == 1


def test_ssim_agrees_with_scikit_image(rng):
    photo = blocks(height=320, width=320)
    other = np.clip(photo + rng.normal(0, 20, photo.shape), 0, 255).astype(np.uint8)
    expected = structural_similarity(
        rgb2lab(photo)[..., 0],
        rgb2lab(other)[..., 0],
        data_range=100,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert quality.ssim_l(photo, other) == pytest.approx(expected, abs=0.02)  # theirs leaves the borders out


def test_ink():
    photo, cartoon = np.full((10, 20), 200), np.full((10, 20), 200)
    photo[0], cartoon[0] = 20, 10  # dark already: not ink
    cartoon[5, :10] = 10  # 10 of 200 pixels
    cartoon[7] = 150  # darker, not dark
    assert quality.ink_percent(grey(photo), grey(cartoon)) == pytest.approx(5)


def test_specks():
    picture = np.full((100, 100), 200)
    picture[10, 10] = picture[20, 20:25] = picture[30:33, 30:34] = 0  # 1, 5 and 12 pixels
    picture[60:80, 60:80] = 0  # a shape
    picture[70, 70] = 200  # a light speck in it
    picture[40, 10:23] = 0  # 13 pixels: a line
    assert quality.specks_per_megapixel(grey(picture)) == pytest.approx(4 / 10_000 * 1e6)


def test_noise_gain():
    photo = np.full((64, 64, 3), 128, np.uint8)
    assert quality.noise_gain(lambda image: image, photo) == pytest.approx(1)
    assert quality.noise_gain(lambda image: image // 2 + 64, photo) == pytest.approx(0.5, abs=0.05)
    assert quality.noise_gain(np.zeros_like, photo) == 0


def test_crop_error():
    photo = blocks(height=160, width=160)
    assert quality.crop_error(lambda image: 255 - image, photo) == 0
    brightened = quality.crop_error(lambda image: image // 2 + np.uint8(image.shape[0] // 20), photo)
    assert brightened == 4  # 160 // 20 - 80 // 20 levels: this 'style' knows how large its picture is
