"""What OctoPrint's classic webcam gets from real HTTP servers, and what is made of it."""

from __future__ import annotations

import io
import socket

import pytest
import requests
from PIL import Image

from octoprint_layercapture.cameras import CameraError, reasons
from octoprint_layercapture.cameras.webcam import Limits
from octoprint_layercapture.messages import Message


@pytest.fixture
def reason(classic, new_camera, scene):
    """Why there is no picture from a path of the server."""

    def why(path="/snapshot", limits=None, **options):
        camera = new_camera(classic(path, **options), limits=limits)
        with pytest.raises(CameraError) as caught:
            camera.snapshot(scene)
        error = caught.value
        assert str(Message(error.text, error.params)) == str(error)
        assert "127.0.0.1" not in str(error)
        return str(error)

    return why


def test_a_good_picture_arrives_unchanged(server, classic, new_camera, scene, jpeg):
    server.serve("/snapshot", jpeg)
    assert new_camera(classic()).snapshot(scene) == jpeg


def test_a_wrong_content_type_does_not_spoil_a_good_picture(
    server, classic, new_camera, scene, jpeg
):
    server.serve("/snapshot", jpeg, kind="text/plain")
    assert new_camera(classic()).snapshot(scene) == jpeg


@pytest.mark.parametrize(
    "status, sentence",
    [
        (401, "refused access (HTTP 401)"),
        (403, "refused access (HTTP 403)"),
        (404, "no picture at its snapshot URL (HTTP 404)"),
        (500, "reports a fault (HTTP 500)"),
        (503, "reports a fault (HTTP 503)"),
        (429, "answered with HTTP 429"),
    ],
)
def test_an_error_page_is_told_with_its_status(server, reason, status, sentence):
    server.serve("/snapshot", b"<html>", status=status, kind="text/html")
    assert sentence in reason()


def test_html_is_told_from_a_picture(server, reason):
    server.serve("/snapshot", b"\n<!DOCTYPE html><p>Log in</p>", kind="text/html")
    assert "a web page instead of a picture" in reason()


def test_an_empty_answer_is_said(server, reason):
    server.serve("/snapshot", b"")
    assert "empty answer" in reason()


def test_another_kind_of_picture_is_named(server, reason):
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    server.serve("/snapshot", out.getvalue())
    assert "a PNG picture, but only JPEG" in reason()


def test_something_else_is_said_to_be_no_picture(server, reason):
    server.serve("/snapshot", b"OK")
    assert "something that is no picture" in reason()


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_half_a_picture_is_not_kept(server, reason, jpeg, part):
    server.serve("/snapshot", jpeg[: int(len(jpeg) * part)])
    assert "only a part of a picture" in reason()


def test_a_connection_that_breaks_off_in_a_picture_is_said(server, reason, jpeg):
    server.serve("/snapshot", jpeg[:5000], length=len(jpeg))
    assert "broke off in the middle" in reason()


def test_a_stream_is_recognised_by_its_first_bytes(server, reason, jpeg):
    chunk = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"
    server.serve_endless("/stream", chunk, "multipart/x-mixed-replace; boundary=frame")
    assert "a video stream instead of one picture" in reason("/stream")


def test_an_endless_answer_ends_at_the_cap(server, reason, jpeg):
    server.serve_endless("/raw", jpeg, "image/jpeg")
    limits = Limits(seconds=20, size=1_000_000)
    assert "more than 1 MB without an end" in reason("/raw", limits)


def test_a_server_that_never_answers_is_said(server, reason):
    server.serve_nothing("/snapshot")
    limits = Limits(seconds=0.3)
    assert "did not answer within" in reason(limits=limits)


def test_the_webcams_own_timeout_is_said(server, reason):
    server.serve_nothing("/snapshot")
    limits = Limits(seconds=20, tries=1)
    assert "did not answer in time" in reason(limits=limits, timeout=0.1)


def test_a_server_that_is_not_there_is_said(reason):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"http://127.0.0.1:{port}/?token=secret"
        assert "cannot be reached" in reason(url=url)


@pytest.mark.parametrize("url", ["no address", "ftp://127.0.0.1/", "http://"])
def test_an_address_that_is_none_is_said(reason, url):
    assert "not a valid address" in reason(url=url)


def test_a_camera_that_comes_back_is_used(server, classic, new_camera, scene, jpeg):
    server.serve("/snapshot", status=503)
    camera = new_camera(classic())
    with pytest.raises(CameraError):
        camera.snapshot(scene)
    server.serve("/snapshot", jpeg)
    assert camera.snapshot(scene) == jpeg


@pytest.mark.parametrize(
    "error, sentence",
    [
        (requests.exceptions.SSLError("x"), "certificate"),
        (requests.exceptions.ConnectTimeout("x"), "did not answer in time"),
        (requests.exceptions.HTTPError("x"), "gave no picture (HTTPError)"),
        (TimeoutError("x"), "did not answer in time"),
        (ConnectionRefusedError("x"), "cannot be reached"),
        (KeyError("x"), "gave no picture (KeyError)"),
    ],
)
def test_other_faults_have_sentences_too(error, sentence):
    explained = reasons.explain("Side", error)
    assert sentence in str(explained)
    assert "Side" in str(explained)
