"""What README and docs name is there, and what they quote is what the plugin says."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import PACKAGE, ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.name for page in PAGES]
# what stands in code and looks like a path of ours
OURS = re.compile(r"^(?:octoprint_layercapture|tests|docs|\.github)/[\w./*-]+$")
MOST_WORDS = 600


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    for block in re.findall(r"(?ms)^```\w*\n(.*?)^```$", text):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```$", "", text))


def heading_link(heading: str) -> str:
    """The link to a heading as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@functools.lru_cache(maxsize=1)
def messages() -> frozenset[str]:
    """Every text in the package that the plugin may say."""
    found = set()
    for path in (ROOT / PACKAGE).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(re.sub(r"%\(\w+\)[.\d]*[sdf]", "…", node.value))
    return frozenset(found)


def quotes() -> list[tuple[str, str]]:
    """What the tables of symptoms quote, with the page."""
    found = []
    for page in (README, ROOT / "docs" / "user-guide.md"):
        _, _, after = text_of(page).partition("\n## When something is wrong\n")
        tables = re.findall(r"(?m)^\|.*\|$", re.split(r"(?m)^## ", after)[0])
        found += [(page.name, q) for row in tables for q in re.findall("“(.+?)”", row)]
    assert {name for name, _ in found} == {"README.md", "user-guide.md"}
    return found


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_path_that_is_named_is_there(page: Path) -> None:
    missing = [
        code
        for code in code_in(text_of(page))
        if OURS.match(code) and not list(ROOT.glob(code.rstrip("/")))
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_to_something(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(page))
    for link in links:
        if re.match(r"https?:", link):
            continue
        path, _, place = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if place:
            headings = re.findall(r"(?m)^#+ (.*)$", text_of(target))
            assert place in map(heading_link, headings), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"(?m)^([a-z][a-z ]*):", makefile)
    targets = {target for rule in rules for target in rule.split()}
    named = [
        match[1]
        for code in code_in(text_of(page))
        for match in [re.match(r"make (\w+)", code.strip())]
        if match
    ]
    assert set(named) <= targets


def test_every_make_target_is_explained_where_make_help_says_them() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"(?m)^\.PHONY: (.*)$", makefile)
    explained = set(re.findall(r'@echo "make (\w+)', makefile))
    assert explained == set(phony.split()) - {"help"}


def test_the_readme_is_short_before_its_reference() -> None:
    before, reference, _ = text_of(README).partition("\n## Reference\n")
    assert reference
    words = [word for word in before.split() if re.search(r"\w", word)]
    assert len(words) <= MOST_WORDS


@pytest.mark.parametrize(("page", "quote"), quotes())
def test_what_is_quoted_of_a_symptom_is_what_the_plugin_says(
    page: str, quote: str
) -> None:
    pieces = [re.escape(piece) for piece in quote.split("…")]
    wanted = re.compile(".*".join(pieces), re.DOTALL)
    assert any(map(wanted.match, messages())), quote
