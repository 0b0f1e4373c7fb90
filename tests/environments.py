"""Build the environments that the demo and the tests run in, and run them.

Standard library only: `make` reaches this through `tests/bootstrap.py` before anything is
installed. Everything it makes lies inside the checkout and is ignored by git. Long, since
what runs before anything is installed is best one file that imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRIMARY = "1.11.8"
OCTOPRINTS = (PRIMARY, "2.0.0rc7")

PACKAGE = "octoprint_layercapture"
SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")
PRETTIER = "prettier@3.3.3"

STAMP = "layercapture.json"
UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
    r"|Max retries exceeded|No matching distribution found"
)


class SetupError(Exception):
    """The environment cannot be built; the message is the one line to show."""


def say(message: str) -> None:
    # One write, newline included: two environments may be built at once.
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def apart() -> Path | None:
    """Where the environments lie that `make matrix` made for this Python alone."""
    folder = os.environ.get("LAYERCAPTURE_ENVIRONMENTS")
    return ROOT / folder if folder else None


def directory(version: str) -> Path:
    """The environment of an OctoPrint version; PRIMARY's also holds the test tools."""
    folder = apart()
    if folder is not None:
        return folder / version
    return ROOT / ".venv" if version == PRIMARY else ROOT / ".venvs" / version


def executable(version: str, name: str = "python") -> Path:
    return directory(version) / "bin" / name


def environment() -> dict[str, str]:
    """The environment variables for what runs inside: nothing that leads out of it."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET")
    return {key: value for key, value in os.environ.items() if key not in unwanted}


def run_logged(command: Sequence[object], log: Path) -> bool:
    """Run a command with its output appended to `log`; True where it succeeded."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        output.write(("$ " + " ".join(map(str, command)) + "\n").encode())
        output.flush()
        process = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=ROOT,
        )
    return process.returncode == 0


# System packages


def elevation() -> list[str] | None:
    """What to put before apt-get: nothing as root, sudo, or None where neither works."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def require_system(packages: Sequence[str]) -> None:
    """Install Debian packages, or raise with the one line that does."""
    if not packages:
        return
    names = " ".join(packages)
    by_hand = "sudo apt-get install -y " + names
    prefix = elevation() if shutil.which("apt-get") else None
    if prefix is None:
        raise SetupError(f"Missing on this system: {names}. To install: {by_hand}")
    say(f"Installing {names} …")
    log = ROOT / ".venvs" / "apt.log"
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run_logged([*apt, "update"], log)
    if not run_logged([*apt, "install", "-y", "--no-install-recommends", *packages], log):
        raise SetupError(f"Could not install {names} (see {log}). By hand: {by_hand}")


def missing_for_venv() -> list[str]:
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return []
    return [f"python3.{sys.version_info[1]}-venv"]


def missing_for_tests() -> list[str]:
    missing = []
    if chromium() is None:
        missing += ["chromium", "fonts-liberation"]
    if shutil.which("ffmpeg") is None:
        missing.append("ffmpeg")
    return missing


def chromium() -> str | None:
    """The path of a Chromium that the browser tests can drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


# Python environments


