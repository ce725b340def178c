"""Writing so that a reader never sees half a file, and a full disk is one clear line."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaoscl.errors import UserError

_PROBE_BYTES = 1 << 20
_STORAGE = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOTDIR: "a part of the path is a file",
    errno.EEXIST: "a file of that name is in the way",
    errno.EISDIR: "a folder of that name is in the way",
}


@contextmanager
def storage_errors(what: str, where: Path, remedy: str) -> Iterator[None]:
    """Turn the operating system's refusals to store something into a UserError.

    Args:
        what: what was being written, as it stands after "cannot write".
        where: the folder or file concerned.
        remedy: what the user can do.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _STORAGE:
            raise
        raise UserError(f"cannot write {what} to {where}: {_STORAGE[error.errno]}; {remedy}") from error


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")


def check_writable(out: Path) -> None:
    """Find out before hours of training whether results can be stored.

    Raises:
        UserError: they cannot.
    """
    new = not out.exists()
    probe = out / ".space"
    try:
        with storage_errors("results", out, "free some space or give another folder with --out"):
            write_atomic(probe, " " * _PROBE_BYTES)
            probe.unlink()
    except UserError:
        if new:
            shutil.rmtree(out, ignore_errors=True)
        raise


def write_atomic(path: Path, text: str) -> None:
    """Write ``text`` to ``path``: the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``path`` when the block ends well, and is gone when it does not.

    A folder that already stands at ``path`` is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            old = _beside(path)
            path.rename(old)
            temporary.rename(path)
            shutil.rmtree(old)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
