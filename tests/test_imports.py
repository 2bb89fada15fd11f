"""Borders inside the package: which import may bring which library."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    *("pymc", "pytensor", "nutpie", "arviz", "arviz_base", "arviz_plots", "arviz_stats"),
    *("numba", "matplotlib", "bambi", "formulae", "scipy.stats"),
}
SAMPLING_AND_PLOTS = {
    *("pymc", "pytensor", "nutpie", "bambi", "matplotlib"),
    *("arviz", "arviz_base", "arviz_plots", "arviz_stats"),
}
# A fresh interpreter: what this process has imported must not count.
LISTING = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported_by(module: str) -> set[str]:
    """Names of all modules that a fresh interpreter loads for ``import module``."""
    listing = LISTING.format(module=module)
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("module", ["bayesmixed", "bayesmixed.specification", "bayesmixed.errors"])
def test_light_modules_import_nothing_heavy(module):
    assert imported_by(module) & HEAVY == set()


def test_reml_needs_neither_sampler_nor_plots():
    assert imported_by("bayesmixed, bayesmixed.reml") & SAMPLING_AND_PLOTS == set()


def test_datasets_need_nothing_heavy():
    assert imported_by("bayesmixed.datasets") & (HEAVY | {"pandas"}) == set()


@pytest.mark.parametrize("module", ["bayesmixed.formula", "bayesmixed.specification", "bayesmixed.errors"])
def test_formula_and_specification_need_only_the_standard_library(module):
    roots = {name.partition(".")[0] for name in imported_by(module)}
    assert roots - sys.stdlib_module_names == {"bayesmixed"}
