"""JSON Schemas of the records, from their models; `python -m tests.schemas` renews."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from octoprint_layercapture.library import CaptureRecord, PrintRecord

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"
MODELS = {"capture.json": CaptureRecord, "print.json": PrintRecord}


def schema(name: str) -> dict[str, Any]:
    """What a file says that the plugin writes: all fields are there, more may be."""
    made: dict[str, Any] = MODELS[name].model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def text(name: str) -> str:
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        (FOLDER / name).write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
