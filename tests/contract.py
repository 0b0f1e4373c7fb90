"""What docs/openapi.yaml says of the HTTP API, for tests to hold answers against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import fastjsonschema
import yaml

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
METHODS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one path, with everything that is said about it."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def permission(self) -> str:
        return str(self.spec["x-permission"])

    @property
    def further(self) -> str:
        """OctoPrint's own permission that is asked for besides, or nothing."""
        return str(self.spec.get("x-octoprint-permission", ""))

    @property
    def needed(self) -> list[dict[str, Any]]:
        """What the query must name."""
        given = self.spec.get("parameters", [])
        return [
            each for each in given if each.get("in") == "query" and "required" in each
        ]

    @property
    def example(self) -> Any:
        """The body that is given as an example, or None."""
        content = self.spec.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    def fill(self, **values: str) -> str:
        """The path, and the query it needs, with values for their parameters."""
        path = re.sub(r"\{(\w+)\}", lambda match: values[match[1]], self.path)
        needed = {each["name"]: values[each["name"]] for each in self.needed}
        return path + ("?" + urlencode(needed) if needed else "")


class Contract:
    """The file, with references resolved where they are needed."""

    def __init__(self) -> None:
        self.spec: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))

    @property
    def base(self) -> str:
        return str(self.spec["servers"][0]["url"])

    @cached_property
    def operations(self) -> list[Operation]:
        return [
            Operation(
                method.upper(),
                path,
                {
                    **spec,
                    "parameters": item.get("parameters", []) + spec.get("parameters", []),
                },
            )
            for path, item in self.spec["paths"].items()
            for method, spec in item.items()
            if method in METHODS
        ]

    def operation(self, method: str, path: str) -> Operation:
        """The operation that a request to this path below the base is for."""
        for operation in self.operations:
            pattern = re.sub(r"\{\w+\}", "[^/]+", operation.path)
            if operation.method == method and re.fullmatch(pattern, path):
                return operation
        raise AssertionError(f"{method} {path} is not documented")

    def check(self, method: str, path: str, status: int, kind: str, body: Any) -> None:
        """Raises where this answer is not as described; `body` is what JSON says."""
        operation = self.operation(method, path.partition("?")[0][len(self.base) :])
        responses = operation.spec["responses"]
        where = f"{operation.name} {status}"
        assert str(status) in responses, f"{where} is not documented"
        content = self._resolved(responses[str(status)]).get("content", {})
        kind = kind.partition(";")[0]
        if not content:
            return
        assert kind in content, f"{where}: {kind} is not documented"
        if kind == "application/json":
            schema = self._strict(content[kind]["schema"])
            fastjsonschema.compile(schema)(body)

    def taken(self, operation: Operation) -> dict[str, Any]:
        """The schema of the body that an operation takes."""
        content = operation.spec["requestBody"]["content"]
        schema: dict[str, Any] = self._strict(content["application/json"]["schema"])
        return schema

    def schemas(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each schema there is, ready for validation."""
        for name, schema in self.spec["components"]["schemas"].items():
            yield name, self._strict(schema)

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self.spec
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    def _strict(self, node: Any) -> Any:
        """A schema without references that takes no property it does not name."""
        if isinstance(node, list):
            return [self._strict(each) for each in node]
        if not isinstance(node, dict):
            return node
        node = self._resolved(node)
        if "allOf" in node:
            node = self._merged(node)
        made = {
            key: {name: self._strict(each) for name, each in value.items()}
            if key == "properties"
            else self._strict(value)
            for key, value in node.items()
        }
        if "properties" in made:
            made.setdefault("additionalProperties", False)
        return made

    def _merged(self, node: dict[str, Any]) -> dict[str, Any]:
        merged: dict[str, Any] = {"type": "object", "required": [], "properties": {}}
        for part in node["allOf"]:
            part = self._resolved(part)
            if "allOf" in part:
                part = self._merged(part)
            merged["required"] = [*merged["required"], *part.get("required", [])]
            merged["properties"] = {**merged["properties"], **part["properties"]}
        return merged
