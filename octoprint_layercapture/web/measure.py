"""The routes below ``/plugin/layercapture/cameras/measure``."""

from __future__ import annotations

from typing import Any, Callable

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions

from ..errands import NotNow
from .bodies import json_body


class MeasureRoutes(octoprint.plugin.BlueprintPlugin):
    """Start, follow and stop the measurement of a camera."""

    begin_measure: Callable[..., dict[str, Any]]
    measure_state: Callable[[], dict[str, Any]]
    stop_measure: Callable[..., bool]

    @octoprint.plugin.BlueprintPlugin.route("/cameras/measure", methods=["POST"])
    @Permissions.SETTINGS.require(403)
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def measure_begin_route(self) -> Any:
        """Move the head to and fro and find out how late a camera is."""
        body = json_body()
        tree, camera = body.get("settings"), body.get("camera")
        home = body.get("home", False)
        if (
            not isinstance(tree, (dict, type(None)))
            or not isinstance(camera, str)
            or not isinstance(home, bool)
        ):
            flask.abort(
                400,
                description='Expected {"settings": {…}, "camera": "…", '
                '"home": true or false}',
            )
        try:
            state = self.begin_measure(tree, camera, home)
        except NotNow as reason:
            return flask.jsonify({"message": reason.args[0].to_dict()}), 409
        return flask.jsonify(state), 202

    @octoprint.plugin.BlueprintPlugin.route("/cameras/measure", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def measure_state_route(self) -> Any:
        """What was or is measured."""
        return flask.jsonify(self.measure_state())

    @octoprint.plugin.BlueprintPlugin.route("/cameras/measure", methods=["DELETE"])
    @Permissions.SETTINGS.require(403)
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def measure_stop_route(self) -> Any:
        """End the measurement and bring the head back."""
        self.stop_measure()
        return flask.jsonify(self.measure_state())
