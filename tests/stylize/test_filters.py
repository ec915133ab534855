"""The filters against their definitions, written out pixel by pixel in plain Python."""

import math

import numpy as np
import pytest

from stylize import filters


def mirrored(i, n):
    """Index i of an image whose border pixels are mirrors: -1 is 1, n is n - 2."""
    i = abs(i)
    return 2 * (n - 1) - i if i >= n else i


def kuwahara_at(image, y, x, radius, sharpness):
    """Mean and variance of eight pie slices around one pixel, weighted by calmness."""
    weighted, total = np.zeros(3), 0.0
    for i in range(8):
        samples = []
        for dy in range(-math.ceil(radius), math.ceil(radius) + 1):
            for dx in range(-math.ceil(radius), math.ceil(radius) + 1):
                distance = math.hypot(dx, dy)
                if distance > radius:
                    continue
                off_axis = math.remainder(math.atan2(dy, dx) - i * math.pi / 4, 2 * math.pi)
                share = math.cos(2 * off_axis) ** 2 if abs(off_axis) < math.pi / 4 else 0
                share = 1 / 8 if distance == 0 else share
                weight = share * math.exp(-(distance**2) / (2 * (radius / 2) ** 2))
                samples.append((weight, image[mirrored(y + dy, len(image)), mirrored(x + dx, len(image[0]))]))
        norm = sum(weight for weight, _ in samples)
        mean = sum(weight * colour for weight, colour in samples) / norm
        variance = sum(weight * ((colour - mean) ** 2).sum() for weight, colour in samples) / norm
        say = (variance + 1e-4) ** (-sharpness / 2)
        weighted += say * mean
        total += say
    return weighted / total


@pytest.mark.parametrize("radius", [1.5, 2.25, 3.0])
def test_kuwahara_is_its_definition(radius, rng):
    image = rng.random((9, 11, 3)).astype(np.float32)
    image[:, 5:] *= 0.2  # an edge
    expected = [[kuwahara_at(image.astype(np.float64), y, x, radius, 8) for x in range(11)] for y in range(9)]
    np.testing.assert_allclose(filters.kuwahara(image, radius), expected, atol=2e-3)


def test_a_large_kuwahara_radius_is_nearly_its_definition(rng):
    image = np.zeros((40, 60, 3), np.float32)
    image[:, :28] = (0.8, 0.4, 0.2)
    image[:, 28:] = (0.1, 0.3, 0.5)
    image += rng.normal(0, 0.03, image.shape).astype(np.float32)
    painted = filters.kuwahara(image, 8.0)
    for y, x in [(20, 10), (20, 24), (20, 32), (12, 50), (3, 3)]:
        expected = kuwahara_at(image.astype(np.float64), y, x, 8.0, 8)
        np.testing.assert_allclose(painted[y, x], expected, atol=0.02)


def test_kuwahara_keeps_an_edge_and_flattens_texture(rng):
    step = np.where(np.arange(32) < 16, 0.2, 0.8)[None, :, None]
    noisy = (step + rng.normal(0, 0.05, (32, 32, 3))).astype(np.float32)
    painted = filters.kuwahara(noisy, 4.0)
    np.testing.assert_allclose(painted[:, :15], 0.2, atol=0.06)  # a blur of this reach would be off by 0.25
    np.testing.assert_allclose(painted[:, 17:], 0.8, atol=0.06)
    assert painted[:, :12].std() < 0.5 * noisy[:, :12].std()


def test_the_sectors_share_out_a_gaussian():
    kernels = filters.sector_kernels(3.0).astype(np.float64)
    np.testing.assert_allclose(kernels.sum((1, 2)), 1, atol=1e-6)
    for i in range(8):
        np.testing.assert_allclose(np.rot90(kernels[i]), kernels[(i - 2) % 8], atol=1e-7)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135, 160])
def test_the_flow_runs_along_stripes(degrees):
    angle = math.radians(degrees)
    y, x = np.mgrid[:64, :64]
    across = x * -math.sin(angle) + y * math.cos(angle)
    tangent, coherence = filters.flow_field((0.5 + 0.4 * np.sin(across / 4)).astype(np.float32), 3.0)
    inner = tangent[12:-12, 12:-12]
    assert np.abs(inner @ (math.cos(angle), math.sin(angle))).min() > 0.99  # unit vectors, of either sign
    assert coherence[12:-12, 12:-12].min() > 0.95


def test_noise_has_little_coherence(rng):
    _, coherence = filters.flow_field(rng.random((64, 64)).astype(np.float32), 3.0)
    assert np.median(coherence) < 0.4


def upward(shape):
    """The flow field of vertical lines."""
    return np.dstack([np.zeros(shape), np.ones(shape)]).astype(np.float32)


