"""Statistics against sums written out, and residuals against one least-squares fit of all columns."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.checks.catalogue import STATISTICS
from bayesmixed.checks.layout import Layout, time_column, time_ranks
from bayesmixed.checks.statistics import (
    anova_icc,
    autocorrelation,
    between_group_sd,
    farthest_group,
    highest_group_mean,
    lowest_group_mean,
    residual_spread,
    within_group_sd,
)
from bayesmixed.checks.within import GroupedRows, orthonormal_within
from tests import fits
from tests.dense import group_blocks

SIZES = (3, 1, 4, 2)


@pytest.fixture
def rows(rng):
    group = rng.permutation(np.repeat(np.arange(len(SIZES)), SIZES))
    return rng.normal(size=len(group)) + 2.0 * group, group


def anova(y, group):
    """MSB, MSW and n0 by loops."""
    parts = [y[group == j] for j in np.unique(group)]
    N, J = len(y), len(parts)
    msb = sum(len(part) * (part.mean() - y.mean()) ** 2 for part in parts) / (J - 1)
    msw = sum(((part - part.mean()) ** 2).sum() for part in parts) / (N - J)
    n0 = (N - sum(len(part) ** 2 for part in parts) / N) / (J - 1)
    return msb, msw, n0


def layout(key="weighted", time=None):
    return Layout.of(fits.model(key).design, time)


def least_squares(design):
    """Residuals times sqrt(w) of y on X and every group's own columns of Z, in the order of the table."""
    scale = np.sqrt(design.weights)
    columns = np.column_stack([design.X, group_blocks(design.Z_rows, design.group)]) * scale[:, None]
    y = (design.y - design.offset) * scale
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0], np.linalg.matrix_rank(columns)


# ---------------------------------------------------------------- between and within groups
def test_between_group_sd_is_that_of_the_means(rows):
    y, group = rows
    means = [y[group == j].mean() for j in range(len(SIZES))]
    assert between_group_sd(y, group) == pytest.approx(np.std(means, ddof=1))


def test_within_group_sd_is_the_root_of_msw(rows):
    assert within_group_sd(*rows) == pytest.approx(np.sqrt(anova(*rows)[1]))


def test_anova_icc_is_the_textbook_formula(rows):
    msb, msw, n0 = anova(*rows)
    assert anova_icc(*rows) == pytest.approx((msb - msw) / (msb + (n0 - 1) * msw))


def test_anova_icc_can_be_negative():
    assert anova_icc(np.array([0.0, 2.0, 0.0, 2.0]), np.array([0, 0, 1, 1])) == pytest.approx(-1.0)


def test_anova_icc_of_dyestuff(dyestuff):
    # MSB = 11271.5, MSW = 2451.25, n = 5: Davies and Goldsmith's analysis of variance
    group = np.unique(dyestuff["Batch"], return_inverse=True)[1]
    expected = (11271.5 - 2451.25) / (11271.5 + 4 * 2451.25)
    assert anova_icc(dyestuff["Yield"].to_numpy(dtype=float), group) == pytest.approx(expected)


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_take_many_tables_at_once(name, rng):
    own = layout("weighted")
    many = rng.normal(size=(3, own.design.n_obs))
    found = STATISTICS[name].values(many, own)
    assert found.shape == (3,)
    assert found[2] == pytest.approx(STATISTICS[name].values(many[2:], own)[0])


# ---------------------------------------------------------------- residuals
@pytest.mark.parametrize("key", ["slope", "weighted", "intercept", "factor", "third slope"])
def test_residuals_are_those_of_least_squares_with_every_groups_own_coefficients(key):
    own = layout(key)
    expected, rank = least_squares(own.design)
    order = own.within.rows.order
    np.testing.assert_allclose(own.within.residuals(own.design.y), expected[order], atol=1e-8)
    assert own.residual_df == own.design.n_obs - rank


@pytest.mark.parametrize("key", ["slope", "weighted"])
def test_residuals_depend_on_neither_beta_nor_b(key, rng):
    own = layout(key)
    design = own.design
    moved = design.y + design.mean(
        rng.normal(size=design.p) * 50, rng.normal(size=(design.n_groups, design.q)) * 50
    )
    moved = moved - design.offset
    np.testing.assert_allclose(own.within.residuals(moved), own.within.residuals(design.y), atol=1e-7)


def test_residuals_with_time_far_from_zero(sleepstudy):
    formula = "Reaction ~ Days + (Days | Subject)"
    here = bm.MixedModel(formula, sleepstudy).design
    far = bm.MixedModel(formula, sleepstudy.assign(Days=sleepstudy["Days"] + 1e6)).design
    found = [Layout.of(design).within.residuals(design.y) for design in (here, far)]
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_columns_that_a_groups_rows_do_not_tell_apart_are_left_out():
    group = np.array([0, 0, 0, 1, 2, 2])
    Z = np.column_stack([np.ones(6), [0.0, 1.0, 2.0, 5.0, 3.0, 3.0]])
    rows = GroupedRows.of(group)
    basis = orthonormal_within(Z, rows)
    assert np.rint(rows.sums((basis**2).T).sum(axis=0)).tolist() == [2, 1, 1]
    for j in range(3):
        own = basis[group == j]
        np.testing.assert_allclose(own.T @ own, np.diag(np.rint(np.diag(own.T @ own))), atol=1e-12)


