"""States and messages that overtake each other leave the right state behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import octoprint
import pytest
from playwright.sync_api import Browser, Page

import octoprint_layercapture
from tests.browser import told

OCTOPRINT = Path(octoprint.__file__).parent / "static" / "js" / "lib"
OURS = Path(octoprint_layercapture.__file__).parent / "static" / "js"

FOLLOW = """(said) => {
    let last = null;
    const feed = new LayerCaptureFeed((state) => { last = state; });
    said.forEach((each) => each.event ? feed.piece(each) : feed.whole(each));
    return last;
}"""


def picture(revision: int, index: int, session: str = told.SESSION) -> dict[str, Any]:
    return {
        **{"event": "picture_saved", "revision": revision, "session": session},
        **{"capture_id": "one", "index": index, "camera": "front", "key": "box_1"},
        "name": f"front_{index}.jpg",
    }


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A page with nothing but the feed and OctoPrint's lodash."""
    page = chromium.new_page()
    for script in (OCTOPRINT / "lodash.min.js", OURS / "layercapture_live_feed.js"):
        page.add_script_tag(path=script)
    yield page
    page.close()


@pytest.fixture
def follow(page: Page):
    def follow(*said: dict[str, Any]) -> Any:
        return page.evaluate(FOLLOW, json.loads(json.dumps(said)))

    return follow


def indices(state: Any) -> list[int]:
    return sorted(each["index"] for each in state["board"]["pictures"])


def test_pieces_are_added_to_the_state(follow):
    last = follow(told.state(1, board=told.board()), picture(2, 0), picture(3, 1))
    assert indices(last) == [0, 1]


def test_pieces_that_come_before_their_state_are_not_lost(follow):
    last = follow(picture(3, 1), told.state(2, board=told.board()), picture(4, 2))
    assert indices(last) == [1, 2]


def test_pieces_that_overtake_each_other_all_count(follow):
    last = follow(told.state(1, board=told.board()), picture(3, 1), picture(2, 0))
    assert indices(last) == [0, 1]


def test_overtaken_answer_changes_nothing(follow):
    newer = told.state(5, enabled=False)
    assert follow(newer, told.state(4))["enabled"] is False
    assert follow(told.state(4), newer)["enabled"] is False


def test_answer_that_pieces_have_overtaken_gets_them_again(follow):
    empty = told.board()
    last = follow(told.state(1, board=empty), picture(3, 1), told.state(2, board=empty))
    assert indices(last) == [1]


def test_piece_that_the_state_holds_already_is_not_counted_twice(follow):
    with_one = told.board(pictures=told.pictures(1))
    assert indices(follow(told.state(1, board=with_one), picture(2, 0))) == [0]
    assert indices(follow(told.state(3, board=with_one), picture(2, 5))) == [0]


def test_server_that_was_restarted_counts_from_one(follow):
    last = follow(
        told.state(500, board=told.board()),
        picture(501, 3),
        told.state(2, "second", board=told.board()),
        picture(3, 1, "second"),
    )
    assert indices(last) == [1]


def test_progress_is_kept_with_the_print(follow):
    progress = {
        **{"event": "progress", "revision": 2, "session": told.SESSION},
        **{"capture": None, "current": 12, "next": {"layer": 20, "seconds": 90}},
    }
    last = follow(told.state(1, job=told.job(), capture=told.capture()), progress)
    assert last["capture"] is None
    assert (last["job"]["current"], last["job"]["next"]["seconds"]) == (12, 90)
