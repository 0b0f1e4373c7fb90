"""A camera by its plain snapshot URL, on real HTTP servers on loopback."""

from __future__ import annotations

import base64
import hashlib
import re
import socket

import pytest

from octoprint_layercapture.cameras import CameraError, Limits, Source, Webcams
from octoprint_layercapture.hands import HANDS

USER, PASSWORD, TOKEN = "kim", "s3cret:ü", "t0ken"


def chosen(url, use=(), limits=None, **source):
    webcams = Webcams(listed=dict, preferred=lambda: None)
    return webcams.choose(
        use,
        source=Source(url, **source),
        limits=limits or Limits(seconds=5, tries=1, pause=0),
    )


def camera_at(url, **options):
    (camera,), problems = chosen(url, **options)
    assert problems == []
    return camera


def refused(camera, scene):
    with pytest.raises(CameraError) as caught:
        camera.snapshot(scene)
    error = caught.value
    assert error.text % error.params == str(error)
    for secret in ("127.0.0.1", PASSWORD, TOKEN, USER):
        assert secret not in str(error)
    return str(error)


def guard(server, path, jpeg, challenge, accepts):
    """Serves ``jpeg`` to those whose Authorization header ``accepts`` takes."""

    def handle(request):
        if accepts(request.headers.get("Authorization", "")):
            request.send_response(200)
            request.send_header("Content-Length", str(len(jpeg)))
            request.end_headers()
            request.wfile.write(jpeg)
        else:
            request.send_response(401)
            request.send_header("WWW-Authenticate", challenge)
            request.send_header("Content-Length", "2")
            request.end_headers()
            request.wfile.write(b"no")

    server.routes[path] = handle


def basic(header):
    given = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return header == f"Basic {given}"


