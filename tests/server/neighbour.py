"""A plugin of somebody else's: notes our events and calls our helpers.

Copied into a server's `plugins` folder; stands on its own.
"""

import json
import os

import flask
import octoprint.plugin

__plugin_name__ = "Neighbour"
__plugin_version__ = "1.0"
__plugin_pythoncompat__ = ">=3.9,<4"

WANTED = ("plugin_layercapture_", "PrintStarted", "PrintDone", "PrintCancelled")


class NeighbourPlugin(
    octoprint.plugin.EventHandlerPlugin, octoprint.plugin.SimpleApiPlugin
):
    def on_event(self, event, payload):
        if event.startswith(WANTED):
            path = os.path.join(self.get_plugin_data_folder(), "events.jsonl")
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps([event, payload], allow_nan=False) + "\n")

    def is_api_protected(self):
        return True

    def get_api_commands(self):
        return {"call": ["helper", "arguments"], "names": []}

    def on_api_command(self, command, data):
        helpers = self._plugin_manager.get_helpers("layercapture")
        if command == "names":
            return flask.jsonify(sorted(helpers))
        try:
            answer = helpers[data["helper"]](**data["arguments"])
        except LookupError as error:
            return flask.jsonify({"lookup": str(error)})
        return flask.jsonify({"answer": answer})


__plugin_implementation__ = NeighbourPlugin()
