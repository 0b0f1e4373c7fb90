import json

import flask
import pytest

from octoprint_layercapture.web.bodies import json_body

app = flask.Flask(__name__)


def nested(depth):
    return '{"settings": ' + "[" * depth + "]" * depth + "}"


def body_of(data, kind="application/json"):
    with app.test_request_context("/", method="POST", data=data, content_type=kind):
        return json_body()


def test_an_object_comes_as_it_was_sent():
    sent = {"settings": {"cameras": {"details": [{"camera": "a", "offset_x": 1}]}}}
    assert body_of(json.dumps(sent)) == sent


@pytest.mark.parametrize(
    "data", ["", "7", "[]", '"text"', "{", "null", nested(50), nested(900), nested(10**5)]
)
def test_anything_else_counts_as_nothing_sent(data):
    assert body_of(data) == {}


def test_a_form_counts_as_nothing_sent():
    assert body_of("a=1", "application/x-www-form-urlencoded") == {}
