"""What it means for the user when asking a webcam for a picture failed.

Exceptions are told apart by type and status only: their own texts may hold addresses with
passwords or tokens in them. ``own`` cameras are those whose snapshot URL stands in the
settings of Layer Capture; OctoPrint's have theirs in OctoPrint's.
"""

from __future__ import annotations

from requests import exceptions as http

from ..messages import N_
from .errors import CameraError

_INVALID_URL = (
    N_(
        "The snapshot URL of camera %(camera)s is not a valid address. Correct it in"
        " OctoPrint's webcam settings."
    ),
    N_(
        "The snapshot URL of camera %(camera)s is not a valid address. Correct it in the"
        " settings of Layer Capture."
    ),
)
_CERTIFICATE = (
    N_(
        "The certificate of camera %(camera)s is not trusted. Install a valid one, or"
        " switch off the check in OctoPrint's webcam settings."
    ),
    N_(
        "The certificate of camera %(camera)s is not trusted. Install a valid one, or"
        " switch off the check in the settings of Layer Capture."
    ),
)
_REFUSED = (
    N_(
        "Camera %(camera)s refused access (HTTP %(status)d). Check its user name and"
        " password in OctoPrint's webcam settings."
    ),
    N_(
        "Camera %(camera)s refused access (HTTP %(status)d). Check its login, user name,"
        " password or token in the settings of Layer Capture."
    ),
)
_NOT_FOUND = (
    N_(
        "Camera %(camera)s has no picture at its snapshot URL (HTTP %(status)d)."
        " Check the URL in OctoPrint's webcam settings."
    ),
    N_(
        "Camera %(camera)s has no picture at its snapshot URL (HTTP %(status)d)."
        " Check the URL in the settings of Layer Capture."
    ),
)
_OTHER_STATUS = (
    N_(
        "Camera %(camera)s answered with HTTP %(status)d instead of a picture. Check its"
        " snapshot URL in OctoPrint's webcam settings."
    ),
    N_(
        "Camera %(camera)s answered with HTTP %(status)d instead of a picture. Check its"
        " snapshot URL in the settings of Layer Capture."
    ),
)
_OTHER = (
    N_(
        "Camera %(camera)s gave no picture (%(kind)s). Check the settings of the plugin"
        " that provides it."
    ),
    N_(
        "Camera %(camera)s gave no picture (%(kind)s). Check its snapshot URL in the"
        " settings of Layer Capture."
    ),
)


def explain(camera: str, error: Exception, own: bool = False) -> CameraError:
    """The sentence for ``error``, raised by the plugin that provides ``camera``."""
    if isinstance(error, CameraError):
        return error
    if isinstance(error, http.HTTPError) and error.response is not None:
        return _of_status(camera, error.response.status_code, own)
    if isinstance(error, (http.InvalidURL, http.MissingSchema, http.InvalidSchema)):
        return CameraError(_INVALID_URL[own], camera=camera)
    if isinstance(error, (http.Timeout, TimeoutError)):
        mute = CameraError(
            "Camera %(camera)s did not answer in time. Check that it is switched on and"
            " not busy.",
            camera=camera,
        )
        mute.silent = True
        return mute
    if isinstance(error, http.SSLError):
        return CameraError(_CERTIFICATE[own], camera=camera)
    if isinstance(error, http.TooManyRedirects):
        return CameraError(
            "Camera %(camera)s sends from one address to the next without an end. Check"
            " its snapshot URL.",
            camera=camera,
        )
    if isinstance(error, (http.ChunkedEncodingError, http.ContentDecodingError)):
        return CameraError(
            "Camera %(camera)s broke off in the middle of a picture. Check the camera and"
            " the network.",
            camera=camera,
        )
    if isinstance(error, (http.ConnectionError, ConnectionError)):
        return CameraError(
            "Camera %(camera)s cannot be reached. Check that it is switched on and that"
            " its snapshot URL is right.",
            camera=camera,
        )
    return CameraError(_OTHER[own], camera=camera, kind=type(error).__name__)


def unable(camera: str) -> CameraError:
    return CameraError(
        "Camera %(camera)s cannot take single pictures. Enter its snapshot URL in"
        " OctoPrint's webcam settings.",
        camera=camera,
    )


def _of_status(camera: str, status: int, own: bool) -> CameraError:
    if status in (401, 403):
        text = _REFUSED[own]
    elif status in (404, 410):
        text = _NOT_FOUND[own]
    elif status >= 500:
        return CameraError(
            "The server of camera %(camera)s reports a fault (HTTP %(status)d). Check"
            " that the camera is plugged in and its server runs.",
            camera=camera,
            status=status,
        )
    else:
        text = _OTHER_STATUS[own]
    return CameraError(text, camera=camera, status=status)
