"""The ``export`` command, alone and below OctoPrint's own."""

from __future__ import annotations

import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from octoprint_layercapture.cli import main
from octoprint_layercapture.library import CaptureSettings, Catalog, Place, Store
from tests import environments

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
LAYERS, POSITIONS = (10, 20), 2


def keep(folder: Path, name: str = "part.gcode") -> Path:
    """A print with two captures of two pictures in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(Place(folder, folder), sanitize=lambda text: text)
    grid = CaptureSettings.of_grid(
        center=(100, 100), columns=2, rows=1, spacing_x=40, spacing_y=40
    )
    kept = store.begin_print(name, STARTED)
    for layer in LAYERS:
        writer = kept.begin_capture(
            layer=layer, z_height=layer / 5, started=STARTED, settings=grid
        )
        for index in range(POSITIONS):
            writer.add_picture(
                index=index,
                order=index,
                position=(80.0 + 40 * index, 100.0),
                actual=None,
                camera="a",
                jpeg=b"a picture",
                taken_at=STARTED + layer,
                width=32,
                height=24,
            )
        writer.finish()
    return folder


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["export", *map(str, arguments)])
    return result.exit_code, result.output


def pictures_in(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return [name for name in opened.namelist() if name.endswith(".jpg")]


def test_without_a_print_the_prints_are_shown_by_key(tmp_path):
    folder = keep(tmp_path / "pictures")
    status, output = run("--from", folder)
    (entry,) = Catalog(
        Store(Place(folder, folder), sanitize=lambda text: text)
    ).iter_prints()
    assert status == 0
    assert output.splitlines()[-1].split()[-2:] == ["4", entry.key]
    assert run(entry.key, "--from", folder, "--to", tmp_path / "a.zip")[0] == 0
    assert len(pictures_in(tmp_path / "a.zip")) == 4


def test_an_empty_folder_says_so(tmp_path):
    assert "no prints" in run("--from", tmp_path)[1]


def test_only_what_was_asked_for_is_exported(tmp_path):
    folder = keep(tmp_path / "pictures")
    out = tmp_path / "part.zip"
    status, _ = run(
        *("--all", "--layer", 20, "--position", 1, "--camera", "a"),
        *("--from", folder, "--to", out),
    )
    assert status == 0
    (name,) = pictures_in(out)
    assert "layer_0020_pos_01" in name


def test_a_target_without_zip_is_a_folder(tmp_path):
    folder = keep(tmp_path / "pictures")
    assert run("--all", "--from", folder, "--to", tmp_path / "out")[0] == 0
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--all"], "--to"),
        (["nothing", "--to", "{tmp}/a.zip"], "There is no print “nothing”"),
        (["--all", "--layer", "7", "--to", "{tmp}/a.zip"], "no such pictures"),
        (["--all", "--to", "{tmp}/there"], "exists already"),
        (["--all", "--to", "{tmp}/missing/a.zip"], "could not be written"),
        (["--all", "--to", "{tmp}/there/a.zip/b.zip"], "could not be written"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing_behind(tmp_path, arguments, said):
    folder = keep(tmp_path / "pictures")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.zip").write_bytes(b"mine")
    before = sorted(path for path in tmp_path.rglob("*"))
    filled = [argument.format(tmp=tmp_path) for argument in arguments]
    status, output = run(*filled, "--from", folder)
    assert status != 0
    assert said in output
    assert "Traceback" not in output
    assert sorted(path for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("elsewhere", [False, True])
def test_octoprints_command_line_finds_the_pictures(
    octoprint_version, tmp_path, elsewhere
):
    environments.ensure([octoprint_version])
    base = tmp_path / "base"
    base.mkdir()
    folder = tmp_path / "disk" if elsewhere else base / "uploads" / "layercapture"
    keep(folder)
    if elsewhere:
        (base / "config.yaml").write_text(
            f"plugins: {{layercapture: {{files: {{folder: '{folder}'}}}}}}"
        )
    out = tmp_path / "out.zip"
    done = subprocess.run(
        [
            *(environments.executable(octoprint_version, "octoprint"), "-b", base),
            *("plugins", "layercapture:export", "--all", "--dataset", "--to", out),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=environments.environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pictures_in(out)) == 4
