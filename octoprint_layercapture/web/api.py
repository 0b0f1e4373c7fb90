"""The routes below ``/plugin/layercapture/``."""

from __future__ import annotations

from typing import Any

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions

from .bodies import json_body
from .preview import no_problem, preview


class ApiSection(octoprint.plugin.BlueprintPlugin):
    """The plugin's HTTP routes; ``is_blueprint_protected`` only means logged in."""

    def is_blueprint_protected(self) -> bool:
        return True

    def is_blueprint_csrf_protected(self) -> bool:
        return True

    @octoprint.plugin.BlueprintPlugin.route("/preview", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def preview_route(self) -> Any:
        """The grid that the posted settings would make."""
        tree = json_body().get("settings")
        if not isinstance(tree, dict):
            flask.abort(400, description='Expected {"settings": {…}}')
        # what is on the server's disks is for those only who may choose the folder
        further = self.folder_problem if Permissions.SETTINGS.can() else no_problem
        return flask.jsonify(
            preview(tree, self.current_profile(), self._webcams, further)
        )

    @octoprint.plugin.BlueprintPlugin.route("/state", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def state_route(self) -> Any:
        """What the plugin does now, as far as that is known without asking the disk."""
        self.look_for_cameras()
        self.look_for_pictures()
        return flask.jsonify(self.state())

    @octoprint.plugin.BlueprintPlugin.route("/enabled", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def enabled_route(self) -> Any:
        """Turn captures on or off."""
        enabled = json_body().get("enabled")
        if not isinstance(enabled, bool):
            flask.abort(400, description='Expected {"enabled": true or false}')
        self.set_enabled(enabled)
        return flask.jsonify(self.state())

    @octoprint.plugin.BlueprintPlugin.route("/job", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def job_route(self) -> Any:
        """Act on the print under way: skip it, capture next, stop a capture …"""
        wish = json_body().get("command")
        if wish == "skip":
            self.answered()
            done = self.skip_print(True)
        elif wish == "continue":
            done = self.skip_print(False)
        elif wish == "capture_next":
            done = self.capture_next()
        elif wish == "leave_next":
            done = self.leave_next()
        elif wish == "stop":
            done = self.stop_capture()
        elif wish == "understood":
            done = self.understood()
        else:
            flask.abort(
                400,
                description='Expected {"command": "skip", "continue", "capture_next", '
                '"leave_next", "stop" or "understood"}',
            )
        if not done:
            flask.abort(409, description="There is nothing to act on now")
        return flask.jsonify(self.state())
