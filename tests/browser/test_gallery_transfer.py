"""Handing prints on and deleting them from the gallery, and making videos of them."""

from __future__ import annotations

import re
import shutil
import time
import zipfile

import pytest
from playwright.sync_api import Route, expect

from tests.browser.gallery import BASE, SLOW, Gallery, shelf_of
from tests.server.shelf import STARTED, keep
from tests.server.waiting import wait_until

DAY = 86_400


@pytest.fixture
def two(octoprint):
    """Two prints: `old` and `new`."""
    root = shelf_of(octoprint)
    return (
        keep(root, "old_20241201_143000", "old.gcode"),
        keep(root, "new_20241202_143000", "new.gcode", started=STARTED + DAY),
    )


def names(page, link):
    """What lies in the zip that a link downloads."""
    with page.expect_download(timeout=SLOW) as download:
        link.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        return [name.rpartition("/")[2] for name in archive.namelist()]


def pictures(found):
    return sorted(name for name in found if name.endswith(".jpg"))


def test_print_layer_position_and_dataset_are_downloaded(page, two):
    old, _ = two
    gallery = Gallery(page).show().open("old")
    whole = names(page, gallery.part("download-print"))
    assert pictures(whole) == sorted(old.pictures)
    assert "print.json" in whole
    layer = pictures(names(page, gallery.part("download-layer")))
    assert len(layer) == 3 and all("layer_0020" in name for name in layer)
    position = pictures(names(page, gallery.part("download-position")))
    assert len(position) == 2 and all("pos_01" in name for name in position)
    dataset = names(page, gallery.part("download-dataset"))
    assert len(pictures(dataset)) == 6
    assert {"metadata.jsonl", "README.md"} <= set(dataset)


def test_several_prints_are_downloaded_together(page, two):
    gallery = Gallery(page).show()
    for at in range(2):
        gallery.part("select").nth(at).check()
    expect(gallery.part("selection")).to_contain_text("2 prints selected")
    found = names(page, gallery.part("download-selected"))
    assert len(pictures(found)) == 12
    dataset = names(page, gallery.part("dataset-selected"))
    assert len(pictures(dataset)) == 12 and "metadata.jsonl" in dataset


def test_nothing_is_deleted_before_somebody_agrees(page, two):
    old, new = two
    gallery = Gallery(page).show()
    gallery.expect_covers(2)
    gallery.card("old").get_by_test_id("layercapture-select").check()
    gallery.part("delete-selected").click()
    expect(gallery.confirm).to_contain_text("Delete the pictures of old of Dec 1, 2024")
    expect(gallery.part("keep")).to_be_focused()
    page.keyboard.press("Escape")
    expect(gallery.confirm).to_be_hidden()
    expect(gallery.cards).to_have_count(2)
    gallery.part("delete-selected").click()
    gallery.part("keep").click()
    expect(gallery.cards).to_have_count(2)
    assert gallery.asked_for("DELETE") == []

    gallery.part("delete-selected").click()
    gallery.agree()
    expect(gallery.part("card-name")).to_have_text(["new"])
    expect(gallery.part("selection")).to_be_hidden()
    wait_until(lambda: not old.folder.exists(), "the print is deleted")
    assert new.folder.exists()


def test_a_print_that_is_being_deleted_is_not_asked_for(page, two, octoprint):
    old, _ = two
    gallery = Gallery(page).show()
    gallery.expect_covers(2)
    gallery.open("old")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "DELETE":
            held.append(route)
        else:
            route.continue_()

    page.route(f"**{BASE}/prints/{old.folder.name}", hold)
    gallery.part("delete-print").click()
    with page.expect_request(lambda request: request.method == "DELETE"):
        gallery.agree()
    expect(gallery.print).to_be_hidden()
    expect(gallery.part("card-name")).to_have_text(["new"])
    gallery.expect_covers(1)

    asked = len(gallery.asked)
    with page.expect_response(f"**{BASE}/prints?*", timeout=SLOW):
        octoprint.request("DELETE", f"{BASE}/prints/new_20241202_143000")
    expect(gallery.empty).to_be_visible()
    gallery.part("pane-live").click()
    gallery.part("pane-gallery").click()
    expect(gallery.empty).to_be_visible()
    assert not [each for each in gallery.asked[asked:] if old.folder.name in each]
    held[0].continue_()
    wait_until(lambda: not old.folder.exists(), "the print is deleted")


def test_a_print_that_could_not_be_deleted_comes_back_and_says_why(page, two, console):
    console.expect(r"status of 409")
    gallery = Gallery(page).show()
    why = {"text": "“%(name)s” is being printed.", "params": {"name": "<b>old</b>"}}
    page.route(
        f"**{BASE}/prints/old_20241201_143000",
        lambda route: route.fulfill(status=409, json={"error": "", "message": why}),
    )
    gallery.card("old").get_by_test_id("layercapture-select").check()
    gallery.part("delete-selected").click()
    gallery.agree()
    notice = page.locator(".ui-pnotify", has_text="“<b>old</b>” is being printed.")
    expect(notice).to_be_visible()
    expect(gallery.part("card-name")).to_have_text(["new", "old"])


def test_a_layer_and_a_picture_are_deleted_and_the_rest_stays(page, two, console):
    # a slow page may still be loading what is deleted
    console.expect(r"404.*/(thumbnails|files)/old_")
    old, _ = two
    gallery = Gallery(page).show().open("old")
    gallery.part("delete-layer").click()
    expect(gallery.confirm).to_contain_text("Delete all 3 pictures of layer 20?")
    gallery.agree()
    gallery.expect_picture("layer_0010_pos_01")
    expect(gallery.part("slider")).to_have_attribute("max", "0")

    gallery.part("stage").click()
    gallery.part("delete-picture").click()
    expect(gallery.confirm).to_contain_text("layer 10, position 1")
    gallery.agree()
    expect(gallery.part("missing")).to_have_text(
        "There is no picture of this position at this layer."
    )
    left = sorted(path.name for path in old.folder.glob("*.jpg"))
    assert len(left) == 2 and all("layer_0010" in name for name in left)
    assert not any("pos_01" in name for name in left)


def test_videos_are_made_and_told_of(page, octoprint):
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg, "no ffmpeg on this system"
    # a folder of its own: what was made of another stays listed
    folder = time.strftime("part_%Y%m%d_%H%M%S")
    keep(shelf_of(octoprint), folder, layers=range(1, 13))
    before = octoprint.get("/api/settings")["webcam"]["ffmpegPath"]
    octoprint.post("/api/settings", {"webcam": {"ffmpegPath": ""}})
    try:
        gallery = Gallery(page).show().open("part")
        expect(gallery.part("video-problem")).to_contain_text("Videos need FFmpeg.")
        expect(gallery.part("video-one")).to_be_hidden()

        octoprint.post("/api/settings", {"webcam": {"ffmpegPath": ffmpeg}})
        gallery.part("back").click()
        gallery.open("part")
        gallery.part("video-one").click()
        expect(gallery.part("video")).to_have_text(
            re.compile("Position 1, camera classic")
        )
        link = gallery.part("video-link")
        expect(link).to_be_visible(timeout=180_000)
        with page.expect_download(timeout=SLOW) as download:
            link.click()
        assert download.value.path().stat().st_size > 1000
        gallery.part("video-all").click()
        expect(link).to_have_count(4, timeout=300_000)
    finally:
        octoprint.post("/api/settings", {"webcam": {"ffmpegPath": before or ""}})
        shutil.rmtree(octoprint.base / "timelapse", ignore_errors=True)
        (octoprint.base / "timelapse").mkdir()
