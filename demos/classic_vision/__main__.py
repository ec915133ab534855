"""Computer vision without deep learning: kernels, templates, SIFT, panorama, tracking, Haar cascade, visual words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from demos.classic_vision import detector, kernels, keypoints, panorama, templates, tracking, visual_words
from demos.classic_vision.changes import CHANGES
from demos.shared.digits import add_data, load_digits
from demos.shared.options import BUNDLED, add_device, add_out
from demos.shared.program import choose_device, run_program
from demos.shared.run_folder import claim_folder, write_figures
from stylize import find_images, read_image, resize_short_side
from stylize.console import Parser

SHORT_SIDE = 256  # of a photo, pixels
PIECES = 5  # of each photo, that are to be found again
SHOWN = "cat"  # the photo in the pictures
EYE = np.array([147, 97])  # the one on the left, x and y
SCENE = "mountain-path"  # the photo that views of a panorama are cut out of
PICTURES = (
    *("kernels", "templates", "keypoints", "words"),
    *("cascade", "found", "panorama", "tracking", "drift"),
)
SHOWN_CHANGES = ("as it is", "darker", "turned by 45", "scaled by 0.6")


def main() -> int:
    parser = Parser(prog="python -m demos.classic_vision", description=__doc__)
    add_out(parser, "classic_vision")
    add_device(parser)
    add_data(parser)
    options = parser.parse_args()
    device = choose_device(options.device)
    with claim_folder(options.out, "demos.classic_vision"):
        return look(options.out, device, options.data)


def look(out: Path, device: str, data: str) -> int:
    """Show and measure all of it. Returns the exit status."""
    cv2.setRNGSeed(0)  # of k-means
    photos = {path.stem: resize_short_side(read_image(path), SHORT_SIDE) for path in find_images([BUNDLED])}
    photos = {name: cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) for name, photo in photos.items()}
    train, test = load_digits(data)
    figures = {
        "kernels": kernels.compare(photos[SHOWN], out / "kernels.png"),
        "places": find_again(list(photos.values())),
        "digits": visual_words.compare(train, test, out / "words.png", device),
        "cascade": detector.compare(train, test, list(photos.values()), out),
        "panorama": panorama.compare(read_image(BUNDLED / f"{SCENE}.jpg"), out / "panorama.png"),
        "tracking": tracking.compare(photos[SHOWN], EYE, out),
    }
    others = [photo for name, photo in photos.items() if name != SHOWN]
    draw_places(photos[SHOWN], others, out)
    write_figures(figures, out)
    print(report(figures))
    print(f"Look at {', '.join(str(out / f'{name}.png') for name in PICTURES)}.")
    return 0


def find_again(photos: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """By change: the shares of pieces found in the changed photo by template and by keypoints, the median of inliers.

    And "another photo": the median of inliers, and the most, between each photo and the next.
    """
    rng = np.random.default_rng(0)
    known = [keypoints.features(photo) for photo in photos]
    middles = [[templates.choose(photo, rng) for _ in range(PIECES)] for photo in photos]
    figures = {}
    for name, change in CHANGES.items():
        by_template, by_keypoints, inliers = [], [], []
        for photo, of_photo, places in zip(photos, known, middles, strict=True):
            changed = change.apply(photo, rng)
            agreement = keypoints.agree(of_photo, keypoints.features(changed))
            inliers.append(agreement.inliers.sum())
            for place in places:
                true = change.matrix(photo) @ (*place, 1.0)
                found = templates.find(templates.piece(photo, place), changed)
                by_template.append(templates.near(found, true))
                by_keypoints.append(templates.near(keypoints.moved(place, agreement.homography), true))
        shares = {"template": float(np.mean(by_template)), "keypoints": float(np.mean(by_keypoints))}
        figures[name] = shares | {"inliers": float(np.median(inliers))}
    others = [keypoints.agree(a, b).inliers.sum() for a, b in zip(known, known[1:] + known[:1], strict=True)]
    return figures | {"another photo": {"inliers": float(np.median(others)), "most inliers": float(max(others))}}


def draw_places(photo: np.ndarray, others: list[np.ndarray], out: Path) -> None:
    """Its eye sought by template in changed photos; its keypoints matched with its changed self's and another's.

    The other is the one that has most matches with it.
    """
    rng = np.random.default_rng(0)
    changed = {name: CHANGES[name].apply(photo, rng) for name in SHOWN_CHANGES}
    templates.draw(photo, EYE, changed, out / "templates.png")
    known = keypoints.features(photo)
    other = max(others, key=lambda other: len(keypoints.agree(known, keypoints.features(other)).matches))
    keypoints.draw([(photo, CHANGES["all at once"].apply(photo, rng)), (photo, other)], out / "keypoints.png")


def report(figures: dict[str, Any]) -> str:
    """The figures in words."""
    places, digits = figures["places"].copy(), figures["digits"]
    others = places.pop("another photo")
    lines = [
        f"{len(kernels.KERNELS)} kernels: conv2d and filter2D differ by {figures['kernels']:.1e} of 255 at most.",
        "",
        "Pieces of photos that are found again, by the best fit of a template, and where SIFT keypoints put them:",
        f"{'the photo is':>16}{'template':>10}{'SIFT':>8}{'inliers':>9}",
    ]
    for name, row in places.items():
        lines.append(f"{name:>16}{row['template']:10.0%}{row['keypoints']:8.0%}{row['inliers']:9.0f}")
    lines += [
        f"{'another photo':>16}{'':18}{others['inliers']:9.0f}, and {others['most inliers']:.0f} at most",
        "",
        "Held-out digits read right; LeNet-5 is the one that comes with the project:",
        *(f"{name:>32}{share:8.1%}" for name, share in digits.items()),
        "",
        *report_cascade(figures["cascade"]),
        "",
        "A panorama of three views: the homographies are off by {mean error:.2f} pixels on average, "
        "{largest error:.2f} at most.".format(**figures["panorama"]),
        "",
        "An eye followed through a clip, pixels from the true path:",
        f"{'':>20}{'mean':>8}{'at the end':>12}{'frames lost':>13}",
        *(
            f"{name:>20}{row['mean']:8.1f}{row['last']:12.1f}{row['lost']:13.0%}"
            for name, row in figures["tracking"].items()
        ),
    ]
    return "\n".join(lines)


def report_cascade(figures: dict[str, Any]) -> list[str]:
    """How the cascade does, stage by stage, and next to one classifier."""
    rows = zip(figures["sizes"], figures["detection"], figures["false alarms"], strict=True)
    return [
        "Boosted Haar features on held-out windows; what passes the stages so far:",
        f"{'stage':>7}{'features':>10}{'digits':>9}{'others':>10}",
        *(f"{i:7}{size:10}{hits:9.2%}{alarms:10.3%}" for i, (size, hits, alarms) in enumerate(rows, start=1)),
        f"One classifier of {sum(figures['sizes'])} features that lets as many digits pass: "
        f"{figures['false alarms of one']:.3%} of the others.",
        f"The cascade looks at {figures['features for a window']:.1f} features of a window on a page on average; the "
        f"{figures['windows']:,} windows take it {1000 * figures['seconds']:.0f} ms, the one classifier "
        f"{1000 * figures['seconds of one']:.0f} ms.",
        f"On that page it finds {figures['found']} of {figures['on the page']} digits, and "
        f"{figures['found wrongly']} where none is.",
    ]


if __name__ == "__main__":
    run_program("classic_vision", main)
