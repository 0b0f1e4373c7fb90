"""Find a Python that fits and hand over to it.

This file alone has to run on a Python that is too old, so that it can say so: it
avoids every construct a Python 2.7 would not parse.
"""

from __future__ import print_function

import os
import subprocess
import sys

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


def main():
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
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "environments.py")
    sys.stdout.flush()
    os.execvp(command, [command, script] + sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
