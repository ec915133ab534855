"""What `judge` computes and writes, on pictures whose figures are known."""

import json

import numpy as np
import pytest

from demos.cartoonize.evaluate import cartoonness, way
from demos.cartoonize.judge import compare_drawings, describe_two_sample, draw_sheets, table
from stylize import quality, read_image


@pytest.fixture
def drawings():
    """Two noisy photos of unequal size; their cartoons, flat with a black bar; and what is half of each."""
    rng = np.random.default_rng(0)
    photos = [rng.integers(100, 200, (*size, 3), dtype=np.uint8) for size in ((64, 96), (80, 64))]
    targets = [np.full_like(photo, 150) for photo in photos]
    for target in targets:
        target[10:14] = 0
    drawn = [photo.copy() for photo in photos]
    for image, target in zip(drawn, targets, strict=True):
        middle = image.shape[1] // 2
        image[:, :middle] = target[:, :middle]
    return photos, drawn, targets


def test_cartoonness_is_the_mean_over_whole_pictures(drawings):
    photos, drawn, _ = drawings
    figures = cartoonness(drawn, photos)
    assert figures["flat_share"] == pytest.approx(np.mean([quality.flat_share(image) for image in drawn]))
    for name, measure in (
        ("ink_percent", quality.ink_percent),
        ("edge_recall", quality.edge_recall),
        ("ssim_l", quality.ssim_l),
    ):
        assert figures[name] == pytest.approx(np.mean([measure(*pair) for pair in zip(photos, drawn, strict=True)]))


def test_the_way_from_photo_to_target():
    assert way(0.3, 0.2, 0.6) == pytest.approx(0.25)
    assert way(2.0, 3.0, 1.0) == pytest.approx(0.5)
    assert way(0.3, 0.5, 0.5) is None


def test_half_a_cartoon_is_half_of_the_way(drawings, tmp_path):
    photos, drawn, targets = drawings
    figures = compare_drawings({"generated": drawn, "untouched": photos}, targets, 32, tmp_path / "judged.png")
    half = figures["generated"]
    assert half["flat_share_way"] == pytest.approx(0.5, abs=0.05) and half["ink_percent_way"] == pytest.approx(0.5)
    assert half["l1_ratio"] == pytest.approx(half["l1"] / figures["untouched"]["l1"])
    assert figures["untouched"]["l1_ratio"] == 1 and figures["untouched"]["flat_share_way"] == 0
    assert figures["target"]["flat_share_way"] == figures["target"]["ink_percent_way"] == 1
    assert figures["test_photos"] == 2 and figures["test_crops"] == 10
    lines = table(json.loads(json.dumps(figures))).splitlines()
    near, cartoon = (line.split() for line in lines if line.startswith("generated"))
    assert near[1:] == [f"{half['l1']:.4f}", f"{half['psnr']:.2f}", f"{half['ssim']:.3f}", "0.67", *near[5:]]
    assert cartoon[1] == f"{half['flat_share']:.2f}" and cartoon[5:7] == ["50", "%"]
    assert max(map(len, lines)) <= 90


def test_where_photo_and_target_are_equal_there_is_no_way(drawings, tmp_path):
    photos, drawn, _ = drawings
    figures = compare_drawings({"generated": drawn, "untouched": photos}, photos, 32, tmp_path / "judged.png")
    assert figures["generated"]["l1_ratio"] is figures["generated"]["ink_percent_way"] is None
    rows = [line for line in table(figures).splitlines() if line.startswith("generated")]
    assert rows[0].endswith(" -") and rows[1].count(" - ") == 2


def test_sheets_show_all_pictures_whole_and_as_they_are(drawings, tmp_path):
    photos, drawn, targets = (kind * 2 for kind in drawings)
    draw_sheets(photos, drawn, targets, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet-1.jpg", "sheet-2.jpg"]
    last = read_image(tmp_path / "sheet-2.jpg").astype(int)
    for image, left in ((photos[1], 6), (drawn[1], 6 + 64 + 6), (targets[1], 6 + 2 * (64 + 6))):
        shown = last[26 : 26 + 80, left : left + 64]
        assert np.abs(shown - image).mean() < 12  # JPEG of noise; elsewhere they differ by 25 and more


def test_the_two_sample_test_in_words():
    text = describe_two_sample({"photo": 0.98, "generated": 0.8, "target": 0.5})
    assert "98.0%  photo" in text and "80.0%  generated" in text and "50.0%  target" in text
    assert describe_two_sample({}) == "The two-sample test needs at least 3 held-out photos of 64x64 pixels or more."
