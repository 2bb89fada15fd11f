"""Files, whole or not at all."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayesmixed.errors import StorageError


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends well, and goes if it does not.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    path = Path(path)
    check_writable(path)
    temporary = None
    try:
        temporary = _new_file_beside(path)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _new_file_beside(path: Path) -> Path:
    """An empty file of an unused name, with the permissions that the umask leaves.

    ``tempfile.mkstemp`` would make it private, and the umask, which belongs to all threads, cannot be read
    without changing it.
    """
    found = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    os.close(os.open(found, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return found


def check_writable(path: str | Path) -> None:
    """Raise now what writing `path` would raise later."""
    path = Path(path)
    if path.is_dir():
        raise StorageError(f"{path} is a folder: give the name of a file")
    if not path.parent.is_dir():
        raise StorageError(f"{path} cannot be written: there is no folder {path.parent}")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
