"""The picture of power: lines, bands and labels by what varies."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesmixed as bm


def found(**options):
    plan = {"groups": [4, 8], "n": 4, "between": ["arm"], "icc": 0.2} | options
    effects = {"arm[b]": 2.0}
    return bm.power(
        "y ~ arm + (1 | g)", effects=effects, replications=20, random_seed=1, progressbar=False, **plan
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_lines_are_n_and_panels_icc():
    own = found(n=[3, 6], icc=[0.1, 0.4])
    axes = own.plot()
    assert [ax.get_title(loc="left") for ax in axes] == ["ICC = 0.1", "ICC = 0.4"]
    assert texts(axes[0])[:2] == ["n = 3", "n = 6"]
    table = own.table.query("icc == 0.4 and n == 6")
    np.testing.assert_allclose(axes[1].lines[1].get_ydata(), table["power"])
    np.testing.assert_allclose(axes[1].lines[1].get_xdata(), [4, 8])
    band = axes[1].collections[1].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(table["lower"].min())
    assert band.max() == pytest.approx(table["upper"].max())


def test_lines_are_icc_where_there_is_one_n():
    (ax,) = found(icc=[0.1, 0.4]).plot()
    assert texts(ax)[:2] == ["ICC = 0.1", "ICC = 0.4"]


def test_one_plan_is_a_point_on_the_callers_axes():
    _, ax = plt.subplots()
    (drawn,) = found(groups=6).plot(ax=ax)
    assert drawn is ax
    assert texts(ax)[0] == "n = 4"
