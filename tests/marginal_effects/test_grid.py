"""A grid refuses what it cannot cross."""

import pytest

import bayesmixed as bm
from bayesmixed.marginal_effects.grid import Grid


@pytest.mark.parametrize(("variables", "at"), [(3, None), (None, None), ("Days", [1])])
def test_grid_refuses_what_names_no_variable(variables, at):
    model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"))
    with pytest.raises(bm.PredictionError, match=r"variables are named by|at must be a dict"):
        Grid.of(model.design, variables, at)
