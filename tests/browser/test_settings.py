"""The settings page: the grid is drawn as one types, and saved is what one typed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.screens import SettingsScreen, load

PREVIEW = "**/plugin/layercapture/preview"
REFUSED = re.compile("layercapture-refused")


@pytest.fixture
def settings(page: Page) -> SettingsScreen:
    return SettingsScreen(page).open()


def numbers(points: Locator) -> list[str]:
    return [text.strip() for text in points.locator("text").all_text_contents()]


def test_grid_is_drawn_with_numbers_and_a_path(settings):
    expect(settings.positions).to_have_count(9)
    assert numbers(settings.positions) == [str(n) for n in range(9)]
    expect(settings.summary).to_contain_text("9 of 9 positions")
    corners = re.findall(r"[ML]", settings.path.get_attribute("d"))
    assert len(corners) == 1 + 8 * 2  # each leg has an arrow in its middle


def test_positions_stand_as_on_the_bed(settings):
    """Position 0 is at the front left: on the screen to the left and below."""
    places = [settings.positions.nth(n).bounding_box() for n in (0, 2, 6)]
    front_left, front_right, back_left = places
    assert front_left["x"] < front_right["x"] - 30
    assert front_left["y"] > back_left["y"] + 30
    assert front_left["y"] == pytest.approx(front_right["y"], abs=1)


def test_preview_follows_the_fields_before_anything_is_saved(settings, octoprint):
    before = settings.path.get_attribute("d")
    settings.type(grid__columns=5, grid__spacing_x=20)
    expect(settings.positions).to_have_count(15)
    expect(settings.summary).to_contain_text("15 of 15 positions")
    assert settings.path.get_attribute("d") != before
    assert octoprint.settings()["grid"]["columns"] == 3


def test_empty_fields_show_what_stands_in_for_them(settings):
    for key, automatic in {
        "grid.center_x": "100",
        "grid.center_y": "100",
        "bed.width": "200",
        "bed.depth": "200",
        "bed.max_z": "200",
    }.items():
        expect(settings.field(key)).to_have_value("")
        expect(settings.field(key)).to_have_attribute("placeholder", automatic)


def test_bed_override_is_drawn(settings):
    settings.type(bed__width=300, bed__depth=150)
    expect(settings.summary).to_contain_text("300 × 150 mm")
    expect(settings.field("grid.center_x")).to_have_attribute("placeholder", "150")


def test_refused_positions_are_marked_and_named(settings):
    settings.type(grid__center_x=45)
    for number in range(9):
        point = settings.positions.nth(number)
        if number in (0, 3, 6):
            expect(point).to_have_class(REFUSED)
            expect(point.locator("path")).to_be_visible()
            expect(point.locator("title")).to_contain_text("margin")
            expect(settings.refused).to_contain_text(f"Position {number}:")
        else:
            expect(point).not_to_have_class(REFUSED)
            expect(point.locator("path")).to_be_hidden()
    expect(settings.summary).to_contain_text("6 of 9 positions")


def test_grid_beside_the_bed_says_that_nothing_would_be_taken(settings):
    settings.type(grid__center_x=1500, grid__center_y=-1500)
    expect(settings.summary).to_contain_text("No position can be reached")
    expect(settings.positions.nth(8)).to_have_class(REFUSED)


def test_wrong_values_are_marked_where_they_are(settings):
    for key, garbage in (
        ("grid.rows", "lots"),
        ("grid.rows", "-3"),
        ("grid.columns", "2.5"),
        ("grid.columns", ""),
        ("grid.spacing_x", "NaN"),
        ("grid.center_x", "1e999"),
        ("bed.width", "<img src=x onerror=alert(1)>"),
        ("layers.interval", "ten"),
        ("layers.list", "5-, 3"),
        ("motion.travel_speed", "999999999999"),
        ("cameras.delay", "soon"),
        ("files.quality", "0"),
        ("files.folder", "usb/pictures"),
        ("files.floor_mb", "-1"),
        ("files.max_total_gb", "much"),
        ("video.fps", "100"),
    ):
        field, right = settings.field(key), settings.field(key).input_value()
        field.fill(garbage)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(settings.problem(key)).to_be_visible()
        expect(settings.problem(key)).to_contain_text(f"“{garbage}”")
        expect(settings.pane.locator(".control-group.error")).to_have_count(1)
        expect(settings.positions).to_have_count(9)
        field.fill(right)
        expect(field).to_have_attribute("aria-invalid", "false")
        expect(settings.problem(key)).to_be_hidden()


def test_saved_values_are_there_after_a_reload(settings, octoprint):
    settings.type(
        grid__columns="4",
        grid__spacing_y="12,5",
        grid__center_x="110",
        bed__max_z="150",
        layers__interval="7",
        layers__list="1, 5-10",
        motion__height="3.5",
        files__quality="80",
        files__floor_mb="250",
        files__max_age_days="30",
    )
    settings.field("layers.last").check()
    settings.field("motion.return_to_origin").uncheck()
    settings.field("files.folder_per_print").uncheck()
    settings.save()

    saved = octoprint.settings()
    assert saved["grid"] == {
        "center_x": 110,
        "center_y": None,
        "columns": 4,
        "rows": 3,
        "spacing_x": 40,
        "spacing_y": 12.5,
        "aim": "nozzle",
    }
    assert saved["bed"] == {"width": None, "depth": None, "max_z": 150, "margin": 10}
    assert saved["layers"]["interval"] == 7
    assert saved["layers"]["last"] is True
    assert saved["layers"]["list"] == "1, 5-10"
    assert saved["motion"]["height"] == 3.5
    assert saved["motion"]["return_to_origin"] is False
    assert saved["files"] == {
        "folder_per_print": False,
        "quality": 80,
        "folder": "",
        "floor_mb": 250,
        "max_age_days": 30,
        "max_total_gb": None,
    }

    load(settings.page, octoprint.url)
    settings.open()
    expect(settings.positions).to_have_count(12)
    expect(settings.field("grid.spacing_y")).to_have_value("12.5")
    expect(settings.field("grid.center_y")).to_have_value("")
    expect(settings.field("layers.list")).to_have_value("1, 5-10")
    expect(settings.field("layers.last")).to_be_checked()


def test_emptied_field_is_automatic_again(settings, octoprint):
    settings.type(grid__center_x="90")
    settings.save()
    assert octoprint.settings()["grid"]["center_x"] == 90
    settings.open().type(grid__center_x="")
    settings.save()
    assert octoprint.settings()["grid"]["center_x"] is None


def test_closing_without_saving_changes_nothing(settings, octoprint):
    settings.type(grid__columns=7, grid__rows="lots")
    settings.close()
    settings.open()
    expect(settings.field("grid.columns")).to_have_value("3")
    expect(settings.field("grid.rows")).to_have_value("3")
    expect(settings.positions).to_have_count(9)
    assert octoprint.settings()["grid"]["columns"] == 3


def test_saving_a_wrong_value_says_what_became_of_it(settings, octoprint, log):
    log.expect("was not saved as entered")
    settings.type(grid__rows="<img src=x onerror=alert(1)>", grid__columns="4")
    settings.save()
    notice = settings.page.locator(".ui-pnotify", has_text="“Rows”")
    expect(notice).to_contain_text("<img src=x onerror=alert(1)>")
    expect(notice).to_contain_text("Settings, Grid")
    expect(notice).to_contain_text("3 was kept")
    expect(notice.locator("img")).to_have_count(0)
    assert octoprint.settings()["grid"]["rows"] == 3
    assert octoprint.settings()["grid"]["columns"] == 4


def test_cameras_are_chosen_from_those_octoprint_has(open_page, octoprint, camera):
    settings = SettingsScreen(open_page()).open()
    expect(settings.cameras).to_have_count(1)
    settings.cameras.check()
    settings.save()
    assert octoprint.settings()["cameras"]["use"] == ["classic"]

    settings.open()
    settings.field("cameras.fake").check()
    expect(settings.cameras).to_be_disabled()


def test_chosen_camera_that_is_gone_can_be_taken_back(octoprint, open_page):
    octoprint.configure(cameras={"use": ["garage"]})
    settings = SettingsScreen(open_page()).open()
    garage = settings.pane.get_by_label("garage (not there any more)")
    expect(garage).to_be_checked()
    garage.uncheck()
    settings.save()
    assert octoprint.settings()["cameras"]["use"] == []


def test_without_an_answer_the_page_says_so_and_recovers(settings, console):
    console.expect("plugin/layercapture/preview")
    settings.page.route(PREVIEW, lambda route: route.abort())
    settings.type(grid__columns=5)
    expect(settings.unreachable).to_be_visible()
    expect(settings.positions).to_have_count(9)
    settings.page.unroute(PREVIEW)
    expect(settings.unreachable).to_be_hidden()
    expect(settings.positions).to_have_count(15)


def test_late_answer_to_an_earlier_question_is_not_drawn(settings):
    held: list[Route] = []

    def hold_back_five(route: Route) -> None:
        body: Any = route.request.post_data_json
        if body["settings"]["grid"]["columns"] == 5:
            held.append(route)
        else:
            route.continue_()

    settings.page.route(PREVIEW, hold_back_five)
    with settings.page.expect_request(PREVIEW):
        settings.type(grid__columns=5)
    settings.type(grid__columns=2)
    expect(settings.positions).to_have_count(6)
    with settings.page.expect_response(PREVIEW):
        held[0].continue_()
    settings.page.evaluate("new Promise(requestAnimationFrame)")
    expect(settings.positions).to_have_count(6)


def test_every_field_has_a_name_and_an_id_of_its_own(settings):
    nameless = settings.pane.locator("input").evaluate_all(
        "inputs => inputs.filter(i => !i.labels.length && !i.ariaLabel).map(i => i.id)"
    )
    assert nameless == []
    ids = settings.page.locator("[id^=layercapture]").evaluate_all(
        "elements => elements.map(e => e.id)"
    )
    assert len(ids) == len(set(ids))
    broken = settings.pane.locator("label[for], [aria-describedby]").evaluate_all(
        """elements => elements
            .map(e => e.htmlFor || e.getAttribute("aria-describedby"))
            .filter(id => !document.getElementById(id))"""
    )
    assert broken == []


def test_fields_are_reached_with_the_keyboard(settings):
    settings.field("grid.columns").focus()
    for key in ("grid.rows", "grid.spacing_x", "grid.spacing_y"):
        settings.page.keyboard.press("Tab")
        expect(settings.field(key)).to_be_focused()
    settings.page.keyboard.type("15")
    expect(settings.positions.nth(8).locator("title")).to_contain_text("Y 115")


def test_sections_are_reached_with_the_keyboard(settings):
    settings.jump("video").focus()
    settings.page.keyboard.press("Enter")
    heading = settings.pane.get_by_role("heading", name="Video")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    settings.page.keyboard.press("Tab")
    expect(settings.field("video.automatic")).to_be_focused()
    expect(settings.jump("grid")).to_be_in_viewport()  # the links stay in sight


def test_section_with_a_wrong_value_is_marked_from_afar(settings):
    settings.type(bed__max_z="high")
    marked = settings.jump("motion").get_by_role("img")
    expect(marked).to_be_visible()
    expect(settings.jump("grid").get_by_role("img")).to_be_hidden()
    settings.type(bed__max_z="")
    expect(marked).to_be_hidden()


def test_narrow_window_needs_no_sideways_scrolling(open_page):
    page = open_page(viewport={"width": 400, "height": 800})
    settings = SettingsScreen(page).open()
    content = page.locator("#settings_dialog_content")
    assert content.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    for key in ("grid.columns", "grid.spacing_y", "layers.list", "motion.travel_speed"):
        box, around = settings.field(key).bounding_box(), content.bounding_box()
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]
    links = settings.pane.locator("#layercapture-sections")
    assert links.locator(".nav").evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    for section in ("grid", "layers", "cameras", "motion", "files", "video"):
        box, around = settings.jump(section).bounding_box(), links.bounding_box()
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]
    settings.type(grid__columns=5)
    expect(settings.positions).to_have_count(15)


def test_a_section_begins_below_the_links_on_however_many_lines_they_are(open_page):
    page = open_page(viewport={"width": 1000, "height": 700})
    settings = SettingsScreen(page).open()
    links = settings.pane.locator("#layercapture-sections")
    links.evaluate("e => { e.style.width = '200px'; }")
    settings.jump("cameras").click()
    heading = settings.pane.get_by_role("heading", name="Cameras").bounding_box()
    above = links.bounding_box()
    assert above["height"] > 60
    assert heading["y"] >= above["y"] + above["height"] - 1


def test_what_is_wrong_is_brighter_where_a_theme_makes_the_page_dark(settings):
    def brightness(of_text: str) -> float:
        settings.pane.evaluate("(e, color) => { e.style.color = color; }", of_text)
        settings.type(grid__rows="lots")
        problem = settings.problem("grid.rows")
        expect(problem).to_be_visible()
        color = problem.evaluate("e => getComputedStyle(e).color")
        settings.type(grid__rows="3")
        expect(problem).to_be_hidden()
        return sum(float(part) for part in re.findall(r"[\d.]+", color))

    assert brightness("#ddd") > brightness("#333")


def test_german_page_speaks_german(open_page):
    settings = SettingsScreen(open_page(language="de")).open()
    expect(settings.pane.get_by_role("heading", name="Raster")).to_be_visible()
    expect(settings.summary).to_contain_text("9 von 9 Positionen")
    settings.type(grid__rows="viele")
    expect(settings.problem("grid.rows")).to_contain_text("keine ganze Zahl von 1 bis")
    expect(settings.field("layers.min_height")).to_have_value("0,05")
    settings.type(grid__rows="3", grid__center_x="12,5")
    expect(settings.refused).to_contain_text("27,5")


def test_own_gcode_is_checked_as_one_types_and_kept(settings, octoprint):
    settings.field("motion.before").fill("M106 S0\nG28")
    expect(settings.problem("motion.before")).to_contain_text("“G28” homes the printer")
    settings.field("motion.before").fill("M106 S0")
    expect(settings.problem("motion.before")).to_be_hidden()
    settings.field("motion.hold").select_option("pause")
    settings.field("motion.wait").select_option("both")
    settings.field("cameras.url").fill("camera.local")
    expect(settings.problem("cameras.url")).to_contain_text("begins with http")
    settings.field("cameras.url").fill("http://camera.local/snapshot")
    settings.save()
    kept = octoprint.settings()
    assert kept["motion"]["before"] == "M106 S0"
    assert (kept["motion"]["hold"], kept["motion"]["wait"]) == ("pause", "both")
    assert kept["cameras"]["url"] == "http://camera.local/snapshot"
