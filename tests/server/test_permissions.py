"""Each documented route, asked by each kind of person and in each dangerous way."""

from __future__ import annotations

import pytest
import requests

from tests.contract import Contract, Operation
from tests.server import captured, shelf
from tests.server.harness import OctoPrint
from tests.server.roles import NOBODY, ROLES, Browser, Person, people

CONTRACT = Contract()
OPERATIONS = CONTRACT.operations
CHANGING = [each for each in OPERATIONS if each.method not in ("GET", "HEAD")]


def names(operations: list[Operation]) -> list[str]:
    return [operation.name for operation in operations]


@pytest.fixture(scope="session")
def persons(octoprint_server: OctoPrint) -> dict[str, Person]:
    return people(octoprint_server)


@pytest.fixture
def kept(octoprint: OctoPrint) -> shelf.Kept:
    return shelf.keep(captured.folder(octoprint))


def path_of(operation: Operation, kept: shelf.Kept) -> str:
    """A path that is there, so that whoever may gets at something."""
    values = {
        "key": kept.folder.name,
        "capture": kept.captures[0],
        "name": kept.pictures[0],
        "number": "0",
    }
    return CONTRACT.base + operation.fill(**values)


def granted(operation: Operation) -> int:
    """What those who may get: posts lack what they need, tests were never made."""
    if operation.method == "POST":
        return 400
    return 404 if "{number}" in operation.path else 200


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=names(OPERATIONS))
def test_a_route_answers_those_who_may_and_nobody_else(
    octoprint: OctoPrint,
    persons: dict[str, Person],
    kept: shelf.Kept,
    operation: Operation,
    role: str,
) -> None:
    person = persons[role]
    path = path_of(operation, kept)
    if role == NOBODY:
        browser = Browser(octoprint, logged_in=False)
        answer = browser.request(operation.method, path, browser.token)
    else:
        answer = requests.request(
            operation.method,
            octoprint.url + path,
            headers={"X-Api-Key": person.key},
            json=None if operation.method in ("GET", "HEAD") else {},
            timeout=60,
        )
    before = sorted([*kept.pictures, *(f"{key}.json" for key in kept.captures)])
    there = sorted(file.name for file in kept.folder.glob("layer_*"))
    if person.may(operation.permission, operation.further):
        assert answer.status_code == granted(operation)
        assert (there == before) is (operation.permission != "MANAGE")
    else:
        assert answer.status_code == 403
        assert there == before
        assert kept.pictures[0] not in answer.text


@pytest.mark.parametrize("operation", CHANGING, ids=names(CHANGING))
def test_a_session_changes_nothing_without_its_token(
    octoprint: OctoPrint, kept: shelf.Kept, operation: Operation
) -> None:
    browser = Browser(octoprint)
    path = path_of(operation, kept)
    for token in ("", "nonsense", f"{browser.token}x"):
        answer = browser.request(operation.method, path, token)
        assert answer.status_code == 400
        assert "CSRF" in answer.text
    assert len(list(kept.folder.glob("*.jpg"))) == len(kept.pictures)
    answer = browser.request(operation.method, path, browser.token)
    assert "CSRF" not in answer.text
    assert answer.status_code == granted(operation)


def test_what_comes_from_a_session_needs_no_token_to_be_looked_at(
    octoprint: OctoPrint, kept: shelf.Kept
) -> None:
    browser = Browser(octoprint)
    for operation in OPERATIONS:
        if operation.method == "GET":
            answer = browser.request("GET", path_of(operation, kept))
            assert answer.status_code == granted(operation), operation.name


def test_the_permissions_are_offered_with_their_default_groups(
    octoprint: OctoPrint,
) -> None:
    groups = octoprint.get("/api/access/groups")["groups"]
    has = {
        group["key"]: {
            key.rpartition("_")[2]
            for key in group["permissions"]
            if key.startswith("PLUGIN_LAYERCAPTURE_")
        }
        for group in groups
    }
    assert has["guests"] == set()
    assert has["readonly"] == {"VIEW"}
    assert has["users"] == {"VIEW", "CAPTURE", "MANAGE"}
