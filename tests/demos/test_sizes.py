"""Every demo refuses numbers that are too large for any machine, in one line that gives the limit."""

import importlib
import math
import sys
from functools import cache, partial
from pathlib import Path

import pytest

import demos
from demos.__main__ import DEMOS
from demos.shared.options import Options
from demos.shared.weights import shapes
from models.cyclegan import ResNetGenerator
from models.dcgan import Discriminator, Generator
from models.detection import FasterRCNN
from models.gan import DenseDiscriminator, DenseGenerator
from models.segmentation import SegmentationUNet
from models.srgan import SRResNet
from models.stylegan import StyleGenerator

from .runner import refused

NOT_TRAINED = ("slide", "look_inside", "classic_vision")  # their options are not numbers
TRAINED = [name for name, _, _ in DEMOS if name not in NOT_TRAINED]


class Caught(Exception):
    """Carries the parser out of a demo."""


@cache
def parser_of(demo):
    """The parser that a demo makes, just before it would read its options."""

    def caught(self, arguments=None):
        raise Caught(self)

    package = (Path(demos.__file__).parent / demo).is_dir()
    module = importlib.import_module(f"demos.{demo}.__main__" if package else f"demos.{demo}")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Caught) as found:
        patch.setattr(Options, "settle", caught)
        patch.setattr(sys, "argv", [demo])
        module.main()
    return found.value.args[0]


def numbers(demo):
    """The numbers that a demo takes, and the first and last value of each."""
    options = parser_of(demo).computed.items()
    return {name: (o.least, o.most) for name, o in options if type(o.default) in (int, float) and not o.choices}


@pytest.mark.parametrize("demo", TRAINED)
def test_every_number_has_a_limit_that_the_message_gives(demo, tmp_path):
    found = numbers(demo)
    assert {"steps", "seed"} <= found.keys()
    for name, (_, most) in found.items():
        if name not in ("label_low", "label_high", "side"):  # whose limits are said together with what they are for
            assert math.isfinite(most), f"--{name.replace('_', '-')} takes any size"
            wanted = f"must be at most {most}"
        else:
            wanted = "expected .7 <= low" if "label" in name else "use at most 24"
        too_much = 10**30 if isinstance(parser_of(demo).computed[name].default, int) else 1e300
        line = refused(f"--{name.replace('_', '-')}", too_much, "--out", tmp_path / "out", "--device", "cpu", demo=demo)
        assert wanted in line and not list((tmp_path / "out").glob("*.safetensors"))


@pytest.mark.parametrize("demo", TRAINED)
@pytest.mark.parametrize("text", ["1e9", "nan", "inf", "0x10", "", "9" * 5000, "-1"])
def test_impossible_numbers_of_steps(demo, text, tmp_path):
    line = refused(f"--steps={text}", "--out", tmp_path, "--device", "cpu", demo=demo)
    assert "--steps" in line and ("invalid int value" in line or "must be at least 1, got -1" in line)


# The networks at all of their limits at once

LARGEST = {
    "gan generator": ("gan", partial(DenseGenerator, classes=10), ("width", "latent")),
    "gan discriminator": ("gan", partial(DenseDiscriminator, classes=10), ("width",)),
    "dcgan generator": ("dcgan", partial(Generator, 64, 3), ("width", "latent")),
    "dcgan discriminator": ("dcgan", partial(Discriminator, 64, 3), ("width",)),
    "stylegan": ("stylegan", StyleGenerator, ("width", "latent")),
    "cyclegan": ("cyclegan", partial(ResNetGenerator, levels=1), ("width", "blocks")),
    "super-resolution": ("super_resolution", SRResNet, ("width", "blocks")),
    "segmentation": ("segment", SegmentationUNet, ("width",)),
    "detection": ("detect", partial(FasterRCNN, 10), ("width",)),
}


@pytest.mark.parametrize("network", LARGEST)
def test_the_largest_network_that_is_taken_fits_in_memory(network):
    """Weights, gradients and Adam's two moments; that of the limits times ten would not."""
    demo, build, names = LARGEST[network]
    options = {name: numbers(demo)[name][1] for name in names}
    count = sum(math.prod(shape) for shape in shapes(build, options).values())
    assert 16 * count < 4e9, f"{network} takes {16 * count / 1e9:.1f} GB"


TOGETHER = [
    ("dcgan", ("--batch", 8000, "--width", 256)),
    ("stylegan", ("--batch", 8000, "--width", 256)),
    ("wgan", ("--batch", 1600, "--width", 256)),
    ("sagan", ("--batch", 8000, "--width", 256)),
    ("segment", ("--batch", 1000, "--width", 128)),
    ("text_to_image", ("--batch", 1000, "--width", 256)),
    ("plates", ("--batch", 1000, "--width", 128)),
    ("detect", ("--batch", 1000, "--width", 128)),
    ("depth", ("--batch", 8000, "--width", 128)),
    ("cyclegan", ("--batch", 256, "--size", 1024, "--width", 128)),
    ("super_resolution", ("--batch", 64, "--crop", 128, "--width", 256, "--blocks", 64)),
    ("cartoonize", ("--batch", 1000, "--size", 2048)),
    ("translate", ("--batch", 1000, "--size", 2048)),
    ("ablation", ("--batch", 1000, "--size", 2048)),
]


@pytest.mark.parametrize(("demo", "sizes"), TOGETHER)
def test_sizes_that_are_too_large_together(demo, sizes, tmp_path):
    line = refused(*sizes, "--out", tmp_path / "out", "--device", "cpu", demo=demo)
    assert "take too much memory together" in line and "make one of them smaller" in line
    assert all(f"{flag} {size}" in line for flag, size in zip(sizes[::2], sizes[1::2], strict=True))
    assert not list((tmp_path / "out").glob("*.safetensors"))
