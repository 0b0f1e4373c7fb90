"""What the settings are called where people enter them: on the plugin's settings page.

A test holds that the page calls them so.
"""

from __future__ import annotations

from .messages import N_, Message

#: By group or key: the words on the page.
TITLES = {
    "general": N_("Layer Capture"),
    "enabled": N_("Take pictures of the layers while printing"),
    "layers": N_("Layers"),
    "layers.interval": N_("Every"),
    "layers.first": N_("The first layer"),
    "layers.last": N_("The last layer"),
    "layers.list": N_("These layers as well"),
    "layers.min_height": N_("Minimum layer height"),
    "grid": N_("Grid"),
    "grid.center_x": N_("Centre of the grid, X, mm"),
    "grid.center_y": N_("Centre of the grid, Y, mm"),
    "grid.columns": N_("Columns"),
    "grid.rows": N_("Rows"),
    "grid.spacing_x": N_("Spacing between columns, mm"),
    "grid.spacing_y": N_("Spacing between rows, mm"),
    "grid.aim": N_("Positions mean"),
    "bed": N_("Grid"),
    "bed.width": N_("Width of the bed, mm"),
    "bed.depth": N_("Depth of the bed, mm"),
    "bed.max_z": N_("Maximum Z"),
    "bed.margin": N_("Margin"),
    "motion": N_("Motion and safety"),
    "motion.hold": N_("The print waits by"),
    "motion.wait": N_("End of motion by"),
    "motion.height": N_("Height above the layer"),
    "motion.travel_speed": N_("Travel speed"),
    "motion.z_speed": N_("Z speed"),
    "motion.retract": N_("Retraction"),
    "motion.retract_speed": N_("Retraction speed"),
    "motion.return_to_origin": N_("Return to where the head left the print"),
    "motion.before": N_("G-code before the pictures"),
    "motion.after": N_("G-code after the pictures"),
    "cameras": N_("Cameras"),
    "cameras.use": N_("Webcams"),
    "cameras.fake": N_("Use fake camera"),
    "cameras.settling": N_("Wait before a picture"),
    "cameras.delay": N_("Fixed delay"),
    "cameras.settle_max": N_("Longest adaptive wait"),
    "cameras.timeout": N_("Longest time for one picture, seconds"),
    "cameras.max_size": N_("Largest size of one picture, MB"),
    "cameras.url": N_("Snapshot URL"),
    "cameras.auth": N_("Access to the URL"),
    "cameras.username": N_("User name"),
    "cameras.password": N_("Password"),
    "cameras.token": N_("Token"),
    "cameras.verify": N_("Check the certificate"),
    "cameras.details": N_("Cameras in use"),
    "fake_camera": N_("Use fake camera"),
    "fake_camera.mount": N_("Mounted"),
    "fake_camera.field": N_("Field of view"),
    "fake_camera.noise": N_("Noise"),
    "fake_camera.latency": N_("Latency"),
    "fake_camera.blur": N_("Shaking"),
    "files": N_("Files"),
    "files.folder_per_print": N_("A folder for each print"),
    "files.quality": N_("JPEG quality"),
    "files.folder": N_("Folder"),
    "files.floor_mb": N_("Keep free"),
    "files.max_age_days": N_("Delete prints older than, days"),
    "files.max_total_gb": N_("Delete the oldest prints beyond, GB"),
    "video": N_("Video"),
    "video.automatic": N_("Make videos after each print"),
    "video.fps": N_("Pictures a second"),
}

#: The settings whose section on the page is not that of their group.
_ELSEWHERE = {"enabled": "general", "bed.max_z": "motion"}


def title(key: str) -> Message:
    """A setting or a group of them as the page calls it, without its section."""
    return Message(TITLES[key])


def section(key: str) -> Message:
    """The section of the page that a setting stands in."""
    group = _ELSEWHERE.get(key, key.partition(".")[0])
    return Message(TITLES[group])
