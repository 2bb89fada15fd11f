"""Records as the contract of ``--json`` says: the keys, their order, and numbers that the tables give too."""

import json
import warnings

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.report.records import fit_record, plain, reml_record
from tests.fits import QUICK, fit, model

REML_KEYS = [
    *("formula", "method", "n_obs", "groups", "criterion", "converged", "singular", "sigma"),
    *("fixed", "random", "icc", "warnings"),
]
FIT_KEYS = ["formula", "n_obs", "groups", "priors", "sampler", "posterior", "icc", "reml", "warnings"]
SAMPLER_KEYS = ["engine", "draws", "tune", "chains", "divergences", "max_rhat", "min_ess_bulk", "seconds"]
POSTERIOR_KEYS = {"name", "mean", "sd", "median", "ci", "r_hat", "ess_bulk", "mcse_mean"}
KEYS = ["intercept", "slope", "factor", "third slope", "uncorrelated", "slash", "weighted"]


def strict(record):
    """Through JSON and back, without NaN or infinity."""
    return json.loads(json.dumps(record, allow_nan=False))


# ---------------------------------------------------------------- REML
@pytest.mark.parametrize("key", KEYS)
def test_reml_has_exactly_the_keys_of_the_contract(key):
    record = reml_record(model(key).reml())
    assert strict(record) == record
    assert list(record) == REML_KEYS
    for row in record["fixed"]:
        assert list(row) == ["term", "estimate", "se", "df", "t", "p", "ci"]
    assert [set(row) for row in record["icc"]] == [{"group", "at", "estimate", "ci"}] * len(record["icc"])
    (random,) = record["random"].values()
    assert list(random) == ["terms", "sd", "corr"]


def test_reml_values_are_those_of_the_fit():
    reml = model("slope").reml()
    record = reml_record(reml)
    assert record["formula"] == "Reaction ~ Days + (Days | Subject)"
    assert (record["method"], record["n_obs"], record["groups"]) == ("REML", 180, {"Subject": 18})
    assert record["criterion"] == pytest.approx(1743.628271958, abs=1e-6)
    assert record["sigma"] == reml.sigma
    assert record["converged"] is True
    assert record["singular"] is False
    assert record["warnings"] == []
    for row, (term, values) in zip(record["fixed"], reml.fixed_effects().iterrows(), strict=True):
        assert row["term"] == term
        assert [row[name] for name in ("estimate", "se", "df", "t", "p")] == values.iloc[:5].tolist()
        assert row["ci"] == values.iloc[5:].tolist()
    random = record["random"]["Subject"]
    assert random["terms"] == ["Intercept", "Days"]
    assert random["sd"] == reml.covariance.sd.tolist()
    assert random["corr"] == reml.covariance.corr.tolist()
    assert random["corr"][0][0] == random["corr"][1][1] == 1.0


def test_fixed_terms_stand_in_the_order_of_the_columns():
    """Not by alphabet, and interactions after what they are made of."""
    rng = np.random.default_rng(0)
    table = {"z": rng.normal(size=60), "a": np.repeat(["u", "v", "w"], 20), "g": np.tile(np.arange(10), 6)}
    table["y"] = rng.normal(size=60)
    record = reml_record(bm.MixedModel("y ~ z * a + (1 | g)", table).reml())
    assert [row["term"] for row in record["fixed"]] == [
        *("Intercept", "z", "a[v]", "a[w]", "z:a[v]", "z:a[w]"),
    ]


def test_ml_says_so():
    record = reml_record(model("slope").reml("ML"))
    assert record["method"] == "ML"
    assert record["criterion"] == pytest.approx(1751.939, abs=1e-3)


def test_icc_of_a_random_intercept_is_one_number():
    (row,) = reml_record(model("intercept").reml())["icc"]
    sd, sigma = model("intercept").reml().covariance.sd[0], model("intercept").reml().sigma
    limits = model("intercept").reml().icc(method="profile-reml").loc["Batch", ["lower", "upper"]].tolist()
    estimate = pytest.approx(sd**2 / (sd**2 + sigma**2))
    assert row == {"group": "Batch", "at": None, "ci": limits, "estimate": estimate}


def test_icc_of_a_slope_at_minimum_median_maximum_and_over_rows():
    reml = model("slope").reml()
    rows = reml_record(reml)["icc"]
    assert [row["at"] for row in rows] == [{"Days": 0.0}, {"Days": 4.5}, {"Days": 9.0}, None]
    for row in rows[:3]:
        z = np.array([1.0, row["at"]["Days"]])
        between = z @ reml.G @ z
        assert row["estimate"] == pytest.approx(between / (between + reml.sigma**2))
    over = [1.0 - reml.sigma**2 / (z @ reml.G @ z + reml.sigma**2) for z in model("slope").design.Z_rows]
    assert rows[3]["estimate"] == pytest.approx(np.mean(over))


def test_icc_of_a_factor_at_each_of_its_levels():
    rows = reml_record(model("third slope").reml())["icc"]
    assert [row["at"] for row in rows] == [{"Third": "a"}, {"Third": "b"}, {"Third": "c"}, None]


def test_uncorrelated_effects_have_zeros_off_the_diagonal():
    random = reml_record(model("uncorrelated").reml())["random"]["Subject"]
    assert random["corr"] == [[1.0, 0.0], [0.0, 1.0]]
    record = fit_record(fit("uncorrelated"))
    assert not [row for row in record["posterior"] if "_corr" in row["name"]]


def test_a_singular_fit_is_told_and_has_no_nan(dyestuff2):
    record = reml_record(bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff2).reml())
    assert record["singular"] is True
    assert record["converged"] is True
    assert record["fixed"][0]["df"] == pytest.approx(29.0, abs=1e-3)
    assert strict(record) == record
    assert any("singular" in text for text in record["warnings"])


