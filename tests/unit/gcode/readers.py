"""OctoPrint's own way of reading a file for printing, whichever version is installed."""

from __future__ import annotations

import importlib
from pathlib import Path


def positions(path: Path) -> list[tuple[int, str]]:
    """What OctoPrint sends of the file: each line's ``filepos`` and the line."""
    try:
        module = importlib.import_module("octoprint.plugins.serial_connector.serial_comm")
    except ImportError:
        module = importlib.import_module("octoprint.util.comm")
    information = module.PrintingGcodeFileInformation(str(path))
    information.start()
    sent: list[tuple[int, str]] = []
    while True:
        line, position, _ = information.getNext()
        if line is None:
            information.close()
            return sent
        sent.append((position, line))
