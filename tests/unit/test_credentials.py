"""Passwords and tokens in the settings come in and never go out again."""

from __future__ import annotations

import json

import pytest

from octoprint_layercapture.config import defaults, parse
from octoprint_layercapture.credentials import completed, kept, withheld

PASSWORD, TOKEN = "s3cret", "t0ken"
URL = "http://camera.local/snapshot"


def config_of(**cameras):
    return parse({"cameras": cameras})[0]


@pytest.fixture
def stored():
    known = {"username": "kim", "password": PASSWORD, "token": TOKEN}
    return config_of(url=URL, auth="basic", **known)


def test_the_browser_learns_that_a_secret_is_stored_and_nothing_more(stored):
    tree = withheld(stored)
    assert tree["cameras"]["password_set"] is True
    assert tree["cameras"]["token_set"] is True
    assert tree["cameras"]["url"] == URL
    assert tree["cameras"]["username"] == "kim"
    text = json.dumps(tree)
    assert PASSWORD not in text and TOKEN not in text


def test_the_browser_learns_that_none_is_stored():
    cameras = withheld(config_of())["cameras"]
    assert (cameras["password_set"], cameras["token_set"]) == (False, False)
    assert set(cameras) == set(defaults()["cameras"]) - {"password", "token"} | {
        "password_set",
        "token_set",
    }


def test_who_may_not_change_settings_does_not_see_the_address_either(stored):
    cameras = withheld(stored, addresses=True)["cameras"]
    assert (cameras["url"], cameras["username"]) == ("", "")


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_secret_is_not_saved(empty):
    entered = {"cameras": {"password": empty, "token": empty, "delay": 1}, "grid": {}}
    assert kept(entered) == {"cameras": {"delay": 1}, "grid": {}}


@pytest.mark.parametrize("entered", [None, [], {}, {"cameras": "x"}, {"grid": {}}])
def test_anything_else_is_saved_as_it_is(entered):
    assert kept(entered) == entered


def test_a_new_secret_is_saved():
    entered = {"cameras": {"password": "new", "token": ""}}
    assert kept(entered) == {"cameras": {"password": "new"}}


def test_a_trial_without_a_secret_uses_the_stored_one(stored):
    entered = {"cameras": {"url": URL + "?other", "auth": "basic", "password": ""}}
    cameras = parse(completed(entered, stored))[0].cameras
    assert (cameras.password, cameras.token) == (PASSWORD, TOKEN)


def test_a_trial_with_a_secret_uses_that(stored):
    entered = {"cameras": {"url": URL, "auth": "basic", "password": "new"}}
    assert parse(completed(entered, stored))[0].cameras.password == "new"


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere/",
        "http://camera.local:8080/",
        "http://camera.local@elsewhere/",
        "https://camera.local/",
        "http://camera.local:x/",
    ],
)
def test_a_stored_secret_is_for_its_own_server_only(stored, url):
    entered = {"cameras": {"url": url, "auth": "basic", "password": "", "token": ""}}
    cameras = parse(completed(entered, stored))[0].cameras
    assert (cameras.password, cameras.token) == ("", "")


def test_user_and_password_of_an_address_are_moved_out_of_it():
    cameras = config_of(url="http://k%40m:s3%3Acret@camera.local/a@b?c").cameras
    assert cameras.url == "http://camera.local/a@b?c"
    assert (cameras.auth, cameras.username) == ("basic", "k@m")
    assert cameras.password == "s3:cret"


def test_a_digest_stays_one_when_the_address_brings_the_password():
    cameras = config_of(url="http://kim:new@camera.local/", auth="digest").cameras
    assert (cameras.auth, cameras.password) == ("digest", "new")


def test_an_address_with_a_user_only_keeps_the_password():
    cameras = config_of(url="http://kim@camera.local/", password="old", auth="basic")
    assert (cameras.cameras.username, cameras.cameras.password) == ("kim", "old")


def test_an_at_sign_behind_the_host_is_no_login():
    url = "http://camera.local/pictures?mail=kim@example.com"
    assert config_of(url=url).cameras.url == url


def test_without_a_login_no_secret_is_kept():
    cameras = config_of(auth="none", password=PASSWORD, token=TOKEN).cameras
    assert (cameras.password, cameras.token) == ("", "")


def test_a_password_is_taken_as_it_is():
    assert config_of(auth="basic", password=" 1,5 ").cameras.password == " 1,5 "


@pytest.mark.parametrize("name", ["password", "token"])
@pytest.mark.parametrize("wrong", ["x" * 5000, [PASSWORD], {"a": PASSWORD}])
def test_what_is_wrong_with_a_secret_is_said_without_it(name, wrong):
    config, problems = parse({"cameras": {name: wrong, "auth": "basic"}})
    assert [problem.key for problem in problems] == [f"cameras.{name}"]
    said = json.dumps([problem.to_dict() for problem in problems])
    assert "xxx" not in said and PASSWORD not in said
    assert getattr(config.cameras, name) == ""


def test_a_group_in_which_a_secret_may_stand_is_not_repeated():
    (problem,) = parse({"cameras": [PASSWORD]})[1]
    assert problem.key == "cameras"
    assert PASSWORD not in json.dumps(problem.to_dict())


def test_an_address_that_is_none_is_not_repeated():
    (problem,) = parse({"cameras": {"url": f"ftp://kim:{PASSWORD}@camera/"}})[1]
    assert PASSWORD not in json.dumps(problem.to_dict())


def test_settings_in_a_log_show_no_secret(stored):
    assert PASSWORD not in repr(stored) and TOKEN not in repr(stored)
    assert PASSWORD not in str(stored) and TOKEN not in str(stored)
