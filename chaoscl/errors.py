"""Errors that are a user's to fix: one clear line, exit status 2, no traceback."""


class UserError(Exception):
    """Something in the command, the data or the machine that the user can put right.

    The message is one line: what is wrong, where, and what to do.
    """
