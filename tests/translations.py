"""Collects every text that people see and brings the translations up to date.

Run `python -m tests.translations` after a text has changed: it rewrites `messages.pot`,
adds new texts to each language's `messages.po` with nothing behind them yet, drops those
no longer used, and compiles `messages.mo`; and again once the translations are filled in.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "octoprint_layercapture"
FOLDER = PACKAGE / "translations"
TEMPLATE = FOLDER / "messages.pot"

SOURCES = {
    "**/*.py": "python",
    "static/js/*.js": "javascript",
    "templates/*.jinja2": "jinja2",
}
# The errors' first argument is a text that the browser translates, like a Message's;
# `counted` is what the live view counts with.
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "counted": (1, 2),
    "CameraError": None,
    "FrozenCamera": None,
    "NotMeasured": None,
    "StoreError": None,
}


def languages() -> list[str]:
    """The languages that there is a folder for."""
    return sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/*.po"))


def po_file(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(path: Path, language: str | None = None) -> Catalog:
    """A catalogue from a `.po`, `.pot` or `.mo` file."""
    with open(path, "rb") as file:
        return read_mo(file) if path.suffix == ".mo" else read_po(file, locale=language)


def _texts() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Each text with the file it stands in; one with a plural as a tuple."""
    for pattern, method in SOURCES.items():
        for path in sorted(PACKAGE.glob(pattern)):
            options = {"encoding": "utf-8"}
            found = extract(method, io.BytesIO(path.read_bytes()), KEYWORDS, (), options)
            for _line, text, _comments, _context in found:
                if text:
                    yield path.relative_to(ROOT).as_posix(), text


def collect() -> Catalog:
    """All texts of templates, JavaScript and Python, by the files they stand in."""
    catalog = Catalog(
        project="OctoPrint-LayerCapture",
        version="",
        copyright_holder="The Layer Capture authors",
        msgid_bugs_address="https://github.com/example/OctoPrint-LayerCapture/issues",
        charset="utf-8",
    )
    for file, text in _texts():
        catalog.add(text, locations=[(file, 0)])
    return catalog


def ids(catalog: Catalog) -> set[str | tuple[str, ...]]:
    """The texts of a catalogue, a text with a plural as a tuple; not its header."""
    return set(translations(catalog))


def translations(catalog: Catalog) -> dict[str | tuple[str, ...], tuple[str, ...]]:
    """What stands behind each text of a catalogue, in all its plural forms."""
    return {
        tuple(message.id) if message.pluralizable else message.id: strings(message)
        for message in catalog
        if message.id
    }


def _write(catalog: Catalog, path: Path) -> None:
    with open(path, "wb") as file:
        write_po(
            file,
            catalog,
            width=90,
            sort_output=True,
            include_lineno=False,
            ignore_obsolete=True,
        )


def update() -> list[str]:
    """Rewrite everything; the texts that some language has no translation for."""
    template = collect()
    if TEMPLATE.exists():
        before = read(TEMPLATE)
        if ids(before) == ids(template):
            template.creation_date = before.creation_date
    _write(template, TEMPLATE)
    missing = []
    for language in languages():
        catalog = read(po_file(language), language)
        catalog.update(template, no_fuzzy_matching=True)
        _write(catalog, po_file(language))
        with open(po_file(language).with_suffix(".mo"), "wb") as file:
            write_mo(file, catalog)
        missing += [
            f"{language}: {message.id}"
            for message in catalog
            if message.id and not all(strings(message))
        ]
    return missing


def strings(message: Message) -> tuple[str, ...]:
    """A message's translation, in all its plural forms."""
    found = message.string
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)


if __name__ == "__main__":
    for line in update():
        print("not translated:", line)
