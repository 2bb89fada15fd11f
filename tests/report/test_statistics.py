"""Test statistics against sums written out, and the check against replicates made by hand."""

import numpy as np
import pytest

from bayesmixed.report.statistics import (
    STATISTICS,
    anova_icc,
    between_group_sd,
    ppc_table,
    predictive_check,
    within_group_sd,
)
from tests import fits

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
def test_statistics_take_many_tables_at_once(name, rows, rng):
    _, group = rows
    many = rng.normal(size=(2, 3, len(group)))
    found = STATISTICS[name](many, group)
    assert found.shape == (2, 3)
    assert found[1, 2] == pytest.approx(STATISTICS[name](many[1, 2], group))


def test_table_compares_data_with_the_replicates_of_the_fit():
    found = fits.copy_of(fits.fit("slope"))
    table = ppc_table(found, draws=100, random_seed=3)
    design = found.model.design
    replicates = found.posterior_predictive(draws=100, random_seed=3)["posterior_predictive"]["Reaction"]
    values = np.array([anova_icc(y, design.group) for y in replicates.to_numpy().reshape(-1, design.n_obs)])
    row = table.loc["ICC (ANOVA)"]
    assert row["observed"] == pytest.approx(anova_icc(design.y, design.group))
    assert row["median"] == pytest.approx(np.median(values))
    assert row["p_value"] == pytest.approx(np.mean(values >= row["observed"]))
    assert row["eti95_lb"] < row["median"] < row["eti95_ub"]


@pytest.mark.parametrize("groups", ["observed", "new"])
def test_check_leaves_the_fit_as_it_was(groups):
    found = fits.fit("intercept")
    before = set(found.idata.children)
    check = predictive_check(found, groups, draws=20)
    assert set(found.idata.children) == before
    assert check.replicated["between-group sd"].shape == (2, 10)


def test_new_groups_vary_more_than_observed_ones():
    found = fits.fit("slope")
    spread = {
        groups: predictive_check(found, groups, draws=400).replicated["between-group sd"].std()
        for groups in ("observed", "new")
    }
    assert spread["new"] > 1.5 * spread["observed"]
