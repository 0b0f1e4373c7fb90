"""The commands: ``octoprint plugins layercapture:…``, ``python -m …``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import click

from .cli_export import export
from .gcode import GcodeError, LayerIndex, index


@click.group()
def main() -> None:
    """Layer Capture on the command line."""


main.add_command(export)


@main.command("layers")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--json", "bare", is_flag=True, help="Print the index as JSON, no more.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the index as JSON to this file instead.",
)
@click.option(
    "--min-height",
    type=click.FloatRange(min=0.0),
    default=0.05,
    show_default=True,
    help="mm; a smaller rise is no new layer where the slicer marks none.",
)
def layers(path: Path, bare: bool, output: Optional[Path], min_height: float) -> None:
    """Show the layers of a G-code FILE."""
    try:
        found = index(path, min_height=min_height)
    except GcodeError as error:
        raise click.ClickException(str(error)) from error
    if output is not None:
        text = json.dumps(found.to_dict(), indent=1) + "\n"
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{output}: {error}") from error
        if not bare:
            return
    if bare:
        click.echo(json.dumps(found.to_dict(), indent=1))
    elif output is None:
        click.echo(table(found))


def table(found: LayerIndex) -> str:
    """The index for people to read."""
    kinds = [
        kind
        for kind, so in (("vase", found.spiral), ("object by object", found.sequential))
        if so
    ]
    count = len(found.layers)
    lines = [
        f"Slicer: {found.slicer or 'unknown'}",
        f"Layers: {count}" + (f" ({', '.join(kinds)})" if kinds else ""),
    ]
    if found.layers:
        lines += [
            "",
            f"{'layer':>6} {'z':>9} {'height':>8} {'slicer':>7} {'ends at':>12}  ",
        ]
    for each in found.layers:
        number = "-" if each.slicer_number is None else str(each.slicer_number)
        line = (
            f"{each.number:>6} {each.z:>9.3f} {each.height:>8.3f} {number:>7}"
            f" {each.capture_pos:>12}"
        )
        lines.append(line + ("  retracted" if each.retracted else ""))
    return "\n".join(lines)


def commands(
    cli_group: Any, pass_octoprint_ctx: Any, *args: Any, **kwargs: Any
) -> list[click.Command]:
    """Handler of OctoPrint's hook ``octoprint.cli.commands``."""
    return [layers, export]
