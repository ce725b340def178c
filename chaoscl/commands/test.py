"""``chaoscl test``: the contract tests of a part's kind, on anyone's parts."""

import sys
from typing import Annotated

import typer

from chaoscl.commands.options import Include, include_parts


def check_parts(
    names: Annotated[list[str], typer.Argument(help="Files, folders, module:object, or names of parts.")],
    include: Include = None,
) -> int:
    """Check parts by the contract of their kind; a line for each fault, with exit status 1."""
    from chaoscl.errors import UserError
    from chaoscl.registry import REGISTRIES
    from chaoscl.testing import check

    include_parts(include)
    known = {kind: set(registry) for kind, registry in REGISTRIES.items()}
    failed = False
    for name in names:
        found = [(kind, registry[name]) for kind, registry in REGISTRIES.items() if name in known[kind]]
        if not found:
            include_parts([name])
            found = [
                (kind, registry[one])
                for kind, registry in REGISTRIES.items()
                for one in registry
                if one not in known[kind]
            ]
        if not found:
            raise UserError(f"{name}: nothing new to test is in it; give a file, a folder, or the name of a part")
        for kind, part in found:
            faults = check(kind, part)
            failed = failed or bool(faults)
            sys.stdout.write("".join(f"{kind} {part.name}: {fault}\n" for fault in faults or ["ok"]))
            known[kind].add(part.name)
    return 1 if failed else 0
