"""What Python is asked to do while a block runs: files written, programs started, code executed."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    *("os.", "shutil.", "subprocess.", "socket.", "ftplib.", "http.", "smtplib.", "urllib.", "webbrowser."),
    *("pickle.", "marshal.", "ctypes.", "code.__new__", "function.__new__", "exec", "builtins.input"),
)
_HARMLESS = ("os.listdir", "os.scandir", "os.fspath", "os.add_dll_directory")

_events: ContextVar[list[str] | None] = ContextVar("_events", default=None)


def _note(event: str, arguments: tuple) -> None:
    events = _events.get()
    if events is None:
        return
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    # formulae makes True of "True" by eval; code without a name can do nothing.
    if event == "exec" and not getattr(arguments[0], "co_names", True):
        return
    if (writes or (event.startswith(_FORBIDDEN) and event not in _HARMLESS)) and not _at_home():
        events.append(f"{event}{arguments!r:.200}")


def _at_home() -> bool:
    """Inside an import or numba's cache of compiled code: what a formula did not ask for."""
    frame = sys._getframe()
    while frame is not None:
        if "/numba/" in frame.f_code.co_filename or frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


sys.addaudithook(_note)  # for good: an audit hook cannot be taken out again


@contextmanager
def watched() -> Iterator[list[str]]:
    """What happened inside that no formula and no file may bring about; empty is good."""
    events: list[str] = []
    token = _events.set(events)
    try:
        yield events
    finally:
        _events.reset(token)
