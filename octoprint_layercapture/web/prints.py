"""The routes for what was kept: prints, their captures and pictures, and deleting."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Callable, Optional

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions

from ..hands import Pool
from ..library import (
    Catalog,
    PrintRunning,
    StoreError,
    UnknownFile,
    UnknownPrint,
    cover,
    locate,
)
from ..library.thumbnails import Thumbnails
from . import export, files, shown
from .bodies import number_in_query, page_in_query
from .refusals import refusal

route = octoprint.plugin.BlueprintPlugin.route


class PrintsSection(octoprint.plugin.BlueprintPlugin):
    """Looking through the library, and deleting from it."""

    catalog: Callable[[], Catalog]
    thumbnails: Callable[[], Thumbnails]
    message: Callable[..., None]
    get_plugin_data_folder: Callable[[], str]
    _logger: logging.Logger

    @route("/prints", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def prints_route(self) -> Any:
        """A page of the prints, newest first."""
        offset, limit = page_in_query(usual=20, most=100)
        links = _links()
        found = self.catalog().prints(offset, limit)
        return flask.jsonify(
            shown.page("prints", found, lambda entry: shown.a_print(entry, links))
        )

    @route("/prints/<key>", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def print_route(self, key: str) -> Any:
        """One print with its layers, grid and cameras."""
        try:
            entry = self.catalog().get(key)
            return flask.jsonify(shown.a_whole_print(entry, _links()))
        except StoreError as error:
            return _refused(error)

    @route("/prints/<key>/captures", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def captures_route(self, key: str) -> Any:
        """A page of a print's captures, in print order; ``layer`` chooses.

        With ``pictures=1`` each comes with its pictures.
        """
        offset, limit = page_in_query(usual=50, most=200)
        layer = number_in_query("layer")
        show = shown.a_whole_capture if number_in_query("pictures") else shown.a_capture
        links = _links()
        try:
            entry = self.catalog().get(key)
        except StoreError as error:
            return _refused(error)
        found = entry.captures(offset, limit, layer)
        return flask.jsonify(
            shown.page("captures", found, lambda one: show(entry, one, links))
        )

    @route("/prints/<key>/captures/<capture>", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def capture_route(self, key: str, capture: str) -> Any:
        """One capture with its pictures."""
        try:
            entry = self.catalog().get(key)
            found = entry.capture(capture)
        except StoreError as error:
            return _refused(error)
        return flask.jsonify(shown.a_whole_capture(entry, found, _links()))

    @route("/prints/<key>/pictures", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def pictures_route(self, key: str) -> Any:
        """A page of a print's pictures; ``layer``, ``index``, ``camera`` choose."""
        offset, limit = page_in_query(usual=100, most=500)
        layer, index = number_in_query("layer"), number_in_query("index")
        links = _links()
        try:
            entry = self.catalog().get(key)
        except StoreError as error:
            return _refused(error)
        found = entry.pictures(
            offset, limit, layer, index, flask.request.args.get("camera")
        )
        return flask.jsonify(
            shown.page("pictures", found, lambda one: shown.a_picture(entry, one, links))
        )

    @route("/prints/<key>/pictures/<name>", methods=["GET"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def picture_route(self, key: str, name: str) -> Any:
        """One picture's data."""
        try:
            entry = self.catalog().get(key)
            found = entry.picture(name)
        except StoreError as error:
            return _refused(error)
        return flask.jsonify(shown.a_picture(entry, found, _links()))

    @route("/prints/<key>", methods=["DELETE"])
    @Permissions.PLUGIN_LAYERCAPTURE_MANAGE.require(403)
    def delete_print_route(self, key: str) -> Any:
        """Delete a print with all its pictures."""
        return self._delete(lambda: self.catalog().delete_print(key), key)

    @route("/prints/<key>/captures/<capture>", methods=["DELETE"])
    @Permissions.PLUGIN_LAYERCAPTURE_MANAGE.require(403)
    def delete_capture_route(self, key: str, capture: str) -> Any:
        """Delete a capture with its pictures."""
        return self._delete(
            lambda: self.catalog().delete_capture(key, capture), key, capture
        )

    @route("/prints/<key>/pictures/<name>", methods=["DELETE"])
    @Permissions.PLUGIN_LAYERCAPTURE_MANAGE.require(403)
    def delete_picture_route(self, key: str, name: str) -> Any:
        """Delete one picture."""
        return self._delete(lambda: self.catalog().delete_picture(key, name), key, name)

    def file_routes(self, *_: Any, **__: Any) -> list[files.Route]:
        """Handler of OctoPrint's hook ``octoprint.server.http.routes``."""
        workers = Pool(4, "layercapture-files")
        packers = Pool(2, "layercapture-export")
        pack = export.packer(self.catalog, lambda: Path(self.get_plugin_data_folder()))
        return [
            *files.routes(
                workers, self._find_file, self._find_thumbnail, self._find_cover
            ),
            *export.routes(packers, pack),
        ]

    def _find_file(self, key: str, name: str) -> Optional[Path]:
        return locate(self.catalog().store.root, key, name)

    def _find_thumbnail(self, key: str, name: str) -> Optional[Path]:
        picture = self._find_file(key, name)
        if picture is None or picture.suffix != ".jpg":
            return None
        return self.thumbnails().make(picture)

    def _find_cover(self, key: str, name: str) -> Optional[Path]:
        try:
            picture = cover(self.catalog().get(key))
        except StoreError:
            return None
        return None if picture is None else self.thumbnails().make(picture.path)

    def _delete(self, delete: Callable[[], int], *what: str) -> Any:
        try:
            freed = delete()
        except StoreError as error:
            return _refused(error)
        self._logger.info("Deleted %s: %d bytes are free again", "/".join(what), freed)
        self.message("library")
        return flask.jsonify({"freed": freed})


def _links() -> shown.Links:
    return shown.Links(f"{flask.request.script_root}/plugin/layercapture")


def _refused(error: StoreError) -> Any:
    if isinstance(error, (UnknownPrint, UnknownFile)):
        status = 404
    elif isinstance(error, PrintRunning):
        status = 409
    else:
        status = 500
    return refusal(status, error.text, error.params)
