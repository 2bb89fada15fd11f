"""Presets: numbers on known tables, what shifts and units do to them, and their warnings."""

import re

import numpy as np
import pytest

from bayesmixed.coding.coding import column_codings, constant_of
from bayesmixed.priors import LKJ, Flat, HalfStudentT, Normal, StudentT
from tests.designs import design_of, random_table, stages

SLOPE = "Reaction ~ Days + (Days | Subject)"


def resolved(formula, table, priors=None, weights=None):
    return stages(formula, table, priors, weights).priors


# ---------------------------------------------------------------- sleepstudy
def test_default_on_sleepstudy(sleepstudy):
    priors = resolved(SLOPE, sleepstudy)
    y, days = sleepstudy["Reaction"].to_numpy(), sleepstudy["Days"].to_numpy(float)
    s = np.sqrt(((y - y.mean()) ** 2).mean())
    # R's sd(Reaction), which divides by 179.
    assert s == pytest.approx(56.32876 * np.sqrt(179 / 180), abs=1e-5)
    assert priors["Intercept"].mu == pytest.approx(298.50789, abs=1e-5)
    assert priors["Intercept"].sigma == pytest.approx(2.5 * s, rel=1e-13)
    # Days are 0, ..., 9: their sd is sqrt(8.25).
    assert priors["Days"].mu == 0
    assert priors["Days"].sigma == pytest.approx(2.5 * s / np.sqrt(8.25), rel=1e-13)
    assert priors["1|Subject_sigma"].sigma == pytest.approx(s, rel=1e-13)
    assert priors["Days|Subject_sigma"].sigma == pytest.approx(s / np.sqrt(8.25), rel=1e-13)
    assert priors["sigma"].sigma == pytest.approx(s, rel=1e-13)
    assert {priors[name].nu for name in ("1|Subject_sigma", "Days|Subject_sigma", "sigma")} == {3.0}
    assert priors["Subject_corr"] == LKJ(2)
    assert priors.fixed_coding.centre.tolist() == [0, days.mean()]
    assert priors.block_codings[0].centre.tolist() == [0, days.mean()]
    assert priors.preset == "default"
    assert priors.warnings == ()


def brms_prior(brms, kind):
    """The numbers of one line of brms's own list."""
    (text,) = {row["prior"] for row in brms["prior"] if row["class"] == kind and row["prior"]}
    return text.partition("(")[0], [float(number) for number in re.findall(r"[\d.]+", text.partition("(")[2])]


def test_brms_on_sleepstudy_is_what_brms_prints(sleepstudy, brms):
    priors = resolved(SLOPE, sleepstudy, "brms")
    family, (nu, mu, sigma) = brms_prior(brms, "Intercept")
    assert family == "student_t"
    assert priors["Intercept"] == StudentT(nu, mu, sigma)
    for kind, names in (("sd", ["1|Subject_sigma", "Days|Subject_sigma"]), ("sigma", ["sigma"])):
        family, (nu, zero, sigma) = brms_prior(brms, kind)
        assert (family, zero) == ("student_t", 0)
        for name in names:
            assert priors[name] == HalfStudentT(nu, sigma)
    assert brms_prior(brms, "L") == ("lkj_corr_cholesky", [1.0])
    assert priors["Subject_corr"] == LKJ(1)
    assert not [row for row in brms["prior"] if row["class"] == "b" and row["prior"]]
    assert priors["Days"] == Flat()
    assert priors.preset == "brms"
    assert priors.warnings == ()


def test_brms_acts_in_brmss_own_coding(sleepstudy):
    priors = resolved(SLOPE, sleepstudy, "brms")
    assert priors.fixed_coding.centre.tolist() == [0, 4.5]
    np.testing.assert_array_equal(priors.T, np.eye(2))


def test_brms_without_an_intercept_has_only_flat_coefficients(sleepstudy):
    priors = resolved("Reaction ~ 0 + Days + (1 | Subject)", sleepstudy, "brms")
    assert dict(priors.fixed) == {"Days": Flat()}
    assert not priors.fixed_coding.centre.any()


def test_brmss_scale_is_at_least_two_and_a_half(ergostool):
    priors = resolved("effort ~ Type + (1 | Subject)", ergostool, "brms")
    # The median absolute deviation, 1.4826 * 2 = 2.97, rounds to 3.0; of a tenth of y to 0.3.
    assert priors["sigma"] == HalfStudentT(3, 3.0)
    small = resolved("effort ~ Type + (1 | Subject)", ergostool.assign(effort=ergostool["effort"] / 10), "brms")
    assert small["sigma"] == HalfStudentT(3, 2.5)


