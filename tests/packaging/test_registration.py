"""The page for OctoPrint's plugin repository keeps the rules of that repository.

They are those that its own check of new plugins has: which keys there may be, and what
each of them holds.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import yaml

from tests.environments import OCTOPRINTS, ROOT

PAGE = ROOT / "docs" / "registration.md"
README = ROOT / "README.md"
ASSETS = "/assets/img/plugins/layercapture/"

REQUIRED = {
    "layout",
    "id",
    "title",
    "description",
    "license",
    "date",
    "homepage",
    "source",
    "archive",
}
OPTIONAL = {
    "authors",
    "tags",
    "screenshots",
    "featuredimage",
    "compatibility",
    "follow_dependency_links",
    "privacypolicy",
}
SYSTEMS = {"windows", "linux", "macos", "freebsd", "posix", "nix"}
SPECIFIER = r"(?:(?:<|<=|!=|==|>=|>|~=)?\d+(?:\.\d+)*)"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    _, front, text = PAGE.read_text(encoding="utf-8").split("---\n", 2)
    assert len(text.split()) > 100, "the long description is what explains it"
    found: dict[str, Any] = yaml.safe_load(front)
    return found


def test_it_has_the_keys_that_it_must_have_and_no_others(page: dict[str, Any]) -> None:
    assert set(page) >= REQUIRED
    assert set(page) <= REQUIRED | OPTIONAL
    assert page["layout"] == "plugin"
    assert type(page["date"]) is datetime.date
    for key in ("id", "title", "description", "license"):
        assert isinstance(page[key], str) and page[key], key
    assert all(isinstance(name, str) for name in [*page["authors"], *page["tags"]])


def test_it_says_what_the_package_says(page: dict[str, Any]) -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'{page["id"]} = "octoprint_layercapture"' in project
    assert f'license = "{page["license"]}"' in project
    assert f'Homepage = "{page["homepage"]}"' in project
    assert f'Source = "{page["source"]}"' in project
    assert f'authors = [{{ name = "{page["authors"][0]}" }}]' in project


def test_its_addresses_are_secure_and_the_archive_is_the_one_of_the_readme(
    page: dict[str, Any],
) -> None:
    for key in ("homepage", "source", "archive"):
        assert page[key].startswith("https://"), key
    assert page["archive"] in README.read_text(encoding="utf-8")


def test_its_pictures_are_there(page: dict[str, Any]) -> None:
    shown = [each["url"] for each in page["screenshots"]]
    for url in (*shown, page["featuredimage"]):
        assert url.startswith(ASSETS)
        assert (ROOT / "docs" / "images" / url[len(ASSETS) :]).is_file(), url
    for each in page["screenshots"]:
        assert set(each) <= {"url", "alt", "caption"}
        assert each["alt"] and each["caption"]


def test_it_fits_the_versions_that_are_tested(page: dict[str, Any]) -> None:
    fits = page["compatibility"]
    assert set(fits) == {"octoprint", "os", "python"}
    assert set(fits["os"]) <= SYSTEMS
    for version in (*fits["octoprint"], *fits["python"].split(",")):
        assert re.fullmatch(SPECIFIER, str(version)), version
    least = tuple(map(int, str(fits["octoprint"][0]).split(".")[:2]))
    assert min(tuple(map(int, each.split(".")[:2])) for each in OCTOPRINTS) == least
    assert fits["python"] == ">=3.9,<4"
