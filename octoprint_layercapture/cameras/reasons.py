"""What it means for the user when asking a webcam for a picture failed.

Exceptions are told apart by type and status only: their own texts may hold addresses with
passwords or tokens in them.
"""

from __future__ import annotations

from requests import exceptions as http

from .errors import CameraError


def explain(camera: str, error: Exception) -> CameraError:
    """The sentence for ``error``, raised by the plugin that provides ``camera``."""
    if isinstance(error, CameraError):
        return error
    if isinstance(error, http.HTTPError) and error.response is not None:
        return _of_status(camera, error.response.status_code)
    if isinstance(error, (http.InvalidURL, http.MissingSchema, http.InvalidSchema)):
        return CameraError(
            "The snapshot URL of camera %(camera)s is not a valid address. Correct it in"
            " OctoPrint's webcam settings.",
            camera=camera,
        )
    if isinstance(error, (http.Timeout, TimeoutError)):
        return CameraError(
            "Camera %(camera)s did not answer in time. Check that it is switched on and"
            " not busy.",
            camera=camera,
        )
    if isinstance(error, http.SSLError):
        return CameraError(
            "The certificate of camera %(camera)s is not trusted. Install a valid one, or"
            " switch off the check in OctoPrint's webcam settings.",
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
    return CameraError(
        "Camera %(camera)s gave no picture (%(kind)s). Check the settings of the plugin"
        " that provides it.",
        camera=camera,
        kind=type(error).__name__,
    )


def unable(camera: str) -> CameraError:
    return CameraError(
        "Camera %(camera)s cannot take single pictures. Enter its snapshot URL in"
        " OctoPrint's webcam settings.",
        camera=camera,
    )


def _of_status(camera: str, status: int) -> CameraError:
    if status in (401, 403):
        return CameraError(
            "Camera %(camera)s refused access (HTTP %(status)d). Check its user name and"
            " password in OctoPrint's webcam settings.",
            camera=camera,
            status=status,
        )
    if status in (404, 410):
        return CameraError(
            "Camera %(camera)s has no picture at its snapshot URL (HTTP %(status)d)."
            " Check the URL in OctoPrint's webcam settings.",
            camera=camera,
            status=status,
        )
    if status >= 500:
        return CameraError(
            "The server of camera %(camera)s reports a fault (HTTP %(status)d). Check"
            " that the camera is plugged in and its server runs.",
            camera=camera,
            status=status,
        )
    return CameraError(
        "Camera %(camera)s answered with HTTP %(status)d instead of a picture. Check its"
        " snapshot URL in OctoPrint's webcam settings.",
        camera=camera,
        status=status,
    )
