"""What is documented of the data is what is written."""

from __future__ import annotations

import json
import re

import pytest

from octoprint_layercapture.library.records import SCHEMA_VERSION
from tests import schemas

DOCUMENT = schemas.FOLDER.parent / "data-format.md"


def fields(schema):
    """The name of every field of every model in a schema."""
    for model in (schema, *schema.get("$defs", {}).values()):
        yield from model.get("properties", {})


@pytest.mark.parametrize("name", sorted(schemas.MODELS))
def test_committed_schema_is_that_of_the_models(name):
    committed = (schemas.FOLDER / name).read_text(encoding="utf-8")
    assert committed == schemas.text(name), "run python -m tests.schemas"


@pytest.mark.parametrize("name", sorted(schemas.MODELS))
def test_every_field_is_explained(name):
    explained = set(re.findall(r"`([a-z_0-9]+)`", DOCUMENT.read_text(encoding="utf-8")))
    assert set(fields(schemas.schema(name))) - explained == set()


def test_the_documented_version_is_the_one_written():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"`schema_version` is {SCHEMA_VERSION}" in text


@pytest.mark.parametrize("name", sorted(schemas.MODELS))
def test_schemas_are_json_of_the_named_draft(name):
    read = json.loads((schemas.FOLDER / name).read_text(encoding="utf-8"))
    assert read["$schema"].endswith("draft/2020-12/schema")
    assert read["properties"]["schema_version"]["type"] == "integer"
