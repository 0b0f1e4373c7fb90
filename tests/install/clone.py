"""A copy of an environment of the tests, without the plugin, to install into."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests import environments

OURS = re.compile(r"octoprint[_-]layercapture", re.IGNORECASE)


class Clone:
    """A virtual environment with OctoPrint and pip; the plugin is not in it.

    Its files are links to those of the environment it was made from. Nothing writes into
    them: pip and Python replace files and do not change them.
    """

    def __init__(self, path: Path, version: str) -> None:
        self.path = path
        environments.ensure([version])
        origin = environments.directory(version)
        made = [sys.executable, "-m", "venv", "--without-pip", str(path)]
        subprocess.run(made, check=True, env=environments.environment())
        shutil.copytree(
            self._packages(origin),
            self.packages,
            copy_function=link,
            ignore=lambda _, names: [n for n in names if OURS.match(n)],
            dirs_exist_ok=True,
        )
        self.program = path / "bin" / "octoprint"
        self.program.write_text(
            f"#!{self.python}\nimport sys\nfrom octoprint import main\nsys.exit(main())\n"
        )
        self.program.chmod(0o755)

    @staticmethod
    def _packages(environment: Path) -> Path:
        there = {"base": str(environment), "platbase": str(environment)}
        return Path(sysconfig.get_path("purelib", vars=there))

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def packages(self) -> Path:
        return self._packages(self.path)

    def ours(self) -> list[str]:
        """What is there of the plugin, anywhere in the environment."""
        found = [p.relative_to(self.path) for p in self.path.rglob("*")]
        return sorted(str(path) for path in found if OURS.search(str(path)))

    def origin(self) -> str:
        """The file that pip installed the plugin from."""
        (told,) = self.packages.glob("*ayer*apture-*.dist-info/direct_url.json")
        url: str = json.loads(told.read_text(encoding="utf-8"))["url"]
        return url.rpartition("/")[2]

    def pip(self, *arguments: object) -> str:
        command = [self.python, "-m", "pip", "--disable-pip-version-check", *arguments]
        done = subprocess.run(
            [str(part) for part in command],
            env=environments.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def remove(self) -> None:
        shutil.rmtree(self.path)


def link(source: str, target: str) -> None:
    """The same file by another name; a copy where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
