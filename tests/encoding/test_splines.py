"""A spline refuses rows beyond its knots."""

import json

import numpy as np
import pytest

from bayesmixed.encoding import Encoding
from bayesmixed.errors import DesignError, PredictionError
from tests.encoding.example import learn, make_table


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("y ~ bs(x, df=4) + (1 | g)", r"bs\(x, df=4\)"),
        ("y ~ Type:bs(x=log(x), df=4) + (1 | g)", r"bs\(x=log\(x\), df=4\)"),
        ("y ~ I(2*bs(scale(x), df=5)) + (1 | g)", r"bs\(scale\(x\), df=5\)"),
        ("y ~ 1 + (0 + bs(x, df=4) | g)", r"bs\(x, df=4\)"),
        ("y ~ offset(bs(x, df=1, degree=1)) + (1 | g)", r"bs\(x, df=1, degree=1\)"),
    ],
)
def test_refuses_what_lies_beyond_its_knots(formula, name):
    encoding, _, frame = learn(formula)
    restored = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    for encoder in (encoding, restored):
        for x in (0.5, 99.0):
            far = frame.iloc[:3].assign(x=[6.0, x, 6.0])
            with pytest.raises(PredictionError, match=f"{name} is known from .* to .* only, and 1 rows"):
                encoder.encode(far)


def test_names_the_range():
    table = make_table().assign(x=np.arange(60.0))
    encoding, _, frame = learn("y ~ bs(x, df=4) + (1 | g)", table)
    with pytest.raises(PredictionError, match=r"from 0 to 59 only, and 2 rows lie outside \(-1 to 60.5\)"):
        encoding.encode(frame.iloc[:2].assign(x=[-1, 60.5]))


def test_bounds_of_the_user_are_the_range():
    encoding, _, frame = learn("y ~ bs(x, df=4, lower_bound=-99, upper_bound=99) + (1 | g)")
    assert np.isfinite(encoding.encode(frame.assign(x=98.0)).X).all()
    with pytest.raises(DesignError, match="is known from 0 to 5 only"):
        learn("y ~ bs(x, df=3, lower_bound=0, upper_bound=5) + (1 | g)")
