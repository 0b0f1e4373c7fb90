"""Bodies that no client of ours sends."""

from __future__ import annotations

import pytest

from tests.contract import Contract, Operation
from tests.server import captured, shelf
from tests.server.harness import OctoPrint

CONTRACT = Contract()
TAKING = [each for each in CONTRACT.operations if each.method == "POST"]
DEEP = 6_000  # in less than OctoPrint takes of a body at all

BODIES = {
    "lists": "[" * DEEP + "]" * DEEP,
    "objects": '{"a": ' * DEEP + "1" + "}" * DEEP,
    "lists in settings": '{"settings": ' + "[" * DEEP + "]" * DEEP + "}",
    "objects in settings": '{"settings": ' + '{"a": ' * DEEP + "1" + "}" * (DEEP + 1),
    "a thousand in settings": '{"settings": ' + "[" * 970 + "]" * 970 + "}",
    "never closed": '{"settings": ' * DEEP,
    "a hundred in a file": '{"file": ' + "[" * 100 + "]" * 100 + ', "settings": {}}',
}


@pytest.mark.parametrize("operation", TAKING, ids=[each.name for each in TAKING])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_nested_too_deep_is_refused(
    octoprint: OctoPrint, operation: Operation, body: str
) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    path = CONTRACT.base + operation.fill(key=kept.folder.name)
    answer = octoprint.request(
        operation.method,
        path,
        data=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400, answer.text[:200]