def digest(header):
    """Whether it answers the nonce ``n`` of the realm ``r`` as RFC 7616 says."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', header.partition("Digest ")[2]))

    def hashed(text):
        return hashlib.md5(text.encode()).hexdigest()

    secret = hashed(f"{USER}:r:{PASSWORD}")
    asked = hashed(f"GET:{given.get('uri')}")
    middle = f"n:{given.get('nc')}:{given.get('cnonce')}:auth"
    return given.get("response") == hashed(f"{secret}:{middle}:{asked}")


DIGEST = 'Basic realm="r", Digest realm="r", nonce="n", qop="auth", algorithm=MD5'


def test_the_picture_at_the_url_is_taken_as_it_is(server, jpeg, scene):
    server.serve("/snapshot", jpeg)
    assert camera_at(server.url("/snapshot")).snapshot(scene) == jpeg
    ((_, headers),) = server.asked
    assert "Authorization" not in headers


def test_a_url_with_a_query_is_asked_as_it_is(server, jpeg, scene):
    server.serve("/snapshot?a=1&b=%20", jpeg)
    assert camera_at(server.url("/snapshot?a=1&b=%20")).snapshot(scene) == jpeg


@pytest.mark.parametrize(
    "auth, challenge, accepts",
    [
        ("basic", 'Basic realm="r"', basic),
        ("digest", DIGEST, digest),
        ("bearer", "Bearer", lambda header: header == f"Bearer {TOKEN}"),
    ],
)
def test_the_camera_lets_in_who_is_known_to_it(
    server, jpeg, scene, auth, challenge, accepts
):
    guard(server, "/snapshot", jpeg, challenge, accepts)
    url = server.url("/snapshot")
    known = {"auth": auth, "username": USER, "password": PASSWORD, "token": TOKEN}
    assert camera_at(url, **known).snapshot(scene) == jpeg
    for wrong in ({"password": "x", "token": "x"}, {"auth": "none"}):
        reason = refused(camera_at(url, **{**known, **wrong}), scene)
        assert "refused access (HTTP 401)" in reason
        assert "in the settings of Layer Capture" in reason


def test_nothing_of_what_lets_us_in_is_logged(server, jpeg, scene, caplog):
    caplog.set_level("DEBUG")
    guard(server, "/snapshot", jpeg, DIGEST, lambda header: False)
    for auth in ("basic", "digest", "bearer"):
        source = {"auth": auth, "username": USER, "password": PASSWORD, "token": TOKEN}
        refused(camera_at(server.url("/snapshot"), **source), scene)
        assert PASSWORD not in repr(Source("http://x", **source))
        assert TOKEN not in repr(Source("http://x", **source))
    ours = [r.getMessage() for r in caplog.records if "layercapture" in r.name]
    assert PASSWORD not in caplog.text
    assert TOKEN not in caplog.text
    assert not any("127.0.0.1" in text for text in ours)


@pytest.mark.parametrize("auth", ["basic", "digest", "bearer"])
def test_another_host_is_never_told_who_we_are(server, other_server, jpeg, scene, auth):
    guard(other_server, "/picture", jpeg, DIGEST, lambda header: True)
    guard(other_server, "/guarded", jpeg, DIGEST, lambda header: False)
    known = {"auth": auth, "username": USER, "password": PASSWORD, "token": TOKEN}
    server.serve_redirect("/away", other_server.url("/picture"))
    server.serve_redirect("/guarded", other_server.url("/guarded"))
    assert camera_at(server.url("/away"), **known).snapshot(scene) == jpeg
    assert "HTTP 401" in refused(camera_at(server.url("/guarded"), **known), scene)
    assert len(other_server.asked) == 2
    assert all("Authorization" not in headers for _, headers in other_server.asked)


def test_a_redirect_on_the_same_host_keeps_who_we_are(server, jpeg, scene):
    server.serve_redirect("/moved", "/snapshot")
    guard(server, "/snapshot", jpeg, DIGEST, digest)
    known = {"auth": "digest", "username": USER, "password": PASSWORD}
    assert camera_at(server.url("/moved"), **known).snapshot(scene) == jpeg


def test_redirects_without_an_end_are_said(server, scene):
    server.serve_redirect("/round", "/round")
    reason = refused(camera_at(server.url("/round")), scene)
    assert "from one address to the next" in reason
    assert len(server.asked) < 10


def test_the_certificate_is_checked_unless_that_is_switched_off(
    secure_server, jpeg, scene
):
    secure_server.serve("/snapshot", jpeg)
    url = secure_server.url("/snapshot")
    reason = refused(camera_at(url), scene)
    assert "is not trusted" in reason
    assert "settings of Layer Capture" in reason
    assert camera_at(url, verify=False).snapshot(scene) == jpeg


@pytest.mark.parametrize(
    "url", ["http://", "http://127.0.0.1:99999999/", "http://[/", "http://127.0.0.1:x/"]
)
def test_an_address_that_is_none_is_said(scene, url):
    reason = refused(camera_at(url), scene)
    assert "not a valid address" in reason
    assert "settings of Layer Capture" in reason


@pytest.mark.parametrize(
    "status, kind, body, sentence",
    [
        (200, "text/html", b"<html>log in</html>", "a web page instead of a picture"),
        (200, "image/jpeg", b"", "an empty answer"),
        (200, "image/jpeg", b"OK", "something that is no picture"),
        (403, "text/html", b"<html>", "login, user name, password or token in the"),
        (404, "text/html", b"<html>", "Check the URL in the settings of Layer Capture"),
        (418, "text/html", b"<html>", "snapshot URL in the settings of Layer Capture"),
        (503, "text/html", b"<html>", "reports a fault (HTTP 503)"),
    ],
)
def test_anything_but_a_picture_is_refused_in_words(
    server, scene, status, kind, body, sentence
):
    server.serve("/snapshot", body, status=status, kind=kind)
    assert sentence in refused(camera_at(server.url("/snapshot")), scene)


def test_nothing_is_said_of_octoprints_own_settings(server, scene):
    """They know nothing of this camera."""
    for status in (401, 404, 418, 500, 200):
        server.serve("/snapshot", b"x", status=status)
        assert "OctoPrint" not in refused(camera_at(server.url("/snapshot")), scene)


def test_a_wrong_content_type_does_not_spoil_a_good_picture(server, jpeg, scene):
    server.serve("/snapshot", jpeg, kind="text/html")
    assert camera_at(server.url("/snapshot")).snapshot(scene) == jpeg


@pytest.mark.parametrize("chunk", [b"--b\r\n\r\n", b"\xff\xd8 a frame without a border"])
def test_a_stream_url_given_by_mistake_is_said_to_be_one(server, scene, chunk):
    kind = "multipart/x-mixed-replace; boundary=b"
    server.serve_endless("/stream", chunk, kind)
    reason = refused(camera_at(server.url("/stream")), scene)
    assert "a stream URL: enter the camera's address for single pictures" in reason


def test_a_stream_that_calls_itself_a_picture_ends_at_the_cap(server, scene, jpeg):
    server.serve_endless("/stream", jpeg, "image/jpeg")
    limits = Limits(seconds=20, tries=3, size=1_500_000)
    reason = refused(camera_at(server.url("/stream"), limits=limits), scene)
    assert "more than 1.5 MB without an end" in reason
    assert len(server.asked) == 1


def over(url_camera):
    """Whether the threads of a camera are done with it, at least in a while."""
    return HANDS.wait(f"layercapture-camera-{url_camera.shown}", 20)


def test_a_slow_drip_is_given_up_and_hung_up_on(server, scene, jpeg):
    server.serve_drip("/drip", jpeg[:100])
    limits = Limits(seconds=0.3)
    camera = camera_at(server.url("/drip"), limits=limits)
    assert "was not done within 0.3 s" in refused(camera, scene)
    assert over(camera)


def test_a_camera_that_dripped_and_comes_back_is_used_again(server, scene, jpeg):
    server.serve_drip("/snapshot", b"\xff\xd8")
    camera = camera_at(server.url("/snapshot"), limits=Limits(seconds=0.2))
    for _ in range(4):
        refused(camera, scene)
        assert over(camera)
    server.serve("/snapshot", jpeg)
    assert camera.snapshot(scene) == jpeg


def test_a_server_that_is_not_there_is_said(scene):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/?token={TOKEN}"
        assert "cannot be reached" in refused(camera_at(url), scene)


def test_a_server_that_never_answers_is_said(server, scene):
    server.serve_nothing("/snapshot")
    limits = Limits(seconds=0.3)
    reason = refused(camera_at(server.url("/snapshot"), limits=limits), scene)
    assert "did not answer within 0.3 s" in reason


def test_a_server_that_is_mute_for_longer_than_agreed_is_said(server, scene):
    server.serve_nothing("/snapshot")
    camera = camera_at(server.url("/snapshot"), patience=0.1)
    assert "did not answer in time" in refused(camera, scene)


def test_a_url_beside_a_missing_camera_is_still_used(server, jpeg, scene):
    server.serve("/snapshot", jpeg)
    (camera,), problems = chosen(server.url("/snapshot"), use=["gone"])
    assert len(problems) == 1
    assert camera.snapshot(scene) == jpeg


@pytest.mark.parametrize("auth", ["digest", "bearer"])
def test_names_and_tokens_beyond_latin_1_are_sent(server, jpeg, scene, auth):
    def accepts(header):
        return "Łukasz" in header.encode("latin-1").decode()

    guard(server, "/snapshot", jpeg, DIGEST, accepts)
    known = {"auth": auth, "username": "Łukasz", "password": "żółw", "token": "Łukasz"}
    assert camera_at(server.url("/snapshot"), **known).snapshot(scene) == jpeg


def test_a_name_with_quotes_is_told_as_one_quoted_text(server, jpeg, scene):
    def accepts(header):
        return header.startswith('Digest username="o\\"x\\\\y", realm="r"')

    guard(server, "/snapshot", jpeg, DIGEST, accepts)
    known = {"auth": "digest", "username": 'o"x\\y', "password": "p"}
    assert camera_at(server.url("/snapshot"), **known).snapshot(scene) == jpeg


@pytest.mark.parametrize("times", [3, None])
def test_a_camera_that_puts_us_off_for_ever_is_given_up(server, jpeg, scene, times):
    def handle(request):
        for _ in range(times or 100_000):
            request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.send_response(200)
        request.send_header("Content-Length", str(len(jpeg)))
        request.end_headers()
        request.wfile.write(jpeg)

    server.routes["/snapshot"] = handle
    camera = camera_at(server.url("/snapshot"), limits=Limits(seconds=20))
    if times:
        assert camera.snapshot(scene) == jpeg
    else:
        assert refused(camera, scene)
        assert over(camera)
