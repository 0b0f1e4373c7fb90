"""The table that `make bench` ends with: a row for each figure that has a limit."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

FILE = "LAYERCAPTURE_BENCH_ROWS"  # the environment variable that names where rows go


_FAILED = "**failed**"


def row(
    what: str, figure: float, limit: float, *, least: bool = False, unit: str = "×"
) -> bool:
    """Adds a row to the table; gives whether the figure keeps to its limit.

    ``limit`` is the most that is wanted, or with ``least`` the least.
    """
    good = figure >= limit if least else figure <= limit
    target = os.environ.get(FILE)
    if target:
        told = {
            "what": what,
            "figure": figure,
            "limit": limit,
            "least": least,
            "unit": unit,
            "good": good,
        }
        with open(target, "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
    return good


def table(source: Path, broken: Sequence[str] = ()) -> str:
    """The rows as Markdown, and a row for each bench that ended without its own."""
    lines = ["| measured | figure | limit | |", "|---|---|---|---|"]
    text = source.read_text(encoding="utf-8") if source.exists() else ""
    for told in map(json.loads, text.splitlines()):
        bound = "at least" if told["least"] else "at most"
        good = "ok" if told["good"] else _FAILED
        unit = f" {told['unit']}".rstrip()
        lines.append(
            f"| {told['what']} | {told['figure']:.4g}{unit}"
            f" | {bound} {told['limit']:g}{unit} | {good} |"
        )
    lines += [f"| {name} | – | – | {_FAILED} |" for name in broken]
    return "\n".join(lines)


if __name__ == "__main__":
    made = table(Path(sys.argv[1]), sys.argv[2:])
    print(f"\n{made}")
    sys.exit(int(_FAILED in made))
