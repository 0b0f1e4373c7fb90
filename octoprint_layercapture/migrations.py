"""Settings stored by earlier versions, brought to the form that this one reads.

Each step is named for the form it brings about, stands on its own and never changes once
released. A new one goes to the end of :data:`STEPS`.
"""

from __future__ import annotations

import copy
from typing import Any, Callable, Optional

from .addresses import login_apart

Tree = dict[str, Any]


def v2(stored: Tree) -> Tree:
    """A camera's login stood in its URL; user and password have settings of their own."""
    if "cameras" in stored:
        stored["cameras"] = login_apart(stored["cameras"])
    return stored


#: In order: the first makes form 2 of form 1.
STEPS: tuple[Callable[[Tree], Tree], ...] = (v2,)

#: The form of the settings that this version reads and writes.
VERSION = 1 + len(STEPS)


def migrated(stored: Any, version: Optional[int]) -> Tree:
    """Stored settings in today's form.

    Args:
        stored: what is written below ``plugins.layercapture``, without defaults
        version: the form it has; None, which nobody but a person writes, is the first
    """
    tree: Tree = copy.deepcopy(stored) if isinstance(stored, dict) else {}
    for step in STEPS[max(version or 1, 1) - 1 :]:
        tree = step(tree)
    return tree
