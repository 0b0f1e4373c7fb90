"""What a user installs carries everything the plugin needs."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import environments
from tests.environments import OCTOPRINTS, PACKAGE, ROOT
from tests.packaging import building, release
from tests.packaging.building import run

DATA = ("static", "templates", "translations")
DATA_FILES = (".js", ".css", ".less", ".jinja2", ".po", ".mo", ".svg", ".png")


def in_checkout() -> set[str]:
    """The package's files as they stand in the checkout, modules and data."""
    files = (path for path in (ROOT / PACKAGE).rglob("*") if path.is_file())
    kept = (path for path in files if "__pycache__" not in path.parts)
    return {
        path.relative_to(ROOT).as_posix()
        for path in kept
        if path.suffix in (".py", *DATA_FILES)
    }


def of_package(names: Iterable[str]) -> set[str]:
    """The package's files in an archive, without the folder an archive may begin with."""
    found = set()
    for name in names:
        before, folder, rest = name.partition(f"{PACKAGE}/")
        if folder and rest and before.count("/") <= 1 and not name.endswith("/"):
            found.add(folder + rest)
    return found


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return building.clone(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return building.wheel(source, tmp_path_factory.mktemp("wheel"))


def test_wheel_carries_modules_templates_static_files_and_translations(
    wheel: Path,
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert of_package(names) >= in_checkout()
    for folder in DATA:
        assert any(name.startswith(f"{PACKAGE}/{folder}/") for name in names), folder


def test_wheel_holds_nothing_beside_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {PACKAGE}


def test_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {n.split("/")[0] for n in archive.namelist() if ".dist-info" in n}
        metadata = archive.read(f"{info}/METADATA").decode("utf-8")
        entry_points = archive.read(f"{info}/entry_points.txt").decode("utf-8")
        licence = archive.read(f"{info}/licenses/LICENSE").decode("utf-8")
    assert "\nName: OctoPrint-LayerCapture\n" in metadata
    assert "\nVersion: 0.1.0\n" in metadata
    assert "\nRequires-Python: <4,>=3.9\n" in metadata
    assert "octoprint.plugin" in entry_points
    assert "layercapture = octoprint_layercapture" in entry_points
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in licence


def test_a_release_hands_out_wheel_source_distribution_and_zip(tmp_path: Path) -> None:
    number = release.version()
    made = {path.name: path for path in release.build(tmp_path / "dist")}
    sdist = f"octoprint_layercapture-{number}.tar.gz"
    archive = f"OctoPrint-LayerCapture-{number}.zip"
    assert set(made) == {
        sdist,
        archive,
        f"octoprint_layercapture-{number}-py3-none-any.whl",
    }
    with tarfile.open(made[sdist]) as opened:
        names = opened.getnames()
    assert of_package(names) >= in_checkout()
    tops = {name.split("/")[1] for name in names if "/" in name}
    assert tops >= {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "setup.py"}
    with zipfile.ZipFile(made[archive]) as opened_zip:
        names = opened_zip.namelist()
    assert of_package(names) >= in_checkout()
    assert {name.split("/")[0] for name in names} == {building.TOP}


@pytest.mark.parametrize("version", OCTOPRINTS)
def test_plugin_is_found_where_it_was_installed(version: str) -> None:
    environments.ensure([version])
    find = (
        "import importlib.metadata as m, importlib.util as u;"
        "d = m.distribution('OctoPrint-LayerCapture');"
        "print([e.value for e in d.entry_points if e.group == 'octoprint.plugin']);"
        "print(u.find_spec('octoprint_layercapture').origin)"
    )
    python = environments.executable(version)
    entry, origin = run(python, "-I", "-c", find).splitlines()
    assert entry == "['octoprint_layercapture']"
    assert Path(origin).is_relative_to(environments.directory(version))