class Environment:
    """A virtual environment with one OctoPrint version, built step by step.

    A step is done again when what it was done from has changed; what that was is kept in
    a stamp file inside the environment.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.path = directory(version)
        self.log = (apart() or ROOT / ".venvs") / f"install-{version}.log"
        self.done: dict[str, str] = {}

    @property
    def python(self) -> Path:
        return executable(self.version)

    def _stale(self, step: str, made_from: str) -> bool:
        return self.done.get(step) != made_from

    def stamp(self, step: str, made_from: str) -> None:
        self.done[step] = made_from
        (self.path / STAMP).write_text(json.dumps(self.done, indent=2), encoding="utf-8")

    def pip(self, what: str, *arguments: object) -> None:
        command = [self.python, "-m", "pip", "--disable-pip-version-check", *arguments]
        before = self.log.stat().st_size if self.log.exists() else 0
        if run_logged(command, self.log):
            return
        output = self.log.read_bytes()[before:].decode("utf-8", "replace")
        if UNREACHABLE.search(output):
            raise SetupError(
                f"Could not download {what}: is there a network connection? "
                f"pip's own words are in {self.log}"
            )
        raise SetupError(f"Could not install {what}; pip's own words are in {self.log}")

    def create(self) -> None:
        """An empty environment of the running Python, where there is none that works."""
        stamp = self.path / STAMP
        python = "{}.{}.{} {}".format(*sys.version_info[:3], sys.base_prefix)
        with contextlib.suppress(OSError, ValueError):
            self.done = json.loads(stamp.read_text(encoding="utf-8"))
        if not self._stale("python", python + f" {self.path}") and self.python.exists():
            return
        self.done = {}
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.log.unlink()
        say(f"Creating {self.path.relative_to(ROOT)} …")
        if not run_logged([sys.executable, "-m", "venv", self.path], self.log):
            raise SetupError(f"Could not create {self.path} (see {self.log})")
        self.stamp("python", python + f" {self.path}")

    def install_octoprint(self) -> None:
        if not self._stale("octoprint", self.version):
            return
        say(f"Installing OctoPrint {self.version} …")
        wanted = f"OctoPrint=={self.version}"
        with tempfile.TemporaryDirectory(dir=self.path) as folder:
            self.pip(wanted, "download", "--no-deps", "--dest", folder, wanted)
            (wheel,) = Path(folder).glob("*.whl")
            self.pip(wanted, "install", *without_compiler(requirements(wheel)))
            self.pip(wanted, "install", "--no-deps", wheel)
        self.stamp("octoprint", self.version)

    def install_plugin(self) -> None:
        """Install the plugin as a user does: the built package, not a link to it."""
        digest = source_digest()
        if not self._stale("plugin", digest):
            return
        say(f"Installing the plugin for OctoPrint {self.version} …")
        with tempfile.TemporaryDirectory(dir=self.path) as folder:
            wheel = build_wheel(self, Path(folder))
            self.pip("the plugin's requirements", "install", wheel)
            self.pip("the plugin", "install", "--no-deps", "--force-reinstall", wheel)
        self.stamp("plugin", digest)

    def install_tools(self) -> None:
        digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
        if not self._stale("tools", digest):
            return
        say("Installing the test tools …")
        with tempfile.TemporaryDirectory(dir=self.path) as folder:
            wheel = build_wheel(self, Path(folder))
            # Only the extra's own requirements: a plugin under test stays as it is.
            self.pip("the test tools", "install", *requirements(wheel, extra="develop"))
        self.stamp("tools", digest)


def requirements(wheel: Path, extra: str | None = None) -> list[str]:
    """What a wheel's metadata asks for, without extras or of one extra alone."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        text = archive.read(name).decode("utf-8")
    header = text.split("\n\n", 1)[0]
    wanted = []
    for value in re.findall(r"(?m)^Requires-Dist:\s*(.+?)\s*$", header):
        named = re.search(r"""extra\s*==\s*["']([^"']+)["']""", value)
        if (named.group(1) if named else None) == extra:
            wanted.append(
                re.sub(r"""\s*(;|and)\s*extra\s*==\s*["'][^"']+["']""", "", value)
            )
    return wanted


def without_compiler(wanted: Sequence[str]) -> list[str]:
    """The same requirements with netifaces replaced: it has no wheel after Python 3.9."""
    kept = [line for line in wanted if not re.match(r"netifaces(?![\w.-])", line)]
    return kept if len(kept) == len(wanted) else [*kept, "netifaces2"]


def source_files() -> list[Path]:
    files = [ROOT / name for name in SOURCES]
    files += (ROOT / PACKAGE).rglob("*")
    return sorted(p for p in files if p.is_file() and "__pycache__" not in p.parts)


