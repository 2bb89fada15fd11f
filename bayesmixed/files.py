"""Files, whole or not at all."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from bayesmixed.errors import StorageError

#: What stands before the digest at the end of a sealed file, and the size of a piece that is read at once.
MARK, PIECE = b"\nbayesmixed sha256 ", 2**22


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


def seal(path: Path) -> None:
    """Put a digest of the whole file at its end, where HDF5 does not look."""
    digest = _digest(path, path.stat().st_size)
    with path.open("ab") as file:
        file.write(MARK + digest)


def is_sealed(path: Path) -> bool:
    """Whether a file ends with the digest of all that comes before it: nothing was lost or changed.

    Asked before a library in C reads the file, which damaged files may crash or keep busy for ever.
    """
    size = path.stat().st_size - len(MARK) - 2 * sha256().digest_size
    if size < 0:
        return False
    with path.open("rb") as file:
        file.seek(size)
        end = file.read()
    return end == MARK + _digest(path, size)


def _digest(path: Path, size: int) -> bytes:
    """SHA-256 of the first `size` bytes, in hexadecimal."""
    found = sha256()
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, PIECE))):
            found.update(piece)
            size -= len(piece)
    return found.hexdigest().encode()


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
