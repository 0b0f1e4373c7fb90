"""What docs/architecture.md shows to be added by touching one file works as it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.environments import PACKAGE, ROOT
from tests.packaging import building

PAGE = ROOT / "docs" / "architecture.md"
RECIPES = re.findall(r"(?ms)^```diff\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("recipe", RECIPES, ids=["trigger", "marker"])
def test_a_recipe_touches_one_file_and_its_test_which_then_passes(
    recipe: str, tmp_path: Path
) -> None:
    touched = re.findall(r"(?m)^\+\+\+ b/(.*)$", recipe)
    code = [path for path in touched if path.startswith(PACKAGE)]
    tests = [path for path in touched if path.startswith("tests/")]
    assert (len(code), len(tests)) == (1, 1) and len(touched) == 2
    added = [line for line in recipe.splitlines() if re.match(r"\+(?!\+\+ )\s*\S", line)]
    assert len(added) <= 10
    source = building.clone(tmp_path / "source")
    (tmp_path / "recipe.diff").write_text(recipe, encoding="utf-8")
    building.run("git", "apply", "--verbose", tmp_path / "recipe.diff", cwd=source)
    building.run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests[0]),
        cwd=source,
    )
    building.run("git", "apply", "--reverse", tmp_path / "recipe.diff", cwd=source)
