"""Build what a release hands out: wheel, source distribution, and the zip of the sources.

Run by `make dist`; what it builds lies in `dist/`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from tests.environments import ROOT
from tests.packaging import building

NAME = "OctoPrint-LayerCapture"


def version() -> str:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (found,) = re.findall(r'(?m)^version = "(.*)"$', text)
    return str(found)


def build(folder: Path) -> list[Path]:
    """Build all three into a folder; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        source = building.clone(Path(temporary) / "source")
        # the wheel is built from the source distribution, so that one is whole
        building.run(
            *(sys.executable, "-m", "build", "--outdir", folder.resolve(), source)
        )
        clean = building.clone(Path(temporary) / "clean")
        building.archive(clean, folder.resolve(), f"{NAME}-{version()}.zip")
    return sorted(path for path in folder.iterdir() if version() in path.name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="fail where the version is not that of this tag")
    tag = parser.parse_args().tag
    if tag is not None and tag.lstrip("v") != version():
        print(f"The tag is {tag}, but the version in pyproject.toml is {version()}.")
        return 1
    for path in build(ROOT / "dist"):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