def test_flow_dog_across_a_vertical_edge_is_one_dimensional():
    sigma, columns = 1.4, np.arange(40)
    profile = 1 / (1 + np.exp(-(columns - 19.5)))
    response = filters.flow_dog(np.tile(profile, (30, 1)).astype(np.float32), upward((30, 40)), sigma, 4.0)

    def mean(at, width):
        """A Gaussian mean of the linearly interpolated profile, at steps of 0.8 sigma."""
        offsets = [0.8 * sigma * j for j in range(-4, 5)]
        weights = [math.exp(-0.5 * (offset / width) ** 2) for offset in offsets]
        values = [np.interp(at + offset, columns, profile) for offset in offsets]
        return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)

    expected = [mean(x, 1.6 * sigma) - mean(x, sigma) for x in range(8, 32)]
    np.testing.assert_allclose(response[10:20, 8:32], np.tile(expected, (10, 1)), atol=2e-3)
    assert response[15, 17] > 0.01 > 0 > response[15, 22]  # ink on the dark side


def test_responses_are_averaged_along_the_flow_only():
    """A lone dark pixel becomes a Gaussian in y, in steps of sigma / 4, and nothing beside its column."""
    field = np.zeros((41, 21), np.float32)
    field[20, 10] = 1
    smeared = filters._along_flow(field, upward(field.shape), 4.0)
    weights = np.exp(-0.5 * (np.arange(-8, 9) / 4) ** 2)
    np.testing.assert_allclose(smeared[12:29, 10], weights / weights.sum(), atol=1e-6)
    assert smeared[:, :10].max() == smeared[:, 11:].max() == smeared[:12].max() == 0


def test_the_sign_of_a_tangent_does_not_matter(rng):
    grey = rng.random((30, 30)).astype(np.float32)
    tangent, _ = filters.flow_field(grey, 2.0)
    flipped = tangent * rng.choice([-1.0, 1.0], (30, 30, 1)).astype(np.float32)
    np.testing.assert_allclose(
        filters.flow_dog(grey, flipped, 1.0, 3.0), filters.flow_dog(grey, tangent, 1.0, 3.0), atol=1e-5
    )


def test_soft_quantize_is_its_definition():
    values = np.linspace(0, 100, 203).astype(np.float32)
    for hardness in (0.01, 2.0, 8.0):
        expected = []
        for value in values.tolist():
            border = round(value / 12.5) * 12.5
            curve = math.tanh(hardness * (value - border) / 6.25) / math.tanh(hardness)
            expected.append(border + 6.25 * curve)
        actual = filters.soft_quantize(values, 8, 100, np.full_like(values, hardness))
        np.testing.assert_allclose(actual, expected, atol=1e-3)
        assert (np.diff(actual) > -1e-3).all()
    nearly_linear = filters.soft_quantize(values, 8, 100, np.full_like(values, 0.01))
    np.testing.assert_allclose(nearly_linear, values, atol=1e-2)
    hard = filters.soft_quantize(values, 8, 100, np.full_like(values, 50))
    assert np.mean(np.abs(hard % 12.5 - 6.25) < 0.1) > 0.9  # nearly everything is the middle of a bin


def test_remove_islands_against_a_flood_fill(rng):
    strength = rng.random((30, 40)).astype(np.float32)
    expected, seen = np.zeros_like(strength), strength <= 0.7
    for start in np.argwhere(~seen):
        region, queue = [], [tuple(start)]
        while queue:
            y, x = queue.pop()
            if not (0 <= y < 30 and 0 <= x < 40) or seen[y, x]:
                continue
            seen[y, x] = True
            region.append((y, x))
            queue += [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        if len(region) >= 5:
            expected[tuple(np.transpose(region))] = strength[tuple(np.transpose(region))]
    assert 0 < (expected > 0).sum() < (strength > 0.7).sum()
    np.testing.assert_array_equal(filters.remove_islands(strength, 0.7, 5), expected)


def test_small_helpers():
    assert [filters.odd(length) for length in (0.5, 3, 3.9, 4.2, 10, 11)] == [3, 3, 3, 5, 9, 11]
    ramp = np.tile(np.arange(10, dtype=np.float32) * 0.5, (10, 1))
    np.testing.assert_allclose(filters.gradient_length(ramp)[:, 1:-1], 0.5)
    np.testing.assert_allclose(filters.smoothstep(np.array([-1.0, 0, 1, 2, 5]), 0, 2), [0, 0, 0.5, 1, 1])
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(filters.to_uint8(filters.to_float(levels)), levels)
    np.testing.assert_array_equal(filters.to_uint8(np.array([-0.5, 1.5])), [0, 255])
