"""Any JSON on any route of a real server: answered, never with an error of ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import LogWatch
from tests.fuzz import leaves, nested, trees
from tests.server.harness import OctoPrint

BASE = "/plugin/layercapture"
POSTED = (
    *("preview", "enabled", "job", "plan", "videos"),
    *("cameras/test", "cameras/measure"),
)
KEYS = (
    *("settings", "camera", "file", "command", "enabled", "print", "index", "home"),
    *("grid", "cameras", "layers", "use", "details", "columns", "url"),
)
SOUGHT = (
    *("prints/{}", "prints/{}/captures", "prints/{}/captures/{}"),
    *("prints/{}/pictures", "prints/{}/pictures/{}", "cameras/test/{}"),
    *("files/{}/{}", "thumbnails/{}/{}", "covers/{}"),
)

some = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
bodies = st.dictionaries(
    st.sampled_from(KEYS), trees(st.sampled_from(KEYS)), max_size=4
).filter(lambda body: "url" not in json.dumps(body))


def send(octoprint: OctoPrint, route: str, text: str) -> int:
    headers = {"Content-Type": "application/json"}
    data = text.encode("utf-8")
    answer = octoprint.request("POST", f"{BASE}/{route}", data=data, headers=headers)
    return answer.status_code


@pytest.fixture
def watched(octoprint: OctoPrint, log: LogWatch) -> OctoPrint:
    """A server that may warn of settings it was sent, and of nothing else."""
    log.expect(r"layercapture(\.\w+)* - WARNING")
    return octoprint


@pytest.mark.parametrize("route", POSTED)
def test_any_body_is_answered(watched: OctoPrint, route: str) -> None:
    @some
    @given(st.one_of(bodies, trees()))
    def post(body: object) -> None:
        assert send(watched, route, json.dumps(body)) < 500

    post()


@pytest.mark.parametrize("depth", [100, 980, 5_000])
@pytest.mark.parametrize("route", POSTED)
def test_bodies_nested_deep_are_refused(
    watched: OctoPrint, route: str, depth: int
) -> None:
    for text in (nested(depth), nested(depth, "settings"), nested(depth, "command")):
        assert send(watched, route, text) == 400


def test_settings_of_any_kind_are_saved_or_refused(watched: OctoPrint) -> None:
    @some
    @given(trees(st.sampled_from(KEYS)))
    def save(tree: object) -> None:
        text = json.dumps({"plugins": {"layercapture": tree}})
        headers = {"Content-Type": "application/json"}
        watched.request("POST", "/api/settings", data=text, headers=headers)
        assert watched.settings()["grid"]["columns"] >= 1

    save()
    deep = json.loads(nested(300))
    watched.configure(grid={"columns": deep}, cameras={"use": deep})
    assert watched.settings()["grid"]["columns"] >= 1


@pytest.mark.parametrize("route", SOUGHT)
def test_any_name_is_looked_for(watched: OctoPrint, route: str) -> None:
    names = st.one_of(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
        st.sampled_from(["..", "~", "%00", "%2e%2e%2f", "a" * 5000, "%ff", "~flat"]),
    )

    @some
    @given(names, names)
    def look(one: str, other: str) -> None:
        path = route.format(one, other) if route.count("{}") > 1 else route.format(one)
        for method in ("GET", "DELETE"):
            answer = watched.request(method, f"{BASE}/{path}", allow_redirects=False)
            assert answer.status_code < 500

    look()


def test_any_page_is_asked_for(watched: OctoPrint) -> None:
    @some
    @given(
        st.dictionaries(st.sampled_from(["offset", "limit", "layer", "index"]), leaves)
    )
    def ask(query: dict[str, object]) -> None:
        texts = {
            key: str(value).encode("utf-8", "replace") for key, value in query.items()
        }
        answer = watched.request("GET", f"{BASE}/prints", params=texts)
        assert answer.status_code < 500

    ask()
