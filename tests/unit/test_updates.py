"""What OctoPrint's Software Update is told."""

from __future__ import annotations

from pathlib import Path

from octoprint_layercapture.updates import check_config

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_newer_versions_are_looked_for_among_the_releases_of_the_repository():
    (identifier, check), *others = check_config("layercapture", "Layer", "0.1.0").items()
    assert (identifier, others) == ("layercapture", [])
    assert check["type"] == "github_release"
    assert check["current"] == check["displayVersion"] == "0.1.0"
    home = f"https://github.com/{check['user']}/{check['repo']}"
    assert f'Homepage = "{home}"\n' in PYPROJECT.read_text(encoding="utf-8")
    archive = check["pip"].format(target_version="0.2.0")
    assert archive == f"{home}/archive/0.2.0.zip"
