"""A wheel holds every file of the packages: modules are found, data matches a pattern, and types are announced."""

import configparser
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONFIG = configparser.ConfigParser()
CONFIG.read(ROOT / "setup.cfg")
PACKAGES = [name.rstrip("*") for name in CONFIG["options.packages.find"]["include"].split()]


def patterns(package):
    return [pattern.strip() for pattern in CONFIG["options.package_data"].get(package, "").split(",")]


def files(package):
    """Paths within the package, without what Python, an editor or a file manager leaves there."""
    paths = [path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*") if path.is_file()]
    return [path for path in paths if "__pycache__" not in path.parts and not path.name.startswith(".")]


def matches(path, pattern):
    """As setuptools reads a pattern: a * stands for anything within one folder."""
    parts = pattern.split("/")
    return len(parts) == len(path.parts) and all(map(fnmatch, path.parts, parts))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_left_out_of_the_wheel(package):
    for path in files(package):
        if path.suffix == ".py":
            assert (ROOT / package / path.parent / "__init__.py").is_file(), (
                f"{package}/{path.parent} needs an __init__.py"
            )
        else:
            assert any(matches(path, pattern) for pattern in patterns(package)), (
                f"{package}/{path} is not in the wheel; add it to [options.package_data] of setup.cfg"
            )


@pytest.mark.parametrize("package", CONFIG["options.package_data"])
def test_every_pattern_finds_a_file(package):
    for pattern in patterns(package):
        assert any(matches(path, pattern) for path in files(package)), f"{package}: nothing matches {pattern}"


def test_packages_are_typed_if_mypy_checks_them():
    checked = CONFIG["mypy"]["packages"].split(", ")
    typed = [package for package in PACKAGES if (ROOT / package / "py.typed").is_file()]
    assert typed == [package for package in PACKAGES if package in checked]


def test_programs_and_tests_that_only_the_sources_have_stay_out():
    assert PACKAGES == ["nnlite", "models", "stylize", "demos"]
