"""Errors that are a user's to fix: one clear line, exit status 2, no traceback."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something in the command, the data or the machine that the user can put right.

    The message is one line: what is wrong, where, and what to do.
    """


def unknown(kind: str, name: str, known: Iterable[str], more: str = "") -> UserError:
    """Return the error for a name that is not known: the nearest known one as a guess, and all there are.

    Args:
        kind: of thing, such as ``model``.
        name: as given.
        known: the names there are.
        more: what else would be accepted, as it stands after the list.
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return UserError(f"unknown {kind} '{name}'{hint}; there are: {', '.join(names)}{more}")
