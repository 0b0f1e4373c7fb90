"""States as the server tells them, for tests that need one they cannot bring about."""

from __future__ import annotations

from itertools import count
from typing import Any

import fastjsonschema
from playwright.sync_api import Page

from tests.contract import Contract

_STATE = fastjsonschema.compile(dict(Contract().schemas())["State"])

SESSION = "first"
TELL = """(state) =>
    OctoPrint.coreui.viewmodels.layerCaptureTabViewModel
        .onDataUpdaterPluginMessage("layercapture", {event: "state", ...state})"""

_sessions = count()


def tell(page: Page, state: dict[str, Any]) -> None:
    """Let the page hear of a state as if its server told it."""
    page.evaluate(TELL, {**state, "session": f"told-{next(_sessions)}"})


def sentence(text: str, **params: Any) -> dict[str, Any]:
    return {"text": text, "params": params}


def state(revision: int = 1, session: str = SESSION, **parts: Any) -> dict[str, Any]:
    """The state of an idle server, with other parts; held against the contract."""
    told = {
        **{"revision": revision, "session": session, "enabled": True, "state": "idle"},
        **{"advice": None, "job": None, "capture": None, "board": None, "totals": None},
        **{"last": None, "suspended": None, "indexing": None, "welcome": None},
        **parts,
    }
    _STATE(told)
    return told


def job(**parts: Any) -> dict[str, Any]:
    """A print of 24 layers, of which two are due."""
    return {
        **{"file": "box.gcode", "layers_total": 24, "layers": [10, 20], "positions": 9},
        **{"cameras": ["front"], "expected": None, "asked": None, "current": None},
        **{"done": [], "failed": [], "missed": [], "left_out": [], "next": None},
        **parts,
    }


def capture(**parts: Any) -> dict[str, Any]:
    """A capture of layer 20 that waits for a picture."""
    return {
        **{"layer": 20, "z": 4.0, "step": "expose", "visited": 4, "total": 9, "index": 4},
        "waits_for": sentence("Waiting."),
        **parts,
    }


def board(
    columns: int = 3, rows: int = 3, cameras: tuple[str, ...] = ("front",), **parts: Any
) -> dict[str, Any]:
    """A grid without pictures."""
    return {
        **{"capture_id": "one", "layer": 20, "z": 4.0, "key": "box_1"},
        "cameras": list(cameras),
        "positions": [
            {"index": row * columns + column, "x": column * 20, "y": row * 20}
            | {"refused": None}
            for row in range(rows)
            for column in range(columns)
        ],
        **{"pictures": [], "failures": [], **parts},
    }


def pictures(count: int, camera: str = "front") -> list[dict[str, Any]]:
    """The first pictures of a board."""
    return [
        {"index": index, "camera": camera, "name": f"{camera}_{index}.jpg"}
        for index in range(count)
    ]
