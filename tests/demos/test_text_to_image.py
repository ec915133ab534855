"""Scenes with captions, the network that reads them, and demos/text_to_image.py: what it judges, draws and refuses."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

import nnlite
from demos import text_to_image as demo
from demos.shared import scene_reader, scenes
from demos.shared.scene_reader import SceneReader, compare, labelled
from demos.shared.scenes import COLOURS, COUNTS, NEW_GROUPS, SIZES, WORDS, Group, Scene, encode, near_miss, split_scenes
from models.text_to_image import TextGenerator
from stylize import read_image

from .runner import call_here, refused

PARTS = split_scenes()
ALL = [scene for part in PARTS for scene in part]


@pytest.fixture(autouse=True)
def seed():
    nnlite.manual_seed(0)


# Scenes


def test_a_caption_reads_as_one_would_say_it():
    scene = Scene(0, Group(2, 0, 0), Group(0, 2, 1))
    assert scene.captions() == ("three red circles above a blue square", "a blue square below three red circles")
    beside = Scene(1, Group(1, 1, 2), Group(0, 3, 0))
    assert beside.captions()[1] == "a yellow circle right of two green triangles"


def test_each_caption_names_one_scene():
    captions = [caption for scene in ALL for caption in scene.captions()]
    assert len(ALL) == len(set(ALL)) == np.prod(SIZES) and len(set(captions)) == 2 * len(ALL)
    assert all(scenes.scene_of(caption) == scene for scene in ALL[::50] for caption in scene.captions())
    assert scenes.scene_of("A  red circle ABOVE a blue square") and scenes.scene_of("a red circle") is None
    assert all(Scene.of(scene.attributes()) == scene for scene in ALL[::50])


def test_what_is_kept_out_of_training_is_new_and_its_words_are_not():
    seen = {group for scene in PARTS.seen for group in (scene.first, scene.second)}
    assert not seen & set(NEW_GROUPS)
    assert all(scene.first in seen and scene.second in seen for scene in PARTS.new_pair)
    assert all({scene.first, scene.second} & set(NEW_GROUPS) for scene in PARTS.new_group)
    words = Counter(word for scene in PARTS.seen for caption in scene.captions() for word in caption.split())
    assert set(words) == set(WORDS) - {""} and min(words.values()) > 100
    assert len(PARTS.new_pair) / (len(PARTS.new_pair) + len(PARTS.seen)) == pytest.approx(scenes.NEW_PAIRS, abs=0.03)


def test_a_near_miss_differs_in_one_attribute_and_is_known():
    rng, seen = np.random.default_rng(0), set(PARTS.seen)
    changed = Counter()
    for scene in PARTS.seen[::10]:
        other = near_miss(scene, rng)
        (where,) = np.flatnonzero(scene.attributes() != other.attributes())
        changed[int(where)] += 1
        assert other in seen
    assert set(changed) == set(range(len(SIZES)))


def test_pictures_show_what_the_caption_says():
    """Connected patches of ink: how many there are, their colours, and in which half they lie."""
    rng = np.random.default_rng(0)
    names, values = list(COLOURS), np.array(list(COLOURS.values()))
    for scene in ALL[::29]:
        picture = scenes.draw(scene, rng)
        ink = np.abs(picture.astype(int) - scenes.PAPER).max(2) > 140
        count, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=4)
        found = [Counter(), Counter()]
        for patch in range(1, count):
            rows, columns = np.nonzero(labels == patch)
            half = int((rows if scene.place == 0 else columns).mean() > scenes.SIDE / 2)
            colour = np.median(picture[rows, columns], axis=0)
            found[half][names[np.linalg.norm(values - colour, axis=1).argmin()]] += 1
        expected = [Counter({names[group.colour]: group.count + 1}) for group in (scene.first, scene.second)]
        assert found == expected, scene.captions()[0]


def test_encoded_captions_can_be_read_back():
    captions = ["two red squares left of a green circle", "A blue triangle below a red circle"]
    codes = encode(captions)
    assert codes.shape == (2, scenes.LONGEST) and codes.dtype == np.int64
    assert [" ".join(WORDS[code] for code in row if code) for row in codes] == [text.lower() for text in captions]


# Reading and judging


def test_the_reader_learns_and_reads_whole_scenes():
    loader = nnlite.DataLoader(ALL[:4], 4, seed=0, transform=labelled)
    reader = SceneReader(width=2)
    losses = [float(reader.train_step(*batch)["loss"]) for batch, _ in zip(loader.batches(), range(30), strict=False)]
    assert losses[0] == pytest.approx(sum(np.log(SIZES)), abs=1.5) and losses[-1] < 0.3 * losses[0]
    read = reader.read(next(loader.batches())[0].numpy())
    assert read.shape == (4, len(SIZES)) and (read < SIZES).all()


def test_shares_of_attributes_and_of_whole_scenes():
    read = np.stack([scene.attributes() for scene in ALL[:4]])
    read[0, 3] += 1
    read[1, :2] += 1
    assert compare(read, ALL[:4]) == {"exact": 0.5, "attributes": 25 / 28}


def test_memory_knows_what_was_seen_and_nothing_else(monkeypatch):
    """A reader that is never wrong, on 'pictures' that are the attributes themselves."""

    class Exact:
        def read(self, images, device):
            return images

    monkeypatch.setattr(demo, "JUDGED", 40)
    monkeypatch.setattr(demo, "pictures_of", lambda some, seed: np.stack([scene.attributes() for scene in some]))
    monkeypatch.setattr(
        demo, "generate", lambda _, captions, *__, **___: demo.pictures_of(map(scenes.scene_of, captions), 0)
    )
    figures = demo.judge(None, Exact(), "cpu")
    assert all(figures[kind][source]["exact"] == 1.0 for kind in demo.KINDS for source in ("generated", "real"))
    assert figures["seen"]["nearest"]["exact"] == 1.0
    for kind in ("new_pair", "new_group"):
        assert figures[kind]["nearest"]["exact"] == 0.0 and figures[kind]["nearest"]["attributes"] > 0.75


# The program


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A generator as a run saves it, which has learnt nothing."""
    path = tmp_path_factory.mktemp("run") / "generator.safetensors"
    state = TextGenerator(len(WORDS), scenes.LONGEST, 3, 2).state_dict()
    nnlite.save(state, path, {"text_to_image": json.dumps({"latent": 3, "width": 2})})
    return path


