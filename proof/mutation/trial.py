"""A copy of the tree in which mutants are tried, each with machine code of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from proof.mutation.mutants import Mutant

#: Copied for the trials, as far as it is there.
PARTS = ("bayesmixed", "tests", "pyproject.toml")
KILLED, SURVIVED, TOO_LONG = "killed", "survived", "too long"
#: Seconds for the tests of one mutant; most take a few.
LIMIT = 120.0


class Trials:
    """Mutants of one package, one after another.

    numba's cache is filled by tests of the untouched copy. Each mutant starts from hard links to it: numba
    replaces files and never writes into one, so what a mutant compiled is gone with its links. Files are read
    anew, as the compiled Python of the mutated one is removed and none is written.
    """

    def __init__(self, root: Path, folder: Path, package: str = "bayesmixed") -> None:
        self.folder, self.package = folder / "tree", package
        self.warm, self.cache = folder / "warm", folder / "cache"
        for part in (name for name in dict.fromkeys((package, *PARTS)) if (root / name).exists()):
            target = self.folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (root / part).is_dir():
                shutil.copytree(root / part, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(root / part, target)
        self.warm.mkdir()
        self._check_place()

    def untouched(self, tests: Sequence[str], limit: float = 900.0) -> None:
        """Run the tests without any mutant: they must pass, and fill the cache."""
        code, text = self._run(tests, limit, self.warm, write=True)
        if code != 0:
            raise RuntimeError(f"tests fail before anything is changed:\n{text[-3000:]}")

    def outcome(self, module: str, mutant: Mutant, tests: Sequence[str], limit: float = LIMIT) -> str:
        """Plant a mutant in a module, run the tests, and take it out again."""
        path = self.folder / self.package / module
        source = path.read_text(encoding="utf-8")
        shutil.rmtree(self.cache, ignore_errors=True)
        shutil.copytree(self.warm, self.cache, copy_function=os.link)
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()
        path.write_text(mutant.applied(source), encoding="utf-8")
        try:
            code, text = self._run(tests, limit, self.cache, write=False)
        finally:
            path.write_text(source, encoding="utf-8")
        if code is None:
            return TOO_LONG
        if code not in (0, 1, 2, 3) and code > 0:
            raise RuntimeError(f"pytest ended with {code}:\n{text[-3000:]}")
        return KILLED if code else SURVIVED

    def _run(self, tests: Sequence[str], limit: float, cache: Path, write: bool) -> tuple[int | None, str]:
        options = ("-x", "-q", "-m", "not slow", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *options, *tests]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(cache, write),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that what the tests start can be ended with them
        ) as process:
            try:
                text, _ = process.communicate(timeout=limit)
            except BaseException as stopped:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(stopped, subprocess.TimeoutExpired):
                    return None, ""
                raise
        return process.returncode, text

    def _environment(self, cache: Path, write: bool) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(cache), "OPENBLAS_NUM_THREADS": "1"}
        return os.environ | own | ({} if write else {"PYTHONDONTWRITEBYTECODE": "1"})

    def _check_place(self) -> None:
        """The copy is what is imported, wherever the package is installed."""
        code = f"import {self.package}; print({self.package}.__path__[0])"
        found = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=self._environment(self.warm, write=False),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if Path(found).resolve() != (self.folder / self.package).resolve():
            raise RuntimeError(f"{found} would be tested instead of the copy in {self.folder}")
