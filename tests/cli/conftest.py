"""Ways to call the command line."""

import os
import pty
import re
import select
import subprocess
import sys

import pytest

from bayesmixed.cli import main
from tests import fits

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def call(capsys):
    """Run the command line in this process: exit code, standard output, standard error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        return stop.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def sleep(tmp_path, sleepstudy):
    path = tmp_path / "sleep.csv"
    sleepstudy.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Two saved fits, of a slope that is correlated with the intercept and of one that is not."""
    folder = tmp_path_factory.mktemp("saved")
    for key in ("slope", "uncorrelated"):
        fits.fit(key).save(folder / f"{key}.nc")
    return folder / "slope.nc", folder / "uncorrelated.nc"


@pytest.fixture
def terminal():
    """Run the command line in a process whose streams are a pseudo-terminal: exit code and what it shows."""

    def run(*arguments, columns=80, **variables):
        environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
        environment |= {"TERM": "xterm", "COLUMNS": str(columns), **variables}
        controller, device = pty.openpty()
        command = [sys.executable, "-m", "bayesmixed", *map(str, arguments)]
        with subprocess.Popen(command, stdin=device, stdout=device, stderr=device, env=environment) as process:
            os.close(device)
            shown = b""
            while select.select([controller], [], [], 120)[0]:
                try:
                    piece = os.read(controller, 65536)
                except OSError:  # the other end is closed
                    break
                if not piece:
                    break
                shown += piece
            os.close(controller)
        return process.returncode, shown.decode().replace("\r\n", "\n")

    return run
