from __future__ import annotations

import contextlib
import functools
import resource

import pytest
from octoprint.util.files import sanitize_filename

from octoprint_layercapture.library import CaptureSettings, Place, Store

SANITIZERS = {
    "usual": functools.partial(sanitize_filename, really_universal=False),
    "really universal": functools.partial(sanitize_filename, really_universal=True),
}


@pytest.fixture(params=sorted(SANITIZERS))
def sanitize(request):
    """What the OctoPrint of this environment does to names, in both of its modes."""
    return SANITIZERS[request.param]


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


@pytest.fixture
def root(uploads):
    return uploads / "layercapture"


@pytest.fixture
def new_store(uploads):
    def new(**options):
        options = {"sanitize": SANITIZERS["usual"], **options}
        return Store(Place(uploads), **options)

    return new


@pytest.fixture
def settings():
    return CaptureSettings.of_grid(
        center=(100, 100), columns=3, rows=2, spacing_x=40, spacing_y=30
    )


@pytest.fixture
def begin(settings):
    """Starts a capture of layer 10 in ``folder``."""

    def begin_capture(folder, **options):
        options = {
            "layer": 10,
            "z_height": 2.0,
            "started": 1733063422.5,
            "settings": settings,
            **options,
        }
        return folder.begin_capture(**options)

    return begin_capture


@pytest.fixture
def add():
    """Adds a picture to a writer."""

    def add_picture(writer, index=0, **options):
        options = {
            "order": index,
            "position": (100, 100),
            "actual": (100.0, 100.0, 7.0),
            "camera": "classic",
            "jpeg": b"picture",
            "taken_at": 1733063423.0,
            "width": 640,
            "height": 480,
            **options,
        }
        return writer.add_picture(index=index, **options)

    return add_picture


@pytest.fixture
def small_files():
    """Within ``small_files(n)`` the system stops every file at ``n`` bytes."""

    @contextlib.contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit
