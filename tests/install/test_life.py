"""From the first installation to the last file removed, as users do it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.install.clone import Clone
from tests.install.manager import PluginManager, served
from tests.packaging.building import EARLIER
from tests.server import captured, jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import PLUGIN, OctoPrint
from tests.server.logs import Mark
from tests.server.roles import Browser

OURS = (
    f"/plugin/{PLUGIN}/state",
    f"/plugin/{PLUGIN}/prints",
    f"/plugin/{PLUGIN}/static/css/layercapture.css",
)
LOGIN = "http://kim:s3cret%21@127.0.0.1:9/snapshot"


def restart(octoprint: OctoPrint, **options: Any) -> Mark:
    octoprint.stop()
    mark = octoprint.log.mark()
    octoprint.start(**options)
    return mark


def stored(octoprint: OctoPrint) -> dict[str, Any]:
    text = (octoprint.base / "config.yaml").read_text(encoding="utf-8")
    tree: dict[str, Any] = yaml.safe_load(text)
    return tree


def store(octoprint: OctoPrint, settings: dict[str, Any]) -> None:
    """Settings as an earlier version left them in the file."""
    tree = stored(octoprint)
    tree["plugins"][PLUGIN] = settings
    text = yaml.safe_dump(tree, default_flow_style=False)
    (octoprint.base / "config.yaml").write_text(text, encoding="utf-8")


def capture(octoprint: OctoPrint) -> list[Path]:
    """Print with the fake camera; the pictures that were added."""
    before = captured.pictures(octoprint)
    octoprint.connect()
    octoprint.print_gcode(jobs.tower(layers=2))
    return [each for each in captured.pictures(octoprint) if each not in before]


def is_there(octoprint: OctoPrint) -> bool:
    """Whether it answers and shows itself; fails where it does only some of it."""
    seen = {path: octoprint.request("GET", path).status_code == 200 for path in OURS}
    seen["page"] = PLUGIN in Browser(octoprint).request("GET", "/").text
    assert len(set(seen.values())) == 1, seen
    return seen["page"]


def warnings_about_us(octoprint: OctoPrint) -> list[str]:
    """What the log and Python's own warnings hold against us."""
    ours = re.compile(PLUGIN.replace("layer", "layer[_-]?"), re.IGNORECASE)
    logged = [str(each) for each in octoprint.log.records() if each.level != "INFO"]
    said = octoprint.output.read_text(encoding="utf-8", errors="replace").splitlines()
    warned = [line for line in said if re.search(r"Warning\b|deprecat", line, re.I)]
    return [line for line in (*logged, *warned) if ours.search(line)]


@pytest.mark.timeout(1800)
def test_installed_used_updated_switched_off_and_removed(
    bare: OctoPrint, clone: Clone, packages: Path
) -> None:
    octoprint, manager = bare, PluginManager(bare)
    octoprint.start()
    assert manager.plugin() is None

    with served(packages) as url:
        result = manager.install_url(f"{url}/before.zip")
    assert result["result"] is True, result
    restart(octoprint)
    plugin = manager.plugin()
    assert plugin is not None
    assert (plugin["enabled"], plugin["version"]) == (True, EARLIER)
    assert is_there(octoprint)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.configure(cameras={"fake": True})
    assert len(capture(octoprint)) == 2
    captured.check_whole(octoprint)

    octoprint.stop()
    kept = {**stored(octoprint)["plugins"][PLUGIN], "_config_version": 1}
    kept["cameras"] = {**kept["cameras"], "url": LOGIN}
    store(octoprint, kept)
    octoprint.start()
    (wheel,) = packages.glob("*.whl")
    result = manager.install_file(wheel)
    assert result["result"] is True, result
    assert result["needs_restart"] is True
    mark = restart(octoprint)
    plugin = manager.plugin()
    assert plugin is not None
    assert plugin["version"] == wheel.name.split("-")[1] != EARLIER
    settings = octoprint.settings()
    assert settings["layers"]["interval"] == 2
    assert (settings["grid"]["columns"], settings["grid"]["rows"]) == (2, 1)
    assert settings["cameras"]["url"] == "http://127.0.0.1:9/snapshot"
    assert settings["cameras"]["username"] == "kim"
    after = stored(octoprint)["plugins"][PLUGIN]
    assert after["_config_version"] == 2
    assert after["cameras"]["password"] == "s3cret!"
    assert "s3cret" not in after["cameras"]["url"]
    assert octoprint.log.complaints(mark) == []
    first = captured.pictures(octoprint)
    assert len(capture(octoprint)) == 2

    assert manager.switch(False)["needs_restart"] is True
    restart(octoprint)
    plugin = manager.plugin()
    assert plugin is not None and plugin["enabled"] is False
    assert not is_there(octoprint)
    assert manager.switch(True)["needs_restart"] is True
    # the same once more, as the zip that a repository hands out
    result = manager.install_file(packages / "main.zip")
    assert result["result"] is True, result
    assert clone.origin() == "main.zip"
    restart(octoprint)
    assert is_there(octoprint)
    assert octoprint.settings()["layers"]["interval"] == 2

    pictures = captured.pictures(octoprint)
    assert manager.uninstall(cleanup=True)["result"] is True
    restart(octoprint)
    assert manager.plugin() is None
    assert not is_there(octoprint)
    assert captured.pictures(octoprint) == pictures
    assert set(first) < set(pictures)
    assert clone.ours() == []
    tree = stored(octoprint)
    assert PLUGIN not in tree["plugins"]
    assert PLUGIN not in tree["plugins"]["_disabled"]
    octoprint.stop()
    left = {
        path.relative_to(octoprint.base).parts[0]
        for path in octoprint.base.rglob("*")
        if PLUGIN in path.name
    }
    assert left == {"uploads"}


@pytest.mark.timeout(900)
def test_safe_mode_runs_without_us(bare: OctoPrint, clone: Clone, packages: Path) -> None:
    clone.pip("install", "--no-deps", *packages.glob("*.whl"))
    clone.pip("uninstall", "--yes", "OctoPrint-LayerCapture")
    assert clone.ours() == []
    clone.pip("install", "--no-deps", packages / "main.zip")
    octoprint = bare
    octoprint.start()
    assert is_there(octoprint)
    assert warnings_about_us(octoprint) == []
    mark = restart(octoprint, safe=True)
    assert not is_there(octoprint)
    told = [str(record) for record in octoprint.log.records(mark)]
    assert any("Starting in SAFE MODE" in line for line in told)
    assert [line for line in told if "octoprint.plugins.layercapture" in line] == []
    assert octoprint.log.complaints(mark) == []
