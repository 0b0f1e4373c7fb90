"""The routes of the cameras: which there are, and trying one out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

import flask
import octoprint.plugin
import octoprint.webcams
from octoprint.access.permissions import Permissions

from ..cameras import Scene, Webcams
from ..capture.engine import Engine
from ..config import Config, parse
from ..credentials import completed
from ..jobs import cameras, space
from ..messages import N_, Message
from .bodies import json_body
from .camera_tests import CameraTests, TooMany

URL = "url"
FAKE = "fake"

# the list has the camera's name beside it
_UNABLE = Message(
    N_(
        "It cannot take single pictures. Enter its snapshot URL in OctoPrint's webcam "
        "settings."
    )
)

_GRACE = 5.0  # s that a test may take beyond the limit of one picture
_OF_A_WEBCAM = ("cameras.timeout", "cameras.max_size")
_OF_THE_URL = (
    *_OF_A_WEBCAM,
    *("cameras.url", "cameras.auth", "cameras.username"),
    *("cameras.password", "cameras.token", "cameras.verify"),
)


class CamerasSection(octoprint.plugin.BlueprintPlugin):
    """Lists cameras and tests them. Tests share nothing with a print's cameras."""

    _camera_tests: CameraTests
    _test_webcams: Webcams
    _config: Config
    _engine: Engine

    @octoprint.plugin.BlueprintPlugin.route("/cameras", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def cameras_route(self) -> Any:
        """The cameras that there are, and those chosen that there are not."""
        provided = octoprint.webcams.get_webcams()
        preferred = octoprint.webcams.get_snapshot_webcam()
        default = None if preferred is None else preferred.config.name
        listed = listing(self._config, provided, default, self._test_webcams)
        return flask.jsonify({"cameras": listed})

    @octoprint.plugin.BlueprintPlugin.route("/cameras/test", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def camera_test_route(self) -> Any:
        """Begin a test, with the posted settings or the saved ones."""
        body = json_body()
        name, tree = body.get("camera"), body.get("settings")
        if not isinstance(name, str) or not isinstance(tree, (dict, type(None))):
            flask.abort(400, description='Expected {"camera": "…", "settings": {…}}')
        if tree is not None and not Permissions.SETTINGS.can():
            # they could send the saved password to a server of their own
            flask.abort(403, description="Settings of your own need the right to save")
        if self._engine.run is not None:
            return _conflict(
                N_("A capture is under way. Test the camera when it is over.")
            )
        try:
            number = self._begin_test(name, tree)
        except TooMany:
            return _conflict(
                N_("Other tests are still running. Try again when they are done.")
            )
        return flask.jsonify({"id": number}), 202

    @octoprint.plugin.BlueprintPlugin.route("/cameras/test/<number>", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def camera_test_result_route(self, number: str) -> Any:
        """What became of a test."""
        answer = self._camera_tests.answer(number)
        if answer is None:
            flask.abort(404)
        return flask.jsonify(answer)

    @octoprint.plugin.BlueprintPlugin.route("/cameras/test/<number>.jpg", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_CAPTURE.require(403)
    def camera_test_picture_route(self, number: str) -> Any:
        """The picture of a test."""
        picture = self._camera_tests.picture(number)
        if picture is None:
            flask.abort(404)
        response = flask.make_response(picture)
        response.headers["Content-Type"] = "image/jpeg"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _begin_test(self, name: str, tree: Optional[dict[str, Any]]) -> str:
        config = self._config
        if tree is not None:
            config, problems = parse(completed(tree, config), config)
            for problem in problems:
                if concerns(name, problem.key):
                    return self._camera_tests.refuse(name, problem.message)
        if name == URL and not config.cameras.url:
            return self._camera_tests.refuse(
                name, Message(N_("Enter the snapshot URL of the camera first."))
            )
        found, refused = cameras(alone(config, name), self._test_webcams)
        if not found:
            return self._camera_tests.refuse(name, refused[0])
        camera = found[0]
        scene = scene_of_bed(config, self.current_profile())
        source = {FAKE: None, URL: config.cameras.url}.get(name, name)
        return self._camera_tests.start(
            name,
            source,
            lambda: camera.snapshot(scene),
            config.cameras.timeout + _GRACE,
        )


def listing(
    config: Config,
    provided: Mapping[str, Any],
    default: Optional[str],
    webcams: Webcams,
) -> list[dict[str, Any]]:
    """All cameras as ``docs/api.md`` describes them.

    Args:
        provided: OctoPrint's webcams by name
        default: the one that OctoPrint takes its snapshots with
        webcams: says what is wrong with one
    """
    gone = [name for name in config.cameras.use if name not in provided]
    listed = []
    for name in [*provided, *gone]:
        webcam = provided.get(name)
        able, problems = webcams.choose([name])
        problem = Message(problems[0].text, problems[0].params) if problems else None
        if webcam is not None and not webcam.config.canSnapshot:
            problem = _UNABLE
        listed.append(
            {
                "name": name,
                "title": name if webcam is None else webcam.config.displayName or name,
                "kind": "webcam",
                "provider": None if webcam is None else webcam.providerIdentifier,
                "can_snapshot": bool(able),
                "problem": None if problem is None else problem.to_dict(),
                "default": name == default,
            }
        )
    if config.cameras.url:
        listed.append(_own(URL, "Snapshot URL"))
    listed.append(_own(FAKE, "Fake camera"))
    return listed


def _own(kind: str, title: str) -> dict[str, Any]:
    return {
        "name": kind,
        "title": title,
        "kind": kind,
        "provider": None,
        "can_snapshot": True,
        "problem": None,
        "default": False,
    }


def alone(config: Config, name: str) -> Config:
    """The same settings with this camera as the only one."""
    chosen = config.cameras.model_copy(
        update={
            "fake": name == FAKE,
            "use": () if name in (FAKE, URL) else (name,),
            "url": config.cameras.url if name == URL else "",
        }
    )
    return config.model_copy(update={"cameras": chosen})


def concerns(camera: str, key: str) -> bool:
    """Whether this camera cannot be tested while that setting is wrong."""
    if camera == FAKE:
        return key.startswith("fake_camera")
    return key == "cameras" or key in (_OF_THE_URL if camera == URL else _OF_A_WEBCAM)


def scene_of_bed(config: Config, profile: Mapping[str, Any]) -> Scene:
    """The head above the middle of the bed, nothing printed but a first layer."""
    around = space(config, profile)
    x, y = around.center
    height = config.layers.min_height
    return Scene(
        layer=1,
        z=height,
        height=height,
        x=x,
        y=y,
        index=0,
        time=time.time(),
        bed=around.bed,
        circular=around.radius is not None,
    )


def _conflict(text: str) -> Any:
    return flask.jsonify({"message": Message(text).to_dict()}), 409
