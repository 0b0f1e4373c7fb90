"""What a request brought along: its body and its query."""

from __future__ import annotations

from typing import Any, Optional

import flask

_DEEPEST = 20  # levels; what our routes take has at most five


def json_body() -> dict[str, Any]:
    """The JSON object in the request's body; empty where there is none.

    One that is nested deeper than any of our routes needs counts as none, too.
    """
    try:
        body = flask.request.get_json(silent=True)
    except RecursionError:
        return {}
    return body if isinstance(body, dict) and not _too_deep(body) else {}


def number_in_query(name: str, least: int = 0) -> Optional[int]:
    """The whole number ``name`` of the query, None without one; 400 for what is none."""
    try:
        return whole_number(name, flask.request.args.get(name), least)
    except ValueError as error:
        flask.abort(400, description=str(error))


def whole_number(name: str, text: Optional[str], least: int = 0) -> Optional[int]:
    """What ``text`` says, None without one; raises ``ValueError`` where it is none."""
    if text is None:
        return None
    digits = text if text.isascii() and text.isdigit() and len(text) < 10 else ""
    if not digits or not least <= int(digits):
        raise ValueError(f"{name}: expected a whole number from {least}")
    return int(digits)


def page_in_query(usual: int, most: int) -> tuple[int, int]:
    """``offset`` and ``limit`` of the query; a limit above ``most`` counts as that."""
    limit = number_in_query("limit", least=1)
    return number_in_query("offset") or 0, min(limit or usual, most)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True
