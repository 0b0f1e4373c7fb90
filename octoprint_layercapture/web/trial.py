"""The routes below ``/plugin/layercapture/trial``: test captures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions

from ..errands import NotNow
from ..library.thumbnails import Thumbnails
from .bodies import json_body

_AN_HOUR = 3600  # s; pictures never change, and are gone with the next test


class TrialRoutes(octoprint.plugin.BlueprintPlugin):
    """Start, follow and stop a test capture, and look at its pictures."""

    begin_trial: Callable[..., dict[str, Any]]
    trial_state: Callable[[], dict[str, Any]]
    stop_trial: Callable[[], bool]
    trial_picture: Callable[[str, str], Optional[Path]]
    thumbnails: Callable[[], Thumbnails]

    @octoprint.plugin.BlueprintPlugin.route("/trial", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def trial_begin_route(self) -> Any:
        """Visit the grid above the bed, with the posted settings or the saved ones."""
        body = json_body()
        tree, home = body.get("settings"), body.get("home")
        if not isinstance(tree, (dict, type(None))) or not isinstance(home, bool):
            flask.abort(
                400, description='Expected {"settings": {…}, "home": true or false}'
            )
        if tree is not None and not Permissions.SETTINGS.can():
            # they could send the saved password to a server of their own
            flask.abort(403, description="Settings of your own need the right to save")
        try:
            state = self.begin_trial(tree, home)
        except NotNow as reason:
            return flask.jsonify({"message": reason.args[0].to_dict()}), 409
        return flask.jsonify(state), 202

    @octoprint.plugin.BlueprintPlugin.route("/trial", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def trial_state_route(self) -> Any:
        """What is or was tested."""
        return flask.jsonify(self.trial_state())

    @octoprint.plugin.BlueprintPlugin.route("/trial", methods=["DELETE"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def trial_stop_route(self) -> Any:
        """End the test capture and bring the head back; its pictures stay."""
        self.stop_trial()
        return flask.jsonify(self.trial_state())

    @octoprint.plugin.BlueprintPlugin.route("/trial/<number>/<name>", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def trial_picture_route(self, number: str, name: str) -> Any:
        """A picture of the last test capture."""
        return _sent(self.trial_picture(number, name))

    @octoprint.plugin.BlueprintPlugin.route(
        "/trial/<number>/thumbnails/<name>", methods=["GET"]
    )
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def trial_thumbnail_route(self, number: str, name: str) -> Any:
        """The same, made small."""
        picture = self.trial_picture(number, name)
        return _sent(None if picture is None else self.thumbnails().make(picture))


def _sent(path: Optional[Path]) -> Any:
    try:
        picture = None if path is None else path.read_bytes()
    except OSError:
        picture = None
    if picture is None:
        flask.abort(404)
    response = flask.make_response(picture)
    response.headers["Content-Type"] = "image/jpeg"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = f"private, max-age={_AN_HOUR}, immutable"
    return response
