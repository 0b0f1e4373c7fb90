"""Imports run one way: from the plugin class down to the rooms, never back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import octoprint_layercapture

PACKAGE = Path(octoprint_layercapture.__file__).parent
ROOMS = ("gcode", "capture", "cameras", "library")
# What each room may use of the package beside itself: names of rooms mean what they
# export, not their insides.
ALLOWED = {
    "gcode": set(),
    "capture": {"gcode", "messages"},
    "cameras": {"gcode", "hands", "messages"},
    "library": {"hands", "messages"},
}
PURE = ("gcode", "capture")
FRAMEWORKS = {"octoprint", "flask", "tornado", "PIL", "requests"}
SERVER = {"octoprint.server", "octoprint.plugin", "flask", "tornado"}
ABOVE = {
    "web": {"plugin"},
    "jobs": {"plugin", "web", "printing", "reports", "comm"},
    "pictures": {"plugin", "web", "printing", "reports", "comm", "jobs"},
    "printer": {"plugin", "web", "printing", "reports", "comm", "jobs", "pictures"},
    "indexer": {"plugin", "web", "printing", "reports", "comm", "jobs", "pictures"},
    "config": {"plugin", "web", "printing", "reports", "comm", "jobs", "pictures"},
}


def modules(part: str) -> Iterator[Path]:
    single = PACKAGE / f"{part}.py"
    if single.is_file():
        yield single
    else:
        yield from sorted((PACKAGE / part).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Everything a module imports, by full dotted name."""
    parents = ["octoprint_layercapture", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{module}.{alias.name}"


def within(path: Path) -> list[list[str]]:
    """The parts behind the package's name of what a module imports of the package."""
    names = [name.split(".") for name in imported(path)]
    return [name[1:] for name in names if name[0] == "octoprint_layercapture"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_only_the_rooms_on_its_left(room):
    for path in modules(room):
        for parts in within(path):
            assert parts[0] == room or parts[0] in ALLOWED[room], (path.name, parts)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_nothing_of_the_insides_of_another(room):
    for path in modules(room):
        for parts in within(path):
            if parts[0] != room and parts[0] in ROOMS:
                inside = PACKAGE / parts[0] / f"{parts[1]}.py"
                assert len(parts) == 2 and not inside.exists(), (path.name, parts)


@pytest.mark.parametrize("room", PURE)
def test_what_is_pure_needs_no_framework(room):
    for path in modules(room):
        used = {name.split(".")[0] for name in imported(path)}
        assert not used & FRAMEWORKS, path.name


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_knows_the_server(room):
    for path in modules(room):
        for name in imported(path):
            assert not any((name + ".").startswith(s + ".") for s in SERVER), path.name


@pytest.mark.parametrize("part", ABOVE)
def test_nothing_reaches_back_up(part):
    for path in modules(part):
        for parts in within(path):
            assert parts[0] not in ABOVE[part], (path.name, parts)


def test_only_the_package_itself_names_the_plugin_class():
    users = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if any(parts[0] == "plugin" for parts in within(path))
    ]
    assert users == ["__init__.py"]
