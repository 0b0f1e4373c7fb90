"""Find a Python that fits, or each one that does, and hand over to it.

This file alone has to run on a Python that is too old, so that it can say so: it
avoids every construct a Python 2.7 would not parse.
"""

from __future__ import print_function

import os
import re
import subprocess
import sys

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "environments.py")
OLDEST = (3, 9)
NEWEST = (3, 13)
PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"


def version_of(command):
    """The (major, minor) the command answers with, or None where it does not run."""
    try:
        process = subprocess.Popen(
            [command, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        answer = process.communicate()[0].decode("ascii", "replace")
    except OSError:
        return None
    try:
        major, minor = answer.strip().split(".")
        return int(major), int(minor)
    except ValueError:
        return None


def fits(version):
    return version is not None and OLDEST <= version <= NEWEST


def choose():
    """The command of a fitting Python: this one, or else the newest that is there."""
    if fits(sys.version_info[:2]):
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        command = "python3.%d" % minor
        if fits(version_of(command)):
            return command
    return None


def pyenv_versions(minor):
    """The interpreters of Python 3.`minor` that pyenv keeps, the newest first."""
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    try:
        names = os.listdir(os.path.join(root, "versions"))
    except OSError:
        return []
    found = [name for name in names if re.match(r"3\.%d\.\d+$" % minor, name)]
    found.sort(key=lambda name: int(name.split(".")[2]), reverse=True)
    return [os.path.join(root, "versions", name, "bin", "python") for name in found]


def installed():
    """(version, command) of each Python that fits and is there, the oldest first."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        version = (3, minor)
        commands = ["python3.%d" % minor] + pyenv_versions(minor)
        if version == sys.version_info[:2]:
            commands.insert(0, sys.executable)
        for command in commands:
            if version_of(command) == version:
                yield "%d.%d" % version, command
                break


def matrix(arguments):
    """The tests on every Python, each in environments of its own; the worst status.

    `--only=3.9,3.13` as the first argument leaves the others out.
    """
    results = []
    wanted = None
    if arguments[:1] and arguments[0].startswith("--only="):
        wanted = re.findall(r"[0-9.]+", arguments.pop(0))
    for version, command in installed():
        if wanted is not None and version not in wanted:
            continue
        print("Python %s" % version)
        sys.stdout.flush()
        variables = dict(os.environ)
        variables["LAYERCAPTURE_ENVIRONMENTS"] = os.path.join(".venvs", version)
        status = subprocess.call([command, SCRIPT, "test"] + arguments, env=variables)
        results.append((version, status))
    for version, status in results:
        print("Python %-5s %s" % (version, "failed" if status else "passed"))
    if not results:
        print("No such Python from %d.%d to %d.%d was found." % (OLDEST + NEWEST))
        return 1
    return max(status for _, status in results)


def main():
    if sys.argv[1:2] == ["matrix"]:
        return matrix(sys.argv[2:])
    command = choose()
    if command is None:
        found = "%d.%d" % sys.version_info[:2]
        direction = "old" if sys.version_info[:2] < OLDEST else "new"
        print(
            "Layer Capture needs Python %d.%d to %d.%d; the one found here is %s, too %s."
            % (OLDEST + NEWEST + (found, direction)),
            file=sys.stderr,
        )
        return 1
    sys.stdout.flush()
    os.execvp(command, [command, SCRIPT] + sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
