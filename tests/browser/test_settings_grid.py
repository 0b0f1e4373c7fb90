"""The grid's picture: handles, ready-made grids, beds of other shapes, the file on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import SettingsScreen
from tests.server import jobs
from tests.server.harness import OctoPrint
from tests.server.waiting import wait_until

REFUSED = re.compile("layercapture-refused")
ROUND = {"formFactor": "circular", "origin": "center", "width": 180, "depth": 180}


@pytest.fixture
def settings(page: Page) -> SettingsScreen:
    return SettingsScreen(page).open()


@pytest.fixture
def profile(octoprint: OctoPrint) -> Iterator[OctoPrint]:
    """The server, whose printer profile is as before at the end of the test."""
    path = "/api/printerprofiles/_default"
    before = octoprint.get(path)["volume"]
    yield octoprint
    answer = octoprint.request("PATCH", path, json={"profile": {"volume": before}})
    answer.raise_for_status()


def shape_bed(octoprint: OctoPrint, **volume: object) -> None:
    path, change = "/api/printerprofiles/_default", {"profile": {"volume": volume}}
    octoprint.request("PATCH", path, json=change).raise_for_status()


def middle(of: Locator) -> tuple[float, float]:
    # the picture may just be drawn anew
    box = wait_until(of.bounding_box, "the picture is drawn")
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixels_a_mm(settings: SettingsScreen) -> float:
    """By position 0 and 2, which are 80 mm apart."""
    circles = [settings.positions.nth(n).locator("circle") for n in (0, 2)]
    return (middle(circles[1])[0] - middle(circles[0])[0]) / 80


def drag(settings: SettingsScreen, handle: str, right: float, up: float) -> None:
    """With the mouse, by millimetres of the bed."""
    grip, scale = settings.handle(handle), pixels_a_mm(settings)
    grip.scroll_into_view_if_needed()
    x, y = middle(grip)
    mouse = settings.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + right * scale / 2, y - up * scale / 2)
    mouse.move(x + right * scale, y - up * scale)
    mouse.up()


def number(settings: SettingsScreen, key: str) -> float:
    """A field that holds a whole number."""
    expect(settings.field(key)).to_have_value(re.compile(r"^-?\d+$"))
    return int(settings.field(key).input_value())


def test_centre_is_dragged_and_the_fields_agree(settings):
    drag(settings, "center", right=30, up=-20)
    x, y = number(settings, "grid.center_x"), number(settings, "grid.center_y")
    assert (x, y) == (pytest.approx(130, abs=1), pytest.approx(80, abs=1))
    title = settings.positions.nth(4).locator("title")
    expect(title).to_have_text(f"Position 4: X {x}, Y {y}")
    handle = settings.handle("center")
    expect(handle).to_have_attribute("aria-valuetext", f"X {x}, Y {y} mm")
    circle = settings.positions.nth(4).locator("circle")
    assert middle(handle) == pytest.approx(middle(circle), abs=1)


def test_spacings_are_dragged_and_the_fields_agree(settings):
    drag(settings, "spacingx", right=-15, up=0)
    assert number(settings, "grid.spacing_x") == pytest.approx(25, abs=1)
    expect(settings.field("grid.spacing_y")).to_have_value("40")
    drag_up = settings.positions.nth(8).locator("title")
    expect(drag_up).to_contain_text(f"X {100 + number(settings, 'grid.spacing_x')},")
    drag(settings, "spacingy", right=0, up=10)
    assert number(settings, "grid.spacing_y") > 44


def test_picture_follows_while_the_handle_is_still_held(settings):
    x, y = middle(settings.handle("center"))
    mouse = settings.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 5, y)
    mouse.move(x + 200, y)
    expect(settings.positions.nth(5)).to_have_class(REFUSED)
    expect(settings.refused).to_contain_text("outside the printable area")
    mouse.move(x, y)
    expect(settings.positions.nth(5)).not_to_have_class(REFUSED)
    mouse.up()
    assert number(settings, "grid.center_x") == 100


def test_centre_is_dragged_with_a_finger(settings):
    session = settings.page.context.new_cdp_session(settings.page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    (x, y), scale = middle(settings.handle("center")), pixels_a_mm(settings)
    steps = [("Start", 0), ("Move", 10), ("Move", 20)]
    for kind, mm in steps:
        point = {"x": x + mm * scale, "y": y}
        touch = {"type": f"touch{kind}", "touchPoints": [point]}
        session.send("Input.dispatchTouchEvent", touch)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(settings.positions.nth(4).locator("title")).not_to_contain_text("X 100,")
    assert number(settings, "grid.center_x") == pytest.approx(120, abs=1)
    expect(settings.field("grid.center_y")).to_have_value("")  # was not moved


def test_handles_are_moved_with_the_arrow_keys(settings):
    keyboard = settings.page.keyboard
    settings.handle("center").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "ArrowDown"):
        keyboard.press(key)
    expect(settings.field("grid.center_x")).to_have_value("102")
    expect(settings.field("grid.center_y")).to_have_value("109")
    expect(settings.positions.nth(4).locator("title")).to_contain_text("X 102, Y 109")
    expect(settings.handle("center")).to_be_focused()
    keyboard.press("Tab")
    expect(settings.handle("spacingx")).to_be_focused()
    keyboard.press("Shift+ArrowLeft")
    expect(settings.field("grid.spacing_x")).to_have_value("30")
    expect(settings.handle("spacingx")).to_have_attribute("aria-valuenow", "30")
    keyboard.press("Tab")
    keyboard.press("ArrowUp")
    expect(settings.field("grid.spacing_y")).to_have_value("41")


def test_single_column_has_no_spacing_to_drag(settings):
    settings.type(grid__columns=1)
    expect(settings.positions).to_have_count(3)
    expect(settings.handle("spacingx")).to_be_hidden()
    expect(settings.handle("spacingy")).to_be_visible()


def test_ready_made_grids_are_a_click_away(settings):
    for size in (1, 5, 3):
        settings.preset(str(size)).click()
        expect(settings.positions).to_have_count(size * size)
        expect(settings.field("grid.rows")).to_have_value(str(size))


def test_whole_bed_is_covered_within_the_margin(settings, octoprint):
    settings.type(bed__margin=25, grid__spacing_x=50)
    settings.type(grid__spacing_y=50, grid__center_x=60)
    title = settings.positions.nth(8).locator("title")
    expect(title).to_contain_text("X 110, Y 150")
    settings.preset("bed").click()
    expect(settings.positions).to_have_count(16)
    expect(settings.positions.nth(0).locator("title")).to_contain_text("X 25, Y 25")
    expect(settings.positions.nth(15).locator("title")).to_contain_text("X 175, Y 175")
    expect(settings.field("grid.center_x")).to_have_value("")
    settings.save()
    assert octoprint.settings()["grid"]["columns"] == 4


def test_round_bed_is_drawn_round_and_covered_without_a_refusal(profile, open_page):
    shape_bed(profile, **ROUND)
    settings = SettingsScreen(open_page()).open()
    bed = settings.picture.locator(".layercapture-bed")
    expect(bed).to_have_attribute("d", re.compile("a150,150"))
    expect(settings.positions.nth(4).locator("title")).to_contain_text("X 0, Y 0")
    settings.type(grid__spacing_x=75, grid__spacing_y=75)
    expect(settings.positions.nth(0)).to_have_class(REFUSED)
    expect(settings.positions.nth(1)).not_to_have_class(REFUSED)
    settings.preset("bed").click()
    expect(settings.picture.locator(".layercapture-refused")).to_have_count(0)
    expect(settings.refused).to_be_hidden()


def test_box_larger_than_the_bed_is_drawn_with_its_margin(profile, open_page):
    box = {"x_min": -30, "x_max": 200, "y_min": 0, "y_max": 200}
    shape_bed(profile, custom_box={**box, "z_min": 0, "z_max": 200})
    settings = SettingsScreen(open_page()).open()
    bed, margin = (
        settings.picture.locator(f".layercapture-{name}").bounding_box()
        for name in ("bed", "margin")
    )
    assert margin["x"] < bed["x"]
    settings.type(grid__columns=1, grid__center_x=-15)
    expect(settings.summary).to_contain_text("3 of 3 positions")


def test_selected_file_is_drawn_and_covered(settings, octoprint):
    expect(settings.preset("bed")).to_be_enabled()
    octoprint.upload("wide.gcode", jobs.tower(layers=12))
    octoprint.post("/api/files/local/wide.gcode", {"command": "select"})
    expect(settings.printed).to_have_attribute("d", re.compile("^M[^Z]+Z$"))
    outline = wait_until(settings.printed.bounding_box, "the outline is drawn")
    assert outline["width"] == pytest.approx(19 * pixels_a_mm(settings), abs=3)
    assert middle(settings.printed) == pytest.approx(
        middle(settings.handle("center")), abs=2
    )
    settings.type(grid__spacing_x=10, grid__spacing_y=10, grid__center_x=50)
    expect(settings.positions.nth(4).locator("title")).to_contain_text("X 50")
    expect(settings.preset("print")).to_be_enabled()
    settings.preset("print").click()
    expect(settings.field("grid.center_x")).to_have_value("")
    title = settings.positions.nth(0).locator("title")
    expect(title).to_contain_text(re.compile(r"X 9[01](\.5)?, Y 9[01]"))
    expect(settings.refused).to_be_hidden()


def test_dark_page_keeps_the_links_and_the_picture_readable(settings):
    settings.page.add_style_tag(
        content="#settings_dialog, #settings_dialog * {background: #222; color: #ddd}"
    )
    settings.close()
    settings.open()
    links = settings.pane.locator("#layercapture-sections")
    expect(links).to_have_css("background-color", "rgb(34, 34, 34)")
    ring = settings.handle("center").locator(".layercapture-handle-ring")
    expect(ring).to_have_css("stroke", "rgb(221, 221, 221)")


def test_narrow_window_has_room_for_picture_and_handles(open_page):
    page = open_page(viewport={"width": 400, "height": 800})
    settings = SettingsScreen(page).open()
    content = page.locator("#settings_dialog_content")
    assert content.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    drag(settings, "center", right=20, up=20)
    assert number(settings, "grid.center_x") == pytest.approx(120, abs=2)
    settings.preset("5").click()
    expect(settings.positions).to_have_count(25)
    around = content.bounding_box()
    for shown in (settings.picture, settings.preset("print"), settings.summary):
        box = shown.bounding_box()
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"] + 1