# ---------------------------------------------------------------- posterior
@pytest.mark.parametrize("key", KEYS)
def test_fit_has_exactly_the_keys_of_the_contract(key):
    record = fit_record(fit(key))
    assert strict(record) == record
    assert list(record) == FIT_KEYS
    assert list(record["sampler"]) == SAMPLER_KEYS
    assert all(set(row) == POSTERIOR_KEYS for row in record["posterior"])
    assert all(set(row) == {"group", "at", "mean", "sd", "median", "ci"} for row in record["icc"])
    assert list(record["reml"]) == REML_KEYS
    assert record["reml"] == reml_record(model(key).reml())


@pytest.mark.parametrize("key", KEYS)
def test_fixed_terms_come_first_and_in_the_order_of_X(key):
    record = fit_record(fit(key))
    labels = list(model(key).design.fixed_labels)
    assert [row["name"] for row in record["posterior"]][: len(labels)] == labels
    assert [row["term"] for row in record["reml"]["fixed"]] == labels


def test_fit_values_are_those_of_the_tables():
    found = fit("third slope")
    record = fit_record(found)
    summary = found.summary()
    assert [row["name"] for row in record["posterior"]] == list(summary.index)
    for row, (_, values) in zip(record["posterior"], summary.iterrows(), strict=True):
        for name in ("mean", "sd", "median", "r_hat", "ess_bulk", "mcse_mean"):
            assert row[name] == values[name]
        assert row["ci"] == [values["eti95_lb"], values["eti95_ub"]]
    icc = found.icc()
    np.testing.assert_allclose([row["mean"] for row in record["icc"]], icc["mean"], rtol=1e-12)
    np.testing.assert_allclose([row["ci"] for row in record["icc"]], icc[["eti95_lb", "eti95_ub"]], rtol=1e-12)
    assert [row["at"] for row in record["icc"]] == [row["at"] for row in record["reml"]["icc"]]


def test_upper_triangle_of_the_correlations():
    names = [row["name"] for row in fit_record(fit("third slope"))["posterior"]]
    assert [name for name in names if name.startswith("Subject_corr")] == [
        "Subject_corr[Intercept,Third[b]]",
        "Subject_corr[Intercept,Third[c]]",
        "Subject_corr[Third[b],Third[c]]",
    ]
    assert "Subject_corr[Intercept,Days]" in [row["name"] for row in fit_record(fit("slope"))["posterior"]]


def test_the_sampler_is_described():
    found = fit("slope")
    sampler = fit_record(found)["sampler"]
    assert sampler["engine"] == "compiled"
    assert (sampler["draws"], sampler["tune"], sampler["chains"]) == (200, 300, 2)
    assert sampler["divergences"] == 0
    assert sampler["max_rhat"] == found.verdict.max_rhat == found.summary()["r_hat"].max()
    assert sampler["min_ess_bulk"] == found.summary()["ess_bulk"].min()
    assert sampler["seconds"] > 0


def test_the_priors_are_the_resolved_ones():
    priors = fit_record(fit("slope"))["priors"]
    resolved = model("slope").priors.resolved
    assert priors == {name: str(prior) for name, prior in resolved.items()}
    assert priors["Subject_corr"] == "LKJ(eta=2)"


def test_warnings_are_those_of_data_priors_and_sampler(teaching):
    found = bm.MixedModel("y ~ time + (1 | ID)", teaching)
    with pytest.warns(bm.BayesmixedWarning):
        result = found.fit(random_seed=1, draws=20, tune=20, chains=1, progressbar=False)
    warnings = fit_record(result)["warnings"]
    assert set(found.warnings) < set(warnings)
    assert set(result.verdict.reasons) < set(warnings)


def test_undefined_numbers_are_null():
    """One draw has no sd, no R-hat and no effective size."""
    result = model("intercept").fit(random_seed=1, draws=1, tune=5, chains=1, progressbar=False)
    record = fit_record(result)
    assert strict(record) == record
    row = record["posterior"][0]
    assert row["mean"] is not None
    assert row["sd"] is row["r_hat"] is row["ess_bulk"] is row["mcse_mean"] is None
    assert record["sampler"]["max_rhat"] is None


def test_where_reml_does_not_exist_it_is_null_with_the_reason():
    table = {"y": [1.0, 2, 4, 3, 7, 5, 6, 9, 1, 3], "t": [0.0, 1] * 5, "g": list("aabbccddee")}
    found = bm.MixedModel("y ~ t + (t | g)", table)
    with pytest.warns(bm.BayesmixedWarning):
        record = fit_record(found.fit(random_seed=1, **QUICK))
    assert record["reml"] is None
    assert any(text.startswith("no REML fit: 5 groups with 2 random effects") for text in record["warnings"])


# ---------------------------------------------------------------- plain Python
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.nan, None),
        (-np.inf, None),
        (np.float64("inf"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (False, False),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array([[1, 2]]), [[1, 2]]),
        ((1, "a", None), [1, "a", None]),
        ({1: {"x": np.nan}}, {"1": {"x": None}}),
    ],
)
def test_plain_values(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


def test_warnings_on_the_way_are_among_the_warnings(monkeypatch):
    reml = model("intercept").reml()
    whole = reml.icc

    def icc(*arguments, **options):
        warnings.warn("a limit was not found", bm.BayesmixedWarning, stacklevel=2)
        return whole(*arguments, **options)

    monkeypatch.setattr(type(reml), "icc", lambda self, *arguments, **options: icc(*arguments, **options))
    assert reml_record(reml)["warnings"] == [*reml.warnings, "a limit was not found"]
