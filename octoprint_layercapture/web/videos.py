"""The routes below ``/plugin/layercapture/videos``."""

from __future__ import annotations

from typing import Any, Callable

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions

from ..library import UnknownPrint
from ..messages import Message
from ..rendering import Video, VideoError, Videos
from .bodies import json_body
from .refusals import refusal


class VideoRoutes(octoprint.plugin.BlueprintPlugin):
    """Make videos of a print and follow them."""

    videos: Callable[[], Videos]
    make_videos: Callable[..., list[Video]]

    @octoprint.plugin.BlueprintPlugin.route("/videos", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def videos_route(self) -> Any:
        """The videos that wait, are made, or were made since OctoPrint started."""
        return flask.jsonify(self._video_state())

    @octoprint.plugin.BlueprintPlugin.route("/videos", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def videos_make_route(self) -> Any:
        """Queue the videos of a print, or those of one position or camera."""
        body = json_body()
        key, index, camera = body.get("print"), body.get("index"), body.get("camera")
        if (
            not isinstance(key, str)
            or not isinstance(index, (int, type(None)))
            or isinstance(index, bool)
            or not isinstance(camera, (str, type(None)))
        ):
            flask.abort(
                400, description='Expected {"print": "…", "index": 0, "camera": "…"}'
            )
        try:
            self.make_videos(key, index, camera)
        except UnknownPrint as unknown:
            return refusal(404, unknown.text, unknown.params)
        except VideoError as refused:
            why: Message = refused.args[0]
            return refusal(409, why.text, why.params)
        return flask.jsonify(self._video_state()), 202

    def _video_state(self) -> dict[str, Any]:
        videos = self.videos()
        problem = videos.problem()
        return {
            "videos": videos.state(),
            "problem": None if problem is None else problem.to_dict(),
        }
