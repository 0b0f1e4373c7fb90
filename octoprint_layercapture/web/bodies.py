"""What a request brought along."""

from __future__ import annotations

from typing import Any

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
