"""The table of styles: an untouched photo measures as one, and every row fits the columns."""

import numpy as np
import pytest

from benchmarks import styles
from stylize import read_image
from stylize import styles as names

BUILT_IN = set(names())


def test_the_row_of_the_photo():
    photo = read_image(styles.BUNDLED / "cat.jpg")
    row = styles.figures("photo", [photo, photo[:200]], rounds=1)
    for name in ("total variation", "edge recall", "SSIM of L", "noise gain"):
        assert row[name] == pytest.approx(1, abs=1e-3), name
    assert row["ink %"] == row["crop error"] == 0
    cells = styles.cells(row)
    assert len(cells) == len(styles.COLUMNS) and cells[0] == "photo" and cells[-2:] == ["-", "-"]


def test_the_order_names_every_style():
    assert {"photo", "cv2.stylization"} | BUILT_IN == set(styles.ORDER)


def test_a_tile_is_the_upper_middle():
    photo = np.zeros((512, 400, 3), np.uint8)
    photo[:26] = photo[400:] = 255  # cut away: 300 rows from row 26 on remain
    assert styles.tile(photo, photo).shape == (204, 272, 3) and styles.tile(photo, photo)[2:].max() == 0
