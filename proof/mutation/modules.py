"""Which modules are mutated, and which tests should notice."""

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

#: Of each module the tests that mirror it, as far as they are there; the first pattern that fits counts.
TESTS: dict[str, tuple[str, ...]] = {
    "likelihood/curvature.py": ("tests/reml/test_derivatives.py", "tests/reml/test_criterion.py"),
    "likelihood/*.py": ("tests/test_likelihood.py", "tests/effects/test_exact_draws.py"),
    "moments/rotation.py": ("tests/moments/test_rotation.py", "tests/moments/test_moments.py"),
    "moments/moments.py": ("tests/moments/test_moments.py", "tests/moments/test_rotation.py"),
    "moments/patterns.py": ("tests/moments/test_moments.py", "tests/test_likelihood.py"),
    "density/joint.py": ("tests/test_density.py", "tests/test_density_joint.py"),
    "density/*.py": ("tests/test_density.py",),
    "priors/presets/recoding.py": ("tests/priors/test_recoding.py",),
    "priors/presets/default.py": ("tests/priors/test_presets.py", "tests/priors/test_recoding.py"),
    "priors/draws.py": ("tests/priors/test_{name}.py", "tests/calibration/test_joint.py"),
    "priors/resolved.py": ("tests/priors/test_{name}.py", "tests/priors/test_joint.py"),
    "priors/coefficients.py": ("tests/priors/test_coefficients.py", "tests/test_posterior.py"),
    "priors/*.py": ("tests/priors/test_{name}.py", "tests/priors/test_presets.py"),
}
#: Without arguments.
USUAL = (
    *("likelihood", "moments/moments.py", "moments/patterns.py", "moments/rotation.py", "density"),
    *(f"priors/{name}.py" for name in ("families", "draws", "resolved", "joint", "coefficients")),
    *("priors/presets/default.py", "priors/presets/recoding.py"),
)
#: Constants of speed: any value gives the same results.
SAME_RESULT = frozenset({"SAMPLE", "BLOCK", "LARGE"})


def modules(root: Path, wanted: Iterable[str]) -> list[str]:
    """Files of the package by name, from names of files and folders."""
    package, found = root / "bayesmixed", []
    for name in wanted:
        path = package / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found += [file.relative_to(package).as_posix() for file in files if file.name != "__init__.py"]
    return found


def tests_of(module: str, root: Path) -> list[str]:
    """Files of tests, those that mirror the module most closely first."""
    patterns = next((tests for pattern, tests in TESTS.items() if fnmatch(module, pattern)), None)
    if patterns is None:
        raise ValueError(f"{module}: say in TESTS of proof/mutation/modules.py which tests mirror it")
    named = [pattern.format(name=Path(module).stem) for pattern in patterns]
    files = (file.relative_to(root).as_posix() for pattern in named for file in sorted(root.glob(pattern)))
    return [file for file in dict.fromkeys(files) if Path(file).name.startswith("test_")]
