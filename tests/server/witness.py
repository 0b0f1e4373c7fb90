"""A plugin that tells from inside what a server's process holds at the moment.

Copied into a server's `plugins` folder; stands on its own.
"""

import os
import sys
import threading
from collections import Counter

import flask
import octoprint.plugin

__plugin_name__ = "Witness"
__plugin_version__ = "1.0"
__plugin_pythoncompat__ = ">=3.9,<4"


def open_files():
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return found


class WitnessPlugin(octoprint.plugin.SimpleApiPlugin):
    def is_api_protected(self):
        return True

    def holds(self):
        """How many holds the job has, of all plugins together."""
        connection = getattr(self._printer, "_connection", None) or self._printer
        comm = getattr(connection, "_comm", None)
        return None if comm is None else comm._job_on_hold.counter

    def on_api_get(self, request):
        hands = sys.modules["octoprint_layercapture.hands"].HANDS
        with hands._changed:
            busy = dict(hands._busy)
        names = Counter(thread.name for thread in threading.enumerate())
        return flask.jsonify(
            {
                "threads": dict(names),
                "busy": busy,
                "holds": self.holds(),
                "files": open_files(),
            }
        )


__plugin_implementation__ = WitnessPlugin()
