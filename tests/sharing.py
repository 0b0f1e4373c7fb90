"""Which tests one worker of pytest-xdist runs, one after the other.

xdist's own groups are marks that it writes into the names of tests, which newer versions
of pytest do not let it do: the tests are then spread without a word.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

from tests.environments import OCTOPRINTS

VERSION = re.compile(r"\[(?:.*-)?(" + "|".join(map(re.escape, OCTOPRINTS)) + r")[-\]]")


def group(test: str) -> str:
    """The name of the group that a test belongs to, which may be the test alone.

    A server is the one of a folder and a version, and a browser starts as slowly.
    """
    module, _, name = test.partition("::")
    folder = module.rpartition("/")[0]
    version = VERSION.search(name)
    if version:
        return f"{folder} {version[1]}"
    return module if folder == "tests/browser" else test


class Sharing(LoadScopeScheduling):
    """Gives out whole groups, the largest first; single tests fill up the rest."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