# ---------------------------------------------------------------- shifts and units
def scales(priors):
    return {name: prior.sigma for name, prior in priors.items() if hasattr(prior, "sigma")}


def test_the_default_does_not_see_where_zero_is(sleepstudy):
    before = resolved(SLOPE, sleepstudy)
    table = sleepstudy.assign(Days=sleepstudy["Days"] + 1e6, Reaction=sleepstudy["Reaction"] + 1e6)
    after = resolved(SLOPE, table)
    assert scales(after) == pytest.approx(scales(before), rel=1e-9)
    assert after["Intercept"].mu == pytest.approx(before["Intercept"].mu + 1e6, rel=1e-14)
    np.testing.assert_allclose(after.fixed_coding.centre, before.fixed_coding.centre + [0, 1e6])
    np.testing.assert_allclose(after.T[0], before.T[0] + [0, 1e6])
    assert after.warnings == ()


@pytest.mark.parametrize(("a", "b"), [(1e6, 1.0), (1.0, 1e-3), (7.0, 365.25)])
def test_the_default_follows_units(sleepstudy, a, b):
    """y in units of 1/a, time in units of 1/b."""
    before = resolved(SLOPE, sleepstudy)
    after = resolved(SLOPE, sleepstudy.assign(Reaction=a * sleepstudy["Reaction"], Days=b * sleepstudy["Days"]))
    factor = {name: a / b if name.startswith("Days") else a for name in scales(before)}
    expected = {name: scale * factor[name] for name, scale in scales(before).items()}
    assert scales(after) == pytest.approx(expected, rel=1e-12)
    assert after["Intercept"].mu == pytest.approx(a * before["Intercept"].mu, rel=1e-12)
    assert after["Subject_corr"] == before["Subject_corr"]


def test_the_default_follows_the_units_of_weights():
    """With all weights times c, sigma^2 is c times as large: only its prior's scale moves."""
    table = random_table()
    before = resolved("y ~ t + (t | g)", table, weights="w")
    after = resolved("y ~ t + (t | g)", table.assign(w=4 * table["w"]), weights="w")
    expected = {name: scale * (2 if name == "sigma" else 1) for name, scale in scales(before).items()}
    assert scales(after) == pytest.approx(expected, rel=1e-12)


def test_the_default_takes_the_offset_off_and_weights_the_rows():
    table = random_table()
    priors = resolved("y ~ t + offset(o) + (1 | g)", table, weights="w")
    y, w = table["y"] - table["o"], table["w"]
    mean = np.average(y, weights=w)
    spread = np.sqrt(np.average((y - mean) ** 2, weights=w))
    t = np.sqrt(np.average((table["t"] - np.average(table["t"], weights=w)) ** 2, weights=w))
    assert priors["Intercept"] == Normal(mean, priors["Intercept"].sigma)
    assert priors["Intercept"].sigma == pytest.approx(2.5 * spread, rel=1e-12)
    assert priors["t"].sigma == pytest.approx(2.5 * spread / t, rel=1e-12)
    assert priors["1|g_sigma"].sigma == pytest.approx(spread, rel=1e-12)
    assert priors["sigma"].sigma == pytest.approx(np.sqrt((w * (y - mean) ** 2).mean()), rel=1e-12)


# ---------------------------------------------------------------- other designs
def test_a_factor_in_place_of_the_intercept():
    table = random_table()
    priors = resolved("y ~ 0 + f + t + (0 + f | g)", table)
    y = table["y"].to_numpy()
    np.testing.assert_allclose(priors["f"].mu, [y.mean()] * 3)
    share = [(table["f"] == level).mean() for level in "ABC"]
    np.testing.assert_allclose(priors["f"].sigma, 2.5 * y.std() / np.sqrt(share))
    np.testing.assert_allclose(priors["f|g_sigma"].sigma, [y.std()] * 3)
    np.testing.assert_allclose(priors.fixed_coding.centre, [0, 0, 0, table["t"].mean()])


