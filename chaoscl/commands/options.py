"""Options that several verbs share."""

from collections.abc import Sequence
from typing import Annotated

import typer

Include = Annotated[
    list[str] | None, typer.Option(help="File, folder or module with parts of your own; also CHAOSCL_INCLUDE.")
]


def include_parts(places: Sequence[str] | None) -> None:
    """Register the parts of ``--include``, of ``CHAOSCL_INCLUDE`` and of installed packages."""
    from chaoscl.registry import include

    include(places or ())
