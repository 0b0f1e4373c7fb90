"""A module holds one thing, says what, and stays short enough to be read at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "octoprint_layercapture"
LONGEST = 400  # lines, unless the first lines say why ("Long, …")
MODULES = sorted(PACKAGE.rglob("*.py"))
SUPPORT = [p for p in sorted((ROOT / "tests").rglob("*.py")) if p.stem[:5] != "test_"]
SCREENS = [*(PACKAGE / "static").rglob("*.js"), *(PACKAGE / "static").rglob("*.css")]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*MODULES, *SUPPORT, *SCREENS], ids=name)
def test_a_long_module_says_in_its_first_lines_why_it_is_long(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST or "Long, " in "\n".join(lines[:12])


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_first_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    assert not text or ast.get_docstring(ast.parse(text))
