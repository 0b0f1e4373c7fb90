"""The packages that users get, built from the checkout as a clone of it would be."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests import environments
from tests.environments import PACKAGE, ROOT

TOP = "OctoPrint-LayerCapture-main"
EARLIER = "0.0.9"


def run(*command: object, cwd: Path = ROOT) -> str:
    """What a command wrote; fails with that where the command failed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def _environment() -> dict[str, str]:
    """The commits made here are nobody's, and in no other repository."""
    kept = {
        key: value
        for key, value in environments.environment().items()
        if not key.startswith("GIT_")
    }
    for role in ("AUTHOR", "COMMITTER"):
        kept[f"GIT_{role}_NAME"] = "nobody"
        kept[f"GIT_{role}_EMAIL"] = "nobody@localhost"
    return kept


def what_git_keeps() -> list[Path]:
    """The files a commit of this checkout would hold; all of them without git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return environments.source_files()
    files = {ROOT / name for name in names.decode("utf-8").split("\0") if name}
    return sorted(path for path in files if path.is_file())


def clone(folder: Path) -> Path:
    """The checkout as a fresh clone of it would be."""
    for path in what_git_keeps():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def earlier(source: Path) -> Path:
    """Turns a clone into the version before: other number, settings of the first form."""
    about = source / "pyproject.toml"
    text = about.read_text(encoding="utf-8")
    about.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{EARLIER}"', text))
    steps = source / PACKAGE / "migrations.py"
    text = steps.read_text(encoding="utf-8")
    begin = text.index("STEPS: ")
    end = text.index("\n", begin)
    steps.write_text(text[:begin] + "STEPS: tuple[Any, ...] = ()" + text[end:])
    return source


def wheel(source: Path, folder: Path) -> Path:
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, source)
    (built,) = folder.glob("*.whl")
    return built


def archive(source: Path, folder: Path, name: str = "main.zip") -> Path:
    """The zip of `git archive`: what a repository's "download as zip" gives."""
    made = folder / name
    if shutil.which("git") is None:
        return _zipped(source, made)
    run("git", "init", "--quiet", cwd=source)
    run("git", "add", "--all", cwd=source)
    run("git", "commit", "--quiet", "--message", "archive", cwd=source)
    run(
        *("git", "archive", "--format=zip", f"--prefix={TOP}/", f"--output={made}"),
        "HEAD",
        cwd=source,
    )
    return made


def _zipped(source: Path, made: Path) -> Path:
    with zipfile.ZipFile(made, "w") as target:
        for path in sorted(source.rglob("*")):
            target.write(path, os.path.join(TOP, path.relative_to(source)))
    return made