def test_without_a_constant_everything_is_stated_at_zero():
    table = random_table()
    priors = resolved("y ~ 0 + t + (0 + t | g)", table)
    y = table["y"].to_numpy()
    spread = np.sqrt((y**2).mean())
    t = np.sqrt((table["t"] ** 2).mean())
    assert priors["t"].mu == 0
    assert priors["t"].sigma == pytest.approx(2.5 * spread / t)
    assert priors["t|g_sigma"].sigma == pytest.approx(spread / t)
    assert not priors.fixed_coding.centre.any()


def test_levels_of_a_factor_have_independent_means():
    """Prior variance v / share of each level's mean, v that of the intercept: the same for every coding."""
    table = random_table()
    priors = resolved("y ~ f + (1 | g)", table)
    share = np.array([(table["f"] == level).mean() for level in "ABC"])
    means = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]) @ priors.fixed_coding.inverse
    sd = np.array([priors["Intercept"].sigma, *priors["f"].sigma])
    expected = np.diag(6.25 * table["y"].var(ddof=0) / share)
    np.testing.assert_allclose(means @ np.diag(sd**2) @ means.T, expected, atol=1e-9 * expected.max())
    np.testing.assert_allclose(means[:, 0], 1.0)
    assert priors["f"].mu == (0.0, 0.0)


@pytest.mark.parametrize("preset", ["default", "brms"])
def test_no_prior_of_correlations_where_there_are_none(preset):
    for formula in ("y ~ t + (1 | g)", "y ~ t + (t || g)"):
        assert resolved(formula, random_table(), preset).corr is None


def test_separate_blocks_are_centred_only_with_their_own_constant():
    table = random_table()
    priors = resolved("y ~ t + u + (t | g) + (0 + u | g)", table)
    first, second = priors.block_codings
    assert first.centre.tolist() == [0, pytest.approx(table["t"].mean())]
    assert second.centre.tolist() == [0]
    assert priors.blocks == ((0, 1), (2,))
    spread = table["y"].std(ddof=0)
    assert priors["u|g_sigma"].sigma == pytest.approx(spread / np.sqrt((table["u"] ** 2).mean()))


# ---------------------------------------------------------------- warnings
def test_brms_far_from_zero_warns(sleepstudy):
    table = sleepstudy.assign(Year=sleepstudy["Days"] + 2000.0)
    priors = resolved("Reaction ~ Year + (Year | Subject)", table, "brms")
    (warning,) = priors.warnings
    assert "the brms priors act at Year = 0, which is far from the data (mean 2004, sd 2.872)" in warning
    assert "centre Year, or use the default priors" in warning
    assert resolved("Reaction ~ Year + (Year | Subject)", table).warnings == ()
    assert resolved("Reaction ~ Year + (1 | Subject)", table, "brms").warnings == ()


# ---------------------------------------------------------------- where the constant is
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([[1, 5], [1, 6], [1, 7]], [1, 0]),
        ([[5, 1], [6, 1], [7, 1]], [0, 1]),
        ([[1, 0, 3], [0, 1, 4], [1, 0, 5]], [1, 1, 0]),
        ([[3, 1, 0], [4, 0, 1], [5, 1, 0]], [0, 1, 1]),
        ([[1, 0], [0, 0], [0, 1]], [0, 0]),
        ([[2, 3], [2, 4], [2, 5]], [0, 0]),
        ([[0.5, 0.5], [0.5, 0.5], [1, 0]], [0, 0]),
        # An indicator of its own in front of a whole factor.
        ([[1, 1, 0], [0, 0, 1], [1, 1, 0]], [0, 1, 1]),
    ],
)
def test_the_constant_is_a_column_or_a_whole_factor(columns, expected):
    assert constant_of(np.array(columns, dtype=float)).tolist() == expected


@pytest.mark.parametrize(
    "formula", ["y ~ t + (t | g)", "y ~ 0 + f + t + (0 + f + t | g)", "y ~ 0 + t + (0 + t | g)"]
)
def test_column_codings_are_exact_maps(formula):
    design = design_of(formula, random_table())
    fixed, blocks = column_codings(design)
    np.testing.assert_allclose(fixed.apply(design.X) @ fixed.matrix, design.X, atol=1e-12)
    for block, coding in zip(design.blocks, blocks, strict=True):
        Z = design.Z_rows[:, list(block.columns)]
        np.testing.assert_allclose(coding.apply(Z) @ coding.matrix, Z, atol=1e-12)
