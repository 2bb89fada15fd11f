"""The picture of a calibration."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import SamplingError
from bayesmixed.report.plots.style import VERMILLION


@pytest.fixture(scope="module")
def found():
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
    return bm.calibrate(model, 50, draws=100, random_seed=1, progressbar=False)


def test_a_panel_for_each_quantity(found):
    axes = found.plot()
    assert [ax.get_title() for ax in axes] == list(found.ranks)
    ranks = np.sort(found.ranks["sigma"])
    line = axes[list(found.ranks).index("sigma")].lines[0]
    u, height = line.get_data()
    np.testing.assert_allclose(height, [(ranks <= place).mean() - place for place in u])


def test_what_leaves_the_band_has_another_colour(found):
    found.ranks["planted"] = found.ranks["sigma"] ** 3
    found.__dict__.pop("table", None)
    (ax,) = found.plot("planted")
    assert ax.lines[0].get_color() == VERMILLION
    del found.ranks["planted"]
    found.__dict__.pop("table", None)


def test_a_quantity_that_is_not_there(found):
    with pytest.raises(SamplingError, match="no quantity 'Days'"):
        found.plot(["Days"])
