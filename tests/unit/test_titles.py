"""Every setting has its field on the page, and messages call it as the page does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import octoprint_layercapture
from octoprint_layercapture import config
from octoprint_layercapture.complaints import SECRETS
from octoprint_layercapture.titles import TITLES, section, title

TEMPLATES = Path(octoprint_layercapture.__file__).parent / "templates"
PAGE = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(TEMPLATES.glob("layercapture_settings*.jinja2"))
)
SECTIONS = {"Layer Capture", *re.findall(r'section\("\w+", _\("([^"]+)"\)\)', PAGE)}
# a field of their own kind: a list to tick, and a form for each camera
BOUND = {"cameras.use": "settings.cameras.use", "cameras.details": "cameras.rows"}


def keys():
    found = []
    for group, values in config.defaults().items():
        names = values if isinstance(values, dict) else ()
        found += [f"{group}.{name}" for name in names] or [group]
    return found


def test_page_has_its_sections():
    assert SECTIONS == {
        "Layer Capture",
        "Grid",
        "Layers",
        "Cameras",
        "Motion and safety",
        "Files",
        "Video",
    }


@pytest.mark.parametrize("key", keys())
def test_every_setting_has_a_field_on_the_page(key):
    field = re.compile(
        r"\b(?:number|checkbox|checkbox_row|choice|text|secret)"
        + re.escape(f'("{key}"')
        + "|"
        + re.escape(BOUND.get(key, f"textInput: settings.{key},"))
    )
    assert field.search(PAGE)


@pytest.mark.parametrize("key", keys())
def test_messages_call_a_setting_as_the_page_does(key):
    assert f'_("{title(key)}")' in PAGE
    assert str(section(key)) in SECTIONS


def test_groups_have_a_name_and_nothing_else_has():
    groups = {key for key, value in config.defaults().items() if isinstance(value, dict)}
    assert set(TITLES) == {*keys(), *groups, "general"}


def test_secrets_are_among_the_settings():
    assert set(SECRETS) <= set(keys())
