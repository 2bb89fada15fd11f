"""The public names: adding or losing one is a decision, and this list is where it shows."""

import re

import pytest

import bayesmixed as bm
from bayesmixed.errors import BayesmixedError
from tests import public_api

PUBLIC = {
    *("MixedModel", "Fit", "RemlFit", "load", "fit_many", "compare_models", "likelihood_ratio_test", "simulate"),
    *("from_bambi", "between_within"),
    *("type_one_error", "interval_coverage", "plot_type_one_error", "plot_interval_coverage"),
    *("load_dataset", "list_datasets", "dataset_info", "read_table"),
    *("parse_formula", "build_design", "Design", "Specification"),
    *("Moments", "CodedMoments", "MarginalLikelihood", "MarginalPosterior"),
    *("summarise", "agree", "sum_moments"),
    *("power_scaling_data", "multiverse", "power", "assurance", "calibrate"),
    "bayes_factor",
    *(
        "ParameterNames",
        "resolve_priors",
        "Priors",
        "Normal",
        "StudentT",
        "Flat",
        "HalfNormal",
        "HalfStudentT",
        "HalfCauchy",
    ),
    *("Exponential", "Gamma", "LKJ"),
    *("BayesmixedError", "BayesmixedWarning", "FormulaError", "TableError", "DesignError"),
    *("PriorError", "RemlError", "SamplingError", "PredictionError", "PictureError", "StorageError"),
    "__version__",
}


def test_the_public_names_are_these():
    assert set(bm.__all__) == PUBLIC
    assert len(bm.__all__) == len(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_resolves_and_says_what_it_is(name):
    value = getattr(bm, name)
    assert name == "__version__" or value.__doc__


def test_dir_lists_the_public_names_only():
    assert dir(bm) == sorted(PUBLIC)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'MixedModels'"):
        _ = bm.MixedModels


def test_every_error_is_one_of_ours():
    errors = [getattr(bm, name) for name in PUBLIC if name.endswith("Error")]
    assert len(errors) == 10
    assert all(issubclass(error, BayesmixedError) for error in errors)


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert bm.__version__ == version("bayesmixed")
    assert re.fullmatch(r"\d+\.\d+\.\d+", bm.__version__)


def test_the_interface_is_that_of_this_version():
    """Names and arguments. A change is a decision: ``python -m tests.public_api``, and a line in CHANGELOG.md."""
    assert public_api.interface() == public_api.FILE.read_text(encoding="utf-8").splitlines()


def test_no_module_hides_a_public_name_of_the_same_spelling():
    """Importing ``bayesmixed.x`` sets the attribute ``x`` of the package: a public ``x`` would be gone."""
    import pkgutil

    modules = {module.name for module in pkgutil.iter_modules(bm.__path__)}
    assert modules & PUBLIC == set()
