"""What nothing is left to tell of is refused by name."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.leaving_out.columns import KernelRows
from bayesmixed.leaving_out.existence import check_groups, check_rows
from tests.designs import random_table

FLAT = {"Intercept": bm.Flat(), "t": bm.Flat(), "d": bm.Flat()}


def treated(where):
    table = random_table(sizes=(4, 3, 5, 2))
    return table.assign(d=np.where(where(table), 1.0, 0.0))


def test_a_column_of_one_group_is_named():
    model = bm.MixedModel("y ~ t + d + (1 | g)", treated(lambda rows: rows["g"] == "g2"), priors=FLAT)
    text = r"^without group 'g2' of 'g' nothing tells of 'd', whose prior is flat.* bm\.Normal\(0, s\)$"
    with pytest.raises(bm.SamplingError, match=text):
        check_groups(model, KernelRows.of(model))
    check_rows(model, KernelRows.of(model))


def test_a_column_of_one_row_is_named():
    table = treated(lambda rows: np.arange(len(rows)) == 5)
    model = bm.MixedModel("y ~ t + d + (1 | g)", table, priors=FLAT)
    with pytest.raises(bm.SamplingError, match="without row 5 of the table nothing tells of 'd', whose prior"):
        check_rows(model, KernelRows.of(model))


def test_every_column_in_the_direction_is_named():
    table = treated(lambda rows: rows["g"] != "g1")
    model = bm.MixedModel("y ~ t + d + (1 | g)", table, priors=FLAT)
    with pytest.raises(
        bm.SamplingError, match="without group 'g1' of 'g' nothing tells of 'Intercept', 'd', whose"
    ):
        check_groups(model, KernelRows.of(model))


@pytest.mark.parametrize("priors", [None, FLAT | {"d": bm.Normal(0, 5)}, FLAT | {"d": bm.StudentT(3, 0, 5)}])
def test_a_proper_prior_is_enough(priors):
    model = bm.MixedModel("y ~ t + d + (1 | g)", treated(lambda rows: rows["g"] == "g2"), priors=priors)
    check_groups(model, KernelRows.of(model))
    check_rows(model, KernelRows.of(model))


def test_a_group_that_tells_nearly_all_may_be_left_out():
    table = random_table(sizes=(4, 3, 5, 2))
    table["d"] = np.where(table["g"] == "g2", 1e6, 1.0) * table["x"]
    model = bm.MixedModel("y ~ t + d + (1 | g)", table, priors=FLAT)
    check_groups(model, KernelRows.of(model))


def test_rows_that_are_gone_cannot_be_left_out():
    model = bm.MixedModel("y ~ t + (1 | g)", random_table())
    summed = bm.MixedModel.from_moments("y ~ t + (1 | g)", model.moments)
    with pytest.raises(bm.SamplingError, match="needs the rows, which a table read in parts does not keep"):
        KernelRows.of(summed)
