"""Layer Capture: pictures of a print from a grid of positions, at chosen layers."""

# Who we are to OctoPrint, and nothing else.

from __future__ import annotations

from typing import Any

__plugin_name__ = "Layer Capture"
__plugin_pythoncompat__ = ">=3.9,<4"

__plugin_implementation__: Any = None
__plugin_hooks__: dict[str, Any] = {}
__plugin_helpers__: dict[str, Any] = {}


def __plugin_load__() -> None:
    from .cli import commands
    from .events import event_names
    from .helpers import helpers
    from .plugin import LayerCapturePlugin
    from .web.permissions import may_hear

    global __plugin_implementation__, __plugin_hooks__, __plugin_helpers__
    __plugin_implementation__ = implementation = LayerCapturePlugin()
    __plugin_hooks__ = {
        # the lowest orders run first, and 0 would mean the default
        "octoprint.comm.protocol.gcode.queuing": (implementation.on_gcode_queuing, 1),
        "octoprint.comm.protocol.gcode.sending": (
            implementation.on_gcode_sending,
            1_000_000,
        ),
        "octoprint.comm.protocol.gcode.received": (implementation.on_gcode_received, 1),
        "octoprint.comm.protocol.atcommand.queuing": implementation.on_at_command,
        "octoprint.comm.protocol.scripts": implementation.on_script,
        "octoprint.plugin.softwareupdate.check_config": implementation.update_information,
        "octoprint.access.permissions": implementation.additional_permissions,
        "octoprint.events.register_custom_events": event_names,
        "octoprint.server.sockjs.emit": may_hear,
        "octoprint.server.http.routes": implementation.file_routes,
        "octoprint.cli.commands": commands,
    }
    __plugin_helpers__ = helpers(implementation)
