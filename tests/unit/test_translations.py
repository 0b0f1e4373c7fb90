"""Every text is translated, and what is committed is what the sources say."""

from __future__ import annotations

import ast
import re

import pytest

from tests import translations

RENEW = "run python -m tests.translations"
LANGUAGES = translations.languages()

PLACEHOLDER = re.compile(r"%\(\w+\)[-+ 0]*[\d.]*[a-z]|%%")


def test_german_is_there():
    assert "de" in LANGUAGES


def test_template_has_exactly_the_texts_of_the_sources():
    listed = translations.ids(translations.read(translations.TEMPLATE))
    assert listed == translations.ids(translations.collect()), RENEW


def test_texts_are_found_in_each_kind_of_source():
    found = {
        location.rpartition(".")[2]
        for message in translations.collect()
        for location, _line in message.locations
    }
    assert found == {"py", "js", "jinja2"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_has_exactly_the_texts_of_the_template(language):
    catalog = translations.read(translations.po_file(language), language)
    template = translations.read(translations.TEMPLATE)
    assert translations.ids(catalog) == translations.ids(template), RENEW


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language):
    catalog = translations.read(translations.po_file(language), language)
    missing = [
        message.id
        for message in catalog
        if message.id and (message.fuzzy or not all(translations.strings(message)))
    ]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_places_of_their_texts(language):
    catalog = translations.read(translations.po_file(language), language)
    for message in catalog:
        if not message.id:
            continue
        texts = message.id if message.pluralizable else (message.id,)
        wanted = [set(PLACEHOLDER.findall(text)) for text in texts]
        for string in translations.strings(message):
            assert set(PLACEHOLDER.findall(string)) in wanted, string


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_translations_are_up_to_date(language):
    source = translations.po_file(language)
    compiled = translations.read(source.with_suffix(".mo"))
    wanted = translations.translations(translations.read(source, language))
    assert translations.translations(compiled) == wanted, RENEW


def test_no_text_with_a_place_is_overlooked():
    """A text handed to a function that is not listed in KEYWORDS is never translated."""
    found = set()
    for path in translations.PACKAGE.glob("static/js/*.js"):
        source = path.read_text(encoding="utf-8")
        found |= {text for text in re.findall(r'"([^"\n]*)"', source) if "%(" in text}
    for path in translations.PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        explained = {node.value for node in nodes if isinstance(node, ast.Expr)}
        found |= {
            node.value
            for node in nodes
            if isinstance(node, ast.Constant)
            and node not in explained
            and isinstance(node.value, str)
            and PLACEHOLDER.search(node.value.replace("%%", ""))
        }
    collected = {
        part
        for text in translations.ids(translations.collect())
        for part in (text if isinstance(text, tuple) else (text,))
    }
    assert len(found) > 100
    assert sorted(found - collected) == []


def test_every_message_in_python_is_marked_for_translation():
    """``Message("…")`` would reach the browser without ever being translated."""
    unmarked = [
        f"{path.name}:{node.lineno}"
        for path in translations.PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Message"
        and node.args
        and isinstance(node.args[0], (ast.Constant, ast.JoinedStr, ast.BinOp))
    ]
    assert unmarked == []
