"""The gallery's list of prints: what is there, in order, and in everybody's browser."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Route, expect

from tests.browser.chromium import log_in
from tests.browser.gallery import BASE, SLOW, Gallery, shelf_of
from tests.browser.screens import load
from tests.server import jobs
from tests.server.harness import PASSWORD
from tests.server.shelf import STARTED, keep

EVIL = '<img src=x onerror="window.evil=1">'
DAY = 86_400
PHONE = {"width": 400, "height": 800}


def test_without_prints_the_gallery_says_what_to_do(page, octoprint):
    gallery = Gallery(page).show()
    expect(gallery.empty).to_contain_text("There are no pictures yet.")
    expect(gallery.empty).to_contain_text("Switch Layer Capture on and print a file")
    expect(gallery.cards).to_have_count(0)


def test_prints_are_listed_newest_first_with_outcome_counts_and_size(page, octoprint):
    root = shelf_of(octoprint)
    keep(root, "old_20241201_143000", "old.gcode", outcome="failed")
    keep(root, "new_20241203_143000", "new.gcode", started=STARTED + 2 * DAY)
    keep(
        root,
        "cut_20241202_143000",
        "cut.gcode",
        started=STARTED + DAY,
        outcome="cancelled",
        missing=[(10, 1)],
    )
    gallery = Gallery(page).show()
    expect(gallery.part("card-name")).to_have_text(["new", "cut", "old"])
    expect(gallery.part("card-state")).to_have_text(["done", "cancelled", "failed"])
    counts = gallery.part("card-counts").nth(1)
    expect(counts).to_contain_text("2 layers · 5 pictures · 3 missing · ")
    expect(gallery.card("new").locator("img")).to_have_attribute(
        "src", f"{BASE}/covers/new_20241203_143000"
    )


def test_long_lists_come_in_parts(page, octoprint):
    root = shelf_of(octoprint)
    for day in range(30):
        folder = f"p{day}_202501{day + 1:02d}_120000"
        keep(root, folder, f"p{day}.gcode", layers=[1], columns=1)
    gallery = Gallery(page).show()
    expect(gallery.cards).to_have_count(24)
    expect(gallery.part("more")).to_have_text("Show more (6)")
    gallery.part("more").click()
    expect(gallery.cards).to_have_count(30)
    expect(gallery.part("more")).to_be_hidden()
    gallery.cards.last.scroll_into_view_if_needed()
    expect(gallery.card("p0").locator("img")).to_have_count(1)
    assert gallery.counts()["gallery"] <= 60


def test_an_answer_that_does_not_come_is_said_and_asked_for_again(
    page, octoprint, console
):
    console.expect("plugin/layercapture/prints")
    keep(shelf_of(octoprint))
    page.route(f"**{BASE}/prints?*", lambda route: route.abort())
    gallery = Gallery(page)
    page.locator("#tab_plugin_layercapture_link a").evaluate("link => link.click()")
    gallery.part("pane-gallery").click()
    problem = gallery.part("list-problem")
    expect(problem).to_contain_text("The server did not answer.")
    page.unroute(f"**{BASE}/prints?*")
    problem.get_by_role("button").click()
    expect(gallery.cards).to_have_count(1)
    expect(problem).to_be_hidden()


def test_a_late_answer_to_an_earlier_question_changes_nothing(page, octoprint):
    root = shelf_of(octoprint)
    keep(root, "a_20241201_143000", "a.gcode")
    keep(root, "b_20241202_143000", "b.gcode", started=STARTED + DAY)
    gallery = Gallery(page).show()
    gallery.expect_covers(2)
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    answer = page.request.get(f"{octoprint.url}{BASE}/prints?offset=0&limit=24").text()
    page.route(f"**{BASE}/prints?*", hold_first)
    with page.expect_request(f"**{BASE}/prints?*", timeout=SLOW):
        octoprint.request("DELETE", f"{BASE}/prints/a_20241201_143000")
    with page.expect_response(f"**{BASE}/prints?*", timeout=SLOW):
        octoprint.request("DELETE", f"{BASE}/prints/b_20241202_143000")
    expect(gallery.empty).to_be_visible()
    with page.expect_response(f"**{BASE}/prints?*", timeout=SLOW):
        held[0].fulfill(body=answer, content_type="application/json")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(gallery.cards).to_have_count(0)


def test_what_others_delete_leaves_every_browser(page, octoprint):
    root = shelf_of(octoprint)
    keep(root, "a_20241201_143000", "a.gcode")
    keep(root, "b_20241202_143000", "b.gcode", started=STARTED + DAY)
    gallery = Gallery(page).show()
    gallery.expect_covers(2)
    octoprint.request("DELETE", f"{BASE}/prints/a_20241201_143000").raise_for_status()
    expect(gallery.part("card-name")).to_have_text(["b"])


def test_pictures_of_a_print_under_way_arrive_by_themselves(page, octoprint):
    octoprint.configure(
        cameras={"fake": True, "delay": 0.2}, layers={"interval": 3}, grid={"rows": 1}
    )
    gallery = Gallery(page).show()
    octoprint.upload("tower.gcode", jobs.tower(layers=9))
    job = octoprint.begin("tower.gcode")
    expect(gallery.cards).to_have_count(1, timeout=120_000)
    gallery.cards.first.get_by_test_id("layercapture-open").click()
    expect(gallery.part("print-name")).to_have_text("tower")
    job.wait()
    expect(gallery.part("layer")).to_have_text("Layer 9", timeout=SLOW)
    gallery.expect_picture("layer_0009_pos_01")
    expect(gallery.print.locator(".label").first).to_have_text("done", timeout=SLOW)


def test_names_are_text_wherever_they_are_shown(page, octoprint):
    keep(
        shelf_of(octoprint),
        "evil_20241201_143000",
        f"{EVIL}.gcode",
        cameras=(f"{EVIL}1", f"{EVIL}2"),
        missing=[(20, 2)],
    )
    other = keep(shelf_of(octoprint), "other_20241202_143000", "other.gcode")
    assert other.pictures
    gallery = Gallery(page).show().open(EVIL)
    expect(gallery.part("camera-choice").locator("option")).to_have_count(2)
    gallery.cell(2).click()
    expect(gallery.part("missing")).to_contain_text(f"Camera {EVIL}1 did not answer")
    gallery.cell(0).click()
    gallery.expect_picture("layer_0020_pos_00")
    gallery.part("stage").click()
    expect(gallery.part("facts")).to_contain_text(f"{EVIL}1")
    gallery.part("viewer-close").click()
    gallery.part("mode-compare").click()
    expect(gallery.part("left-caption")).to_contain_text(f"{EVIL}: layer 20")
    gallery.part("mode-one").click()
    gallery.part("delete-print").click()
    expect(gallery.confirm).to_contain_text(EVIL)
    gallery.part("keep").click()
    assert page.evaluate("window.evil") is None


def test_viewers_look_and_download_but_neither_delete_nor_make_videos(
    chromium, octoprint, console
):
    console.expect("status of 403 .*/api/")  # OctoPrint's own page asks for too much
    keep(shelf_of(octoprint))
    name = "gallery-viewer"
    account = {"name": name, "password": PASSWORD, "active": True, "admin": False}
    octoprint.request("DELETE", f"/api/access/users/{name}")
    octoprint.post("/api/access/users", {**account, "groups": ["readonly"]})
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    console.watch(page)
    log_in(page, octoprint.url, name)
    load(page, f"{octoprint.url}/?l10n=en")
    gallery = Gallery(page).show().open("part")
    expect(gallery.part("download-print")).to_be_visible()
    for part in ("delete-print", "delete-layer", "video-one", "video-all"):
        expect(gallery.part(part)).to_be_hidden()
    gallery.part("stage").click()
    expect(gallery.part("download-picture")).to_be_visible()
    expect(gallery.part("delete-picture")).to_be_hidden()
    gallery.part("viewer-close").click()
    gallery.part("back").click()
    gallery.part("select").check()
    expect(gallery.part("download-selected")).to_be_visible()
    expect(gallery.part("delete-selected")).to_be_hidden()
    context.close()
    assert console.unexpected() == []


def test_a_print_whose_files_went_by_hand_has_a_place_and_says_so(
    page, octoprint, console
):
    console.expect("plugin/layercapture/(covers|thumbnails)/")
    kept = keep(shelf_of(octoprint))
    for name in kept.pictures:
        (kept.folder / name).write_bytes(b"no picture any more")
    gallery = Gallery(page).show()
    expect(
        gallery.pane.locator(".layercapture-cover.layercapture-broken")
    ).to_be_visible()
    gallery.cards.first.get_by_test_id("layercapture-open").click()
    expect(gallery.part("stage-broken")).to_be_visible()
    for name in kept.pictures:
        (kept.folder / name).unlink()
    gallery.part("previous").click()
    expect(gallery.part("missing")).to_contain_text("There is no picture")
    shutil.rmtree(kept.folder)
    load(page, octoprint.url)
    expect(Gallery(page).show().empty).to_be_visible()


@pytest.mark.parametrize("open_print", [False, True])
def test_narrow_window_needs_no_sideways_scrolling(open_page, octoprint, open_print):
    root = shelf_of(octoprint)
    keep(root, "long_20241201_143000", f"{'long_name_' * 12}.gcode", rows=3)
    keep(root, "b_20241202_143000", "b.gcode", rows=3, started=STARTED + DAY)
    page = open_page(viewport=PHONE)
    gallery = Gallery(page).show()
    if open_print:
        gallery.open("b")
        for mode in ("all", "compare", "one"):
            gallery.part(f"mode-{mode}").click()
            _fits(page)
            if mode == "all":
                side = gallery.part("map")
                assert side.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
            if mode == "compare":
                other = "long_name_" * 12
                gallery.part("compare-with").select_option("long_20241201_143000")
                expect(gallery.part("right-caption")).to_contain_text(other)
                _fits(page)
                gallery.part("swipe").click()
                _fits(page)
        gallery.part("stage").click()
        expect(gallery.part("full")).to_be_visible()
        expect(gallery.part("viewer-close")).to_be_in_viewport()
        assert gallery.viewer.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    else:
        _fits(page)


def _fits(page):
    """Nothing of the gallery is wider than a phone, where the page is as narrow."""
    pane = page.locator("#tab_plugin_layercapture")
    pane.evaluate("e => { e.style.width = '360px'; }")
    assert pane.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