def test_a_short_run_judges_and_draws(tmp_path, monkeypatch):
    for module, name, value in (
        (scene_reader, "BATCH", 4),
        (demo, "JUDGED", 6),
        (demo, "SHOWN", 1),
        (demo, "DRAWN", 3),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr("demos.shared.run.draw_record", lambda *_: None)  # it is slow, and the same for all demos
    monkeypatch.setattr(demo, "train_reader", lambda seed, device: scene_reader.train_reader(seed, device, steps=2))
    monkeypatch.setattr(
        "sys.argv", ["text_to_image", "--steps", "2", "--batch", "3", "--width", "2", "--out", str(tmp_path)]
    )
    assert demo.main() == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert all(set(figures[kind]) == {"generated", "real", "nearest"} for kind in demo.KINDS)
    for picture in ("captions.png", "between.png", "samples/step-000002.png"):
        assert read_image(tmp_path / picture).std() > 5, picture


@pytest.mark.parametrize("caption", ["three green circles above a red square", "circles red"])
def test_draws_a_caption(caption, weights, tmp_path):
    out = tmp_path / "drawn.png"
    status, stdout, stderr = call_here("draw", caption, "--model", weights, "--out", out, demo="text_to_image")
    assert status == 0, stderr
    assert read_image(out).shape[0] == demo.ENLARGED * scenes.SIDE
    assert ("new group" if "green" in caption else "COUNT COLOUR SHAPE PLACE") in stdout


@pytest.mark.parametrize(
    ("caption", "wanted"),
    [
        ("two purple circles above a red square", "unknown word 'purple'"),
        ("a " * 9, "a caption has 1 to 8 words"),
        ("", "a caption has 1 to 8 words"),
    ],
)
def test_captions_that_it_cannot_read(caption, wanted, weights, tmp_path):
    line = refused("draw", caption, "--model", weights, "--out", tmp_path / "out.png", demo="text_to_image")
    assert wanted in line and not list(tmp_path.iterdir())
    assert "purple" not in caption or all(word in line for word in [*COUNTS, *COLOURS, "triangles", "above"])


def test_weights_of_something_else_are_refused(weights, tmp_path):
    nnlite.save({"w": nnlite.zeros(2)}, tmp_path / "other.safetensors")
    line = refused(
        "draw", "a", "--model", tmp_path / "other.safetensors", "--out", tmp_path / "o.png", demo="text_to_image"
    )
    assert "it has no text_to_image" in line