def test_extreme_group_means_are_those_of_pandas(rng):
    own = layout("weighted")
    y = rng.normal(size=(3, own.design.n_obs))
    for k in range(3):
        means = pd.Series(y[k]).groupby(own.group).mean()
        assert lowest_group_mean(y, own.group)[k] == pytest.approx(means.min())
        assert highest_group_mean(y, own.group)[k] == pytest.approx(means.max())
        expected = (means - means.mean()).abs().max() / means.std()
        assert farthest_group(y, own.group)[k] == pytest.approx(expected)


def test_what_X_explains_is_taken_out_of_y_for_the_farthest_group():
    own = layout("weighted")
    design = own.design
    y = design.y - design.offset
    expected = y - design.X @ np.linalg.lstsq(design.X, y, rcond=None)[0]
    np.testing.assert_allclose(own.without_X(design.y), expected, atol=1e-9)


def test_autocorrelation_by_loops():
    own = layout("weighted")
    design = own.design
    residuals, _ = least_squares(design)
    time = design.frame["t"].to_numpy()
    above = below = 0.0
    for j in range(design.n_groups):
        mine = residuals[design.group == j][np.argsort(time[design.group == j], kind="stable")]
        df = len(mine) - np.linalg.matrix_rank(design.Z_rows[design.group == j])
        if df > 0:
            mine = mine / np.sqrt((mine**2).sum() / df)
            above += sum(first * second for first, second in pairwise(mine))
            below += (mine**2).sum()
    found = autocorrelation(own.within.residuals(design.y[None]), own.within)
    assert found[0] == pytest.approx(above / below)


def test_residual_spread_by_pandas():
    own = layout("weighted")
    design = own.design
    residuals, _ = least_squares(design)
    size = pd.Series(design.group).value_counts().sort_index()
    rank = [np.linalg.matrix_rank(design.Z_rows[design.group == j]) for j in range(design.n_groups)]
    df = size - rank
    s = np.sqrt(pd.Series(residuals**2).groupby(design.group).sum()[df > 0] / df[df > 0])
    df = df[df > 0]
    mean = np.average(s, weights=df)
    expected = np.sqrt(np.average((s - mean) ** 2, weights=df)) / mean
    assert residual_spread(own.within.residuals(design.y[None]), own.within)[0] == pytest.approx(expected)


def test_statistics_of_residuals_do_not_depend_on_units():
    own = layout("slope")
    found = []
    for unit in (1.0, 1e3):
        residuals = own.within.residuals(unit * own.design.y[None])
        found.append([*autocorrelation(residuals, own.within), *residual_spread(residuals, own.within)])
    assert found[1] == pytest.approx(found[0])


# ---------------------------------------------------------------- time
def test_the_default_time_is_the_slope_variable_else_a_predictor_that_varies_within_groups():
    table = fits.table("weighted")
    assert time_column(fits.model("slope").design) == "Days"
    assert time_column(fits.model("intercept").design) is None
    between = table.assign(size=table.groupby("g")["t"].transform("count") + 0.5)
    assert time_column(bm.MixedModel("y ~ size + t + (1 | g)", between).design) == "t"
    assert time_column(bm.MixedModel("y ~ size + (1 | g)", between).design) is None


def test_time_is_a_column_or_values(sleepstudy):
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", sleepstudy)
    days = sleepstudy["Days"].to_numpy()
    np.testing.assert_array_equal(time_ranks(model.design, "Days"), time_ranks(model.design, days * 10.0))
    np.testing.assert_array_equal(
        time_ranks(model.design, pd.to_datetime("2020-01-01") + pd.to_timedelta(days, "D")), days + 1
    )
    gappy = sleepstudy.assign(Reaction=sleepstudy["Reaction"].where(sleepstudy.index != 3))
    design = bm.MixedModel("Reaction ~ Days + (1 | Subject)", gappy).design
    np.testing.assert_array_equal(time_ranks(design, days), np.delete(days, 3) + 1)
    for wrong, text in (
        ("Day", "no column 'Day'"),
        (days[:5], "5 values"),
        (np.where(days == 3, np.nan, days), "missing"),
    ):
        with pytest.raises(bm.PredictionError, match=text):
            time_ranks(model.design, wrong)


def test_rows_are_ordered_by_time_within_groups():
    rows = GroupedRows.of(np.array([1, 0, 1, 0]), np.array([2, 5, 1, 4]))
    assert rows.order.tolist() == [3, 1, 2, 0]
