"""Inside a print: its map, its layers, its pictures in full, two of them compared."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.gallery import BASE, SLOW, Gallery, shelf_of
from tests.server.shelf import STARTED, keep

LAYERS = (10, 20, 30)


@pytest.fixture
def gallery(page, octoprint) -> Gallery:
    """A print of three layers and nine positions is open."""
    keep(
        shelf_of(octoprint),
        layers=LAYERS,
        rows=3,
        missing=[(20, 4), (20, 0)],
        layers_total=40,
    )
    return Gallery(page).show().open("part")


def test_a_print_opens_at_its_last_layer_in_the_middle(gallery):
    gallery.expect_picture("layer_0030_pos_04")
    gallery.expect_layer(30)
    expect(gallery.cells).to_have_count(9)
    expect(gallery.cell(4)).to_have_attribute("aria-pressed", "true")


def test_the_map_is_seen_from_above_and_chooses_positions(gallery):
    back, front = gallery.cell(8).bounding_box(), gallery.cell(0).bounding_box()
    assert back["y"] < front["y"] and back["x"] > front["x"]
    expect(gallery.part("map-front")).to_have_text("Front of the bed")
    assert gallery.part("map-front").bounding_box()["y"] >= front["y"] + front["height"]
    expect(gallery.cell(8)).to_have_attribute("aria-label", "Position 8: X 140, Y 140 mm")
    gallery.cell(8).click()
    gallery.expect_picture("layer_0030_pos_08")
    expect(gallery.cell(8).locator("img")).to_have_attribute(
        "src", re.compile("/thumbnails/.*layer_0030_pos_08")
    )


def test_the_map_has_the_shape_of_the_pictures_and_cuts_nothing_off(page, octoprint):
    keep(shelf_of(octoprint), rows=3, size=(640, 360))
    gallery = Gallery(page).show().open("part")
    expect(gallery.cell(4).locator("img")).to_have_css("object-fit", "contain")
    box = gallery.cell(4).bounding_box()
    assert box["width"] / box["height"] == pytest.approx(640 / 360, rel=0.03)


def test_the_slider_goes_through_the_captured_layers(gallery):
    slider = gallery.part("slider")
    slider.fill("0")
    gallery.expect_picture("layer_0010_pos_04")
    expect(slider).to_have_attribute("aria-valuetext", "Layer 10")
    expect(gallery.part("previous")).to_be_disabled()
    gallery.part("following").click()
    gallery.expect_layer(20)
    gallery.part("following").click()
    gallery.expect_picture("layer_0030_pos_04")
    expect(gallery.part("following")).to_be_disabled()


def test_a_missing_picture_says_why(gallery):
    gallery.part("previous").click()
    expect(gallery.part("missing")).to_have_text(
        "Camera classic did not answer in time. Check that it is switched on and not "
        "busy."
    )
    expect(gallery.cell(4)).to_have_attribute("aria-label", re.compile("did not answer"))
    expect(gallery.cell(4).locator("i")).to_be_visible()
    gallery.cell(5).click()
    gallery.expect_picture("layer_0020_pos_05")
    expect(gallery.part("missing")).to_be_hidden()


def test_everything_is_reached_by_keyboard(gallery):
    page = gallery.page
    page.keyboard.press("ArrowLeft")
    gallery.expect_layer(20)
    page.keyboard.press("ArrowUp")
    gallery.expect_picture("layer_0020_pos_05")
    page.keyboard.press("Home")
    gallery.expect_picture("layer_0010_pos_05")
    page.keyboard.press("End")
    gallery.expect_picture("layer_0030_pos_05")
    page.keyboard.press("ArrowDown")
    gallery.expect_picture("layer_0030_pos_04")

    gallery.part("stage").focus()
    page.keyboard.press("Enter")
    expect(gallery.part("full")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(gallery.part("full")).to_have_attribute("src", re.compile("layer_0010_pos_04"))
    page.keyboard.press("Escape")
    expect(gallery.viewer).to_be_hidden()
    expect(gallery.part("stage")).to_be_focused()
    page.keyboard.press("Escape")
    expect(gallery.print).to_be_hidden()
    expect(gallery.card("part").get_by_test_id("layercapture-open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(gallery.print).to_be_focused()


def test_keys_in_a_field_are_the_fields_own(gallery):
    speed = gallery.part("speed")
    speed.focus()
    gallery.page.keyboard.press("ArrowDown")
    expect(speed).to_have_value("5")
    gallery.expect_layer(30)
    gallery.part("slider").focus()
    gallery.page.keyboard.press("ArrowLeft")
    gallery.expect_layer(20)
    gallery.page.keyboard.press("ArrowUp")
    gallery.expect_picture("layer_0020_pos_05")


def test_playing_goes_through_the_layers_and_leaves_out_those_without(gallery):
    gallery.part("slider").fill("0")
    gallery.expect_layer(10)
    gallery.part("speed").select_option("10")
    gallery.part("play").click()
    gallery.expect_picture("layer_0030_pos_04")
    expect(gallery.part("play")).to_contain_text("Play")
    expect(gallery.part("play-note")).to_have_text(
        "1 layer without a picture of this position was left out."
    )


def test_playing_can_be_stopped(page, octoprint):
    # so many layers that it does not end by itself before somebody stops it
    keep(shelf_of(octoprint), layers=range(1, 101), layers_total=100)
    gallery = Gallery(page).show().open("part")
    gallery.part("slider").fill("0")
    gallery.expect_layer(1)
    gallery.part("speed").select_option("1")
    gallery.part("play").click()
    expect(gallery.part("slider")).not_to_have_value("0", timeout=SLOW)
    gallery.part("play").click()
    expect(gallery.part("play")).to_contain_text("Play")
    expect(gallery.part("slider")).not_to_have_value("99")


def test_full_size_shows_all_that_is_known_of_a_picture(gallery):
    gallery.part("stage").click()
    facts = gallery.part("facts")
    for fact in (
        "30 of 40, at a height of 6 mm",
        "X 100, Y 100, Z 11 mm",
        re.compile(r"Dec 1, 2024, 2:30:34\sPM"),
        "Hotend 0 210.2 °C (target 210 °C)",
        "classic",
        "640 × 480 pixels",
        "layer_0030_pos_04_",
    ):
        expect(facts).to_contain_text(fact)
    link = gallery.part("json").get_attribute("href")
    data = gallery.page.request.get(gallery.page.url.partition("/?")[0] + link).json()
    assert data["layer"] == 30
    full = gallery.part("full")
    gallery.part("actual").click()
    expect(full).to_have_css("width", "640px")
    with gallery.page.expect_download() as download:
        gallery.part("download-picture").click()
    assert download.value.suggested_filename.startswith("layer_0030_pos_04_")


def test_all_positions_of_a_layer_are_seen_at_once(gallery):
    gallery.part("mode-all").click()
    expect(gallery.part("map").locator("img")).to_have_count(9)
    expect(gallery.part("stage")).to_have_count(0)
    gallery.part("previous").click()
    expect(gallery.part("map").locator("img")).to_have_count(7)
    gallery.cell(7).click()
    gallery.expect_picture("layer_0020_pos_07")
    expect(gallery.part("mode-one")).to_have_attribute("aria-pressed", "true")


def test_the_camera_is_chosen_where_there_are_several(page, octoprint):
    keep(shelf_of(octoprint), cameras=("top", "side"))
    gallery = Gallery(page).show().open("part")
    gallery.expect_picture("layer_0020_pos_01_2")
    gallery.part("camera-choice").select_option("side")
    gallery.expect_picture("layer_0020_pos_01_side")
    gallery.part("previous").click()
    gallery.expect_picture("layer_0010_pos_01_side")


def test_layers_are_compared_side_by_side(gallery):
    gallery.part("mode-compare").click()
    left, right = gallery.part("left"), gallery.part("right")
    expect(left.locator("img")).to_have_attribute("src", re.compile("layer_0030_pos_04"))
    expect(gallery.part("right-missing")).to_contain_text("did not answer")
    gallery.part("other-slider").fill("0")
    expect(right.locator("img")).to_have_attribute("src", re.compile("layer_0010_pos_04"))
    expect(gallery.part("right-caption")).to_have_text(
        "part: layer 10, at a height of 2 mm"
    )
    gallery.cell(6).click()
    for side, layer in ((left, 30), (right, 10)):
        expect(side.locator("img")).to_have_attribute(
            "src", re.compile(f"layer_00{layer}_pos_06")
        )


def test_a_divider_is_moved_by_keyboard_and_mouse(gallery):
    gallery.part("mode-compare").click()
    gallery.part("other-slider").fill("0")
    gallery.part("swipe").click()
    over, divider = gallery.part("over"), gallery.part("divider")
    expect(over).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
    divider.focus()
    gallery.page.keyboard.press("ArrowRight")
    expect(over).to_have_css("clip-path", "inset(0px 0px 0px 51%)")
    gallery.part("wipe").scroll_into_view_if_needed()
    box = gallery.part("wipe").bounding_box()
    mouse = gallery.page.mouse
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60)
    mouse.up()
    expect(over).to_have_css("clip-path", "inset(0px 0px 0px 25%)")
    expect(divider).to_have_value("25")


def test_prints_are_compared_at_the_same_place_and_the_nearest_height(page, octoprint):
    root = shelf_of(octoprint)
    keep(root, layers=LAYERS, rows=3)  # at 2, 4 and 6 mm
    keep(
        root,
        "again_20241202_143000",
        "again.gcode",
        started=STARTED + 86_400,
        layers=(8, 19, 30, 38, 59, 95),  # at 0.8, 1.9, 3, 3.8, 5.9 and 9.5 mm
        columns=5,
        rows=1,
        height=0.1,
    )
    gallery = Gallery(page).show().open("part")
    gallery.cell(3).click()
    gallery.part("mode-compare").click()
    gallery.part("compare-with").select_option("again_20241202_143000")
    right = gallery.part("right").locator("img")
    # X 60 Y 100 is position 3 of 3 × 3, and position 1 of 5 × 1
    expect(right).to_have_attribute("src", re.compile("layer_0059_pos_01"))
    expect(gallery.part("left-caption")).to_have_text(
        "part: layer 30, at a height of 6 mm"
    )
    expect(gallery.part("right-caption")).to_have_text(
        "again: layer 59, at a height of 5.9 mm"
    )
    gallery.part("previous").click()
    expect(right).to_have_attribute("src", re.compile("layer_0038_pos_01"))
    gallery.part("follow").uncheck()
    gallery.part("previous").click()
    expect(gallery.part("left-caption")).to_contain_text("layer 10")
    expect(right).to_have_attribute("src", re.compile("layer_0038_pos_01"))


def test_objects_printed_one_by_one_are_compared_with_their_own(page, octoprint):
    root = shelf_of(octoprint)
    keep(root, layers=LAYERS)
    later = {"started": STARTED + 86_400, "file": "pair.gcode"}
    pair = keep(root, "pair_20241202_143000", layers=(10, 20, 30), **later)
    for name in pair.captures[1:]:  # the second object begins at the bed again
        path = pair.folder / f"{name}.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["z_height"] = {20: 6.0, 30: 2.0}[record["layer"]]
        path.write_text(json.dumps(record), encoding="utf-8")
    gallery = Gallery(page).show().open("pair")
    gallery.part("mode-compare").click()
    gallery.part("compare-with").select_option("part_20241201_143000")
    # layer 30 of the pair is at 2 mm
    expect(gallery.part("right-caption")).to_contain_text("layer 10, at a height of 2 mm")
    gallery.part("mode-one").click()
    gallery.part("back").click()
    gallery.open("part")
    gallery.part("previous").click()
    gallery.part("previous").click()
    gallery.part("mode-compare").click()
    gallery.part("compare-with").select_option("pair_20241202_143000")
    # of the two layers of the pair at 2 mm it is the one with this number
    expect(gallery.part("right-caption")).to_contain_text("layer 10, at a height of 2 mm")


def test_numbers_sizes_and_dates_are_in_the_language_of_the_page(open_page, octoprint):
    keep(shelf_of(octoprint), layers=(12, 13), layers_total=40)
    gallery = Gallery(open_page(language="de")).show()
    card = gallery.card("part")
    expect(card).to_contain_text("01.12.2024, 14:30")
    expect(card).to_contain_text(re.compile(r"\d+,\d\skB"))
    gallery.open("part")
    expect(gallery.part("caption")).to_contain_text("in 2,6 mm Höhe")
    gallery.part("stage").click()
    for fact in (
        "01.12.2024, 14:30:1",
        re.compile(r"Pixel, \d+(,\d)?\skB"),
        "Hotend 0 210,2 °C",
    ):
        expect(gallery.part("facts")).to_contain_text(fact)


def test_a_layer_that_was_captured_twice_has_a_choice(page, octoprint):
    kept = keep(shelf_of(octoprint), layers=(10,))
    twice = keep(kept.folder.parent, layers=(10,), started=STARTED + 100)
    assert twice.folder == kept.folder
    gallery = Gallery(page).show().open("part")
    expect(gallery.part("turn").locator("option")).to_have_count(2)
    gallery.expect_picture("layer_0010_pos_01_20241201_143150")
    gallery.part("turn").select_option("0")
    gallery.expect_picture("layer_0010_pos_01_20241201_143010")


def test_a_large_print_holds_few_pictures_and_asks_little(page, octoprint):
    """2,000 layers at nine positions: 18,000 pictures."""
    keep(
        shelf_of(octoprint),
        layers=range(1, 2001),
        rows=3,
        layers_total=2000,
    )
    gallery = Gallery(page).show()
    before = len(gallery.asked_for(BASE))
    gallery.open("part")
    expect(gallery.part("map").locator("img")).to_have_count(9, timeout=SLOW)
    gallery.expect_picture("layer_2000_pos_04")
    assert len(gallery.asked_for(BASE)) - before <= 20
    assert len(gallery.asked_for(BASE)) <= 60
    gallery.part("slider").fill("999")
    gallery.expect_picture("layer_1000_pos_04")
    gallery.part("speed").select_option("10")
    gallery.part("play").click()
    later = "layer_1(00[89]|0[1-9][0-9]|[1-9][0-9]{2})_pos_04"
    gallery.expect_picture(later)
    gallery.part("play").click()
    assert gallery.counts()["page"] <= 100


def test_a_large_grid_holds_no_more_pictures_than_are_in_view(page, octoprint):
    keep(shelf_of(octoprint), layers=(10,), columns=20, rows=20)
    gallery = Gallery(page).show()
    before = len(gallery.asked)
    gallery.open("part")
    expect(gallery.cells).to_have_count(400)
    gallery.part("mode-all").click()
    expect(
        gallery.cell(399).locator("img").or_(gallery.cell(380).locator("img"))
    ).to_be_visible(timeout=SLOW)
    page.wait_for_load_state("networkidle")
    assert gallery.counts()["page"] <= 100
    assert len(gallery.asked) - before <= 60
    gallery.cell(0).scroll_into_view_if_needed()
    expect(gallery.cell(0).locator("img")).to_be_visible(timeout=SLOW)
    assert gallery.counts()["page"] <= 100
