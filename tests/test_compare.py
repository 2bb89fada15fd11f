"""Fits side by side."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from tests.fits import QUICK, fit, model


def test_models_side_by_side():
    table = bm.compare_models({"slope": fit("slope"), "uncorrelated": fit("uncorrelated")})
    assert isinstance(table.columns, pd.MultiIndex)
    assert list(table.columns) == [(name, kind) for name in ("slope", "uncorrelated") for kind in ("median", "sd")]
    summary = fit("slope").summary()
    np.testing.assert_array_equal(table.loc[summary.index, ("slope", "median")], summary["median"])
    np.testing.assert_allclose(table.loc[summary.index, ("slope", "sd")], summary["sd"])
    assert np.isnan(table.loc["Subject_corr[Intercept,Days]", ("uncorrelated", "median")])


def test_no_models_cannot_be_compared():
    with pytest.raises(bm.SamplingError, match="at least one fit"):
        bm.compare_models({})


@pytest.mark.parametrize(
    ("fits", "text"),
    [
        (lambda: [fit("slope"), fit("slope")], "takes a dict of fits by name, .* not list"),
        (lambda: {"b": model("slope").reml()}, r"fits that model\.fit\(\) gave; 'b' is of type RemlFit"),
        (lambda: {"a": fit("slope"), "b": fit("factor")}, "'a' is a fit of Reaction and 'b' one of effort"),
    ],
)
def test_what_cannot_be_compared_is_refused(fits, text):
    with pytest.raises(bm.SamplingError, match=text):
        bm.compare_models(fits())


def test_fits_of_different_rows_are_refused():
    part = bm.load_dataset("sleepstudy").iloc[:90]
    other = bm.MixedModel("Reaction ~ Days + (Days | Subject)", part).fit(random_seed=1, **QUICK)
    with pytest.raises(bm.SamplingError, match="'a' is a fit of 180 rows and 'b' one of 90: fit both to the same"):
        bm.compare_models({"a": fit("slope"), "b": other})