def source_digest() -> str:
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_wheel(env: Environment, folder: Path) -> Path:
    """Build the plugin's wheel from a copy, so that the checkout stays as it was."""
    copy = folder / "source"
    for path in source_files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    env.pip("the build tools", "wheel", "--no-deps", "--wheel-dir", folder, copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextlib.contextmanager
def exclusively() -> Iterator[None]:
    """One builder at a time: a second one waits and then finds the work done."""
    (ROOT / ".venvs").mkdir(exist_ok=True)
    with open(ROOT / ".venvs" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(versions: Sequence[str] = (PRIMARY,), tools: bool = False) -> None:
    """Build what is missing or out of date of the environments of these versions."""
    require_system(missing_for_venv())
    with exclusively(), ThreadPoolExecutor(len(versions)) as pool:
        environments = [Environment(version) for version in versions]

        def build(env: Environment) -> None:
            env.create()
            env.install_octoprint()
            env.install_plugin()
            if tools and env.version == PRIMARY:
                env.install_tools()

        for result in [pool.submit(build, env) for env in environments]:
            result.result()


# What make calls


def call(command: Sequence[object], **variables: str) -> int:
    arguments = [str(part) for part in command]
    try:
        return subprocess.call(arguments, cwd=ROOT, env={**environment(), **variables})
    except KeyboardInterrupt:
        return 130


def demo(arguments: Sequence[str]) -> int:
    ensure()
    os.chdir(ROOT)
    python = str(executable(PRIMARY))
    os.execve(python, [python, "-m", "tests.demo.demo", *arguments], environment())


def test(arguments: Sequence[str]) -> int:
    require_system(missing_for_venv() + missing_for_tests())
    ensure(OCTOPRINTS, tools=True)
    # three at least, since servers and printers have to be waited for
    workers = max(3, min(6, os.cpu_count() or 3))
    return call(
        [
            *(executable(PRIMARY), "-m", "pytest"),
            *(f"--numprocesses={workers}", "--dist=loadscope"),
            *arguments,
        ]
    )


def lint(arguments: Sequence[str]) -> int:
    ensure(tools=True)
    python = executable(PRIMARY)
    results = [
        call([python, "-m", "ruff", "check", "."]),
        call([python, "-m", "ruff", "format", "--check", "."]),
        call([python, "-m", "mypy"]),
        prettier("--check"),
    ]
    return max(results)


def tidy(arguments: Sequence[str]) -> int:
    ensure(tools=True)
    ruff = [executable(PRIMARY), "-m", "ruff"]
    call([*ruff, "check", "--fix", "--select", "I", "."])
    call([*ruff, "format", "."])
    return prettier("--write")


def prettier(mode: str) -> int:
    """Check or write the JavaScript's format, where Node.js is there to do it."""
    scripts = sorted(map(str, (ROOT / PACKAGE / "static").rglob("*.js")))
    if not scripts:
        return 0
    npx = shutil.which("npx")
    tool = [npx, "--yes", PRETTIER]
    if npx is None or not run_logged([*tool, "--version"], ROOT / ".venvs" / "npx.log"):
        say("prettier: skipped, it cannot be had here (it needs Node.js and a network)")
        return 0
    return call([*tool, mode, *scripts])


def bench(arguments: Sequence[str]) -> int:
    ensure(tools=True)
    python = executable(PRIMARY)
    broken = []
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        for script in sorted((ROOT / "tests" / "bench").glob("[!_]*.py")):
            before = rows.stat().st_size if rows.exists() else 0
            told = {"PYTHONPATH": str(ROOT), "LAYERCAPTURE_BENCH_ROWS": str(rows)}
            failed = call([python, script, *arguments], **told) != 0
            after = rows.stat().st_size if rows.exists() else 0
            broken += [script.stem] if failed and after == before else []
        table = ("-m", "tests.bench._rows", rows, *broken)
        return call([python, *table], PYTHONPATH=str(ROOT))


def dist(arguments: Sequence[str]) -> int:
    ensure(tools=True)
    return call([executable(PRIMARY), "-m", "tests.packaging.release", *arguments])


def screenshots(arguments: Sequence[str]) -> int:
    require_system(missing_for_tests())
    ensure(tools=True)
    return call([executable(PRIMARY), "-m", "tests.demo.screenshots", *arguments])


def venv(arguments: Sequence[str]) -> int:
    ensure(OCTOPRINTS, tools=True)
    return 0


COMMANDS = {
    "bench": bench,
    "demo": demo,
    "dist": dist,
    "format": tidy,
    "lint": lint,
    "screenshots": screenshots,
    "test": test,
    "venv": venv,
}


def main(arguments: Sequence[str]) -> int:
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
