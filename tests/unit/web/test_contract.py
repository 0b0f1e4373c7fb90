"""docs/openapi.yaml names every route there is, and none that is not."""

from __future__ import annotations

import re

import fastjsonschema
import flask
import pytest

from octoprint_layercapture.plugin import LayerCapturePlugin
from octoprint_layercapture.web.permissions import permissions
from tests.contract import Contract

CONTRACT = Contract()


@pytest.fixture(scope="module")
def plugin():
    plugin = LayerCapturePlugin()
    plugin._identifier = "layercapture"
    plugin._basefolder = "."
    return plugin


@pytest.fixture(scope="module")
def served(plugin):
    """(method, path) of all routes of Flask and tornado, as OpenAPI writes them."""
    app = flask.Flask(__name__)
    app.register_blueprint(plugin.get_blueprint(), url_prefix=CONTRACT.base)
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"{CONTRACT.base}/static/"):
            continue  # OctoPrint's own, in every plugin
        if rule.rule.startswith(CONTRACT.base):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule[len(CONTRACT.base) :])
            found |= {
                (method, path)
                for method in rule.methods - {"OPTIONS", "HEAD"}  # Flask's own additions
            }
    for pattern, _, _ in plugin.file_routes():
        path = f"/{pattern}".replace("\\.", ".")
        for name in ("key", "name"):
            path = path.replace("([^/]*)", f"{{{name}}}", 1)
        found |= {("GET", path), ("HEAD", path)}
    return found


def test_every_route_is_documented_and_every_documented_route_exists(served):
    documented = {(each.method, each.path) for each in CONTRACT.operations}
    assert documented == served


def test_every_operation_asks_for_a_permission_of_ours():
    keys = {each["key"] for each in permissions()}
    assert {each.permission for each in CONTRACT.operations} == keys
    assert len({each.name for each in CONTRACT.operations}) == len(CONTRACT.operations)


def test_the_library_is_for_viewing_and_deleting_from_it_for_managing():
    kept = ("/prints", "/files", "/thumbnails", "/covers", "/export")
    for each in CONTRACT.operations:
        if each.path.startswith(kept):
            wanted = "MANAGE" if each.method == "DELETE" else "VIEW"
            assert each.permission == wanted, each.name


@pytest.mark.parametrize("name", CONTRACT.spec["components"]["schemas"])
def test_every_schema_can_be_used(name):
    fastjsonschema.compile(dict(CONTRACT.schemas())[name])


def test_examples_are_as_their_schemas_say():
    examples = 0
    for operation in CONTRACT.operations:
        if operation.example is None:
            assert operation.method != "POST"
            continue
        fastjsonschema.compile(CONTRACT.taken(operation))(operation.example)
        examples += 1
    assert examples
