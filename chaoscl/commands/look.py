"""``chaoscl list`` and ``chaoscl info``: what there is to choose from, and all that is known of one of it."""

import json
import sys
from typing import Annotated, Any

import typer

from chaoscl.commands.options import Include, include_parts

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a program.")]


def list_names(as_json: AsJson = False, include: Include = None) -> int:
    """List streams, scenarios, models, trunks, encoders, baselines, recipes and data sets."""
    from chaoscl.listing import listing, print_list

    include_parts(include)
    if not as_json:
        return print_list()
    sys.stdout.write(json.dumps(listing(), indent=1, ensure_ascii=False) + "\n")
    return 0


def info(
    name: Annotated[str, typer.Argument(help="A stream, model, trunk, encoder, baseline or data set.")],
    as_json: AsJson = False,
    include: Include = None,
) -> None:
    """Tell all that is known of a stream, model, baseline or data set."""
    from chaoscl.listing import details

    include_parts(include)
    found = details(name)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        return
    for kind, facts in found.items():
        sys.stdout.write(f"{kind} {name}\n" + "".join(f"  {line}\n" for line in told(facts)))


def told(facts: dict[str, Any]) -> list[str]:
    """Return facts as lines; what is inside another is indented, and what is empty is left out."""
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict) and value:
            lines += [key, *(f"  {line}" for line in told(value))]
        elif isinstance(value, list | tuple) and value:
            lines.append(f"{key}: {', '.join(map(str, value))}")
        elif value not in ("", None, (), [], {}):
            lines.append(f"{key}: {value}")
    return lines
