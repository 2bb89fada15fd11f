"""Every single-factor fit of tests/reference/lme4.json against what lmerTest, pbkrtest and lme4 derive from it.

Criterion, coefficients, variances, random effects and their variances are in test_fit.py.
"""

import pytest

from bayesmixed.reml import fit_reml
from tests.designs import stages
from tests.reference import load_reference
from tests.reml.test_fit import SINGLE_FACTOR, TABLES

LME4 = load_reference("lme4")
INFORMATION = load_reference("terms")["information"]


@pytest.fixture(params=SINGLE_FACTOR)
def pair(request):
    """Our REML fit and lme4's."""
    entry = LME4[request.param]
    model = stages(entry["formula"], request.getfixturevalue(TABLES[entry["data"]]))
    return fit_reml(model.design, model.coded), entry["REML"]


def ours_name(name):
    return {"(Intercept)": "Intercept"}.get(
        name, name.replace("TypeT", "Type[T") + ("]" if "TypeT" in name else "")
    )


def test_every_fit_is_here():
    formulas = {name: entry["formula"].replace("||", "|") for name, entry in LME4.items() if "formula" in entry}
    one_factor = {name for name, formula in formulas.items() if formula.count("|") == 1}
    assert set(SINGLE_FACTOR) == one_factor - {"pastes_nested"}


@pytest.mark.parametrize(
    ("key", "df", "tolerance"), [("anova_satt", "satterthwaite", 1e-3), ("anova_kr", "kenward-roger", 1e-4)]
)
def test_tests_of_terms(pair, key, df, tolerance):
    ours, golden = pair
    found = ours.anova(df)
    assert list(found.index) == [row["term"] for row in golden[key]]
    for row in golden[key]:
        assert found.loc[row["term"], "num_df"] == row["NumDF"]
        assert found.loc[row["term"], "den_df"] == pytest.approx(row["DenDF"], rel=tolerance)
        assert found.loc[row["term"], "F"] == pytest.approx(row["F value"], rel=1e-4)
        assert found.loc[row["term"], "p"] == pytest.approx(row["Pr(>F)"], rel=5e-3)


@pytest.mark.parametrize(
    ("key", "df", "tolerance"), [("coef", "satterthwaite", 1e-3), ("kr", "kenward-roger", 1e-4)]
)
def test_coefficients(pair, key, df, tolerance):
    ours, golden = pair
    found = ours.fixed_effects(df=df)
    rows = golden["coef_rows"]  # R writes a vector of one name as a text
    names = [ours_name(name) for name in ([rows] if isinstance(rows, str) else rows)]
    assert list(found.index) == names
    for name, row in zip(names, golden[key], strict=True):
        assert found.loc[name, "estimate"] == pytest.approx(row["Estimate"], rel=1e-5)
        assert found.loc[name, "se"] == pytest.approx(row["Std. Error"], rel=1e-4)
        assert found.loc[name, "df"] == pytest.approx(row["df"], rel=tolerance)
        assert found.loc[name, "t"] == pytest.approx(row["t value"], rel=1e-4)
        single = ours.test(f"{name} = 0", df=df).iloc[0]
        assert single["t"] == pytest.approx(row["t value"], rel=1e-4)
        assert single["df"] == pytest.approx(row["df"], rel=tolerance)


@pytest.mark.parametrize("golden", INFORMATION, ids=lambda row: f"{row['name']}-{row['method']}")
def test_information_criteria(golden, request):
    entry = LME4[golden["name"]]
    model = stages(entry["formula"], request.getfixturevalue(TABLES[entry["data"]]))
    ours = fit_reml(model.design, model.coded, golden["method"])
    assert ours.aic == pytest.approx(golden["aic"], abs=1e-5)
    assert ours.bic == pytest.approx(golden["bic"], abs=1e-5)


def test_information_criteria_of_sleepstudy(sleepstudy):
    model = stages("Reaction ~ Days + (Days | Subject)", sleepstudy)
    ours = fit_reml(model.design, model.coded)
    assert ours.aic == pytest.approx(1755.628, abs=5e-4)
    assert ours.bic == pytest.approx(1774.786, abs=5e-4)
