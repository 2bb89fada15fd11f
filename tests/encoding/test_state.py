"""An encoding goes through JSON and keeps no rows."""

import json

import numpy as np
import pytest

from bayesmixed.encoding import PARTS, Encoding
from bayesmixed.errors import StorageError
from tests.encoding.example import learn, make_table, names

FORMULAS = [
    "y ~ x + (x | g)",
    "y ~ Type*s + x + I(x**2) + (Type | g)",
    "log(n) ~ scale(y)*Type + bs(x, df=4) + poly(y, 2):s + C(z) + (center(y) || g)",
    "y ~ 0 + C(Type, Sum) + C(s, Treatment('v')):x + (0 + s + bs(x, df=3):Type | g)",
    "y ~ Type:s + (1 | g)",
    "y ~ C(Type, Treatment(reference='T2'))*scale(log(x)) + offset(n) + offset(2*x) + (1 | g)",
    "y ~ dose*`_odd name` + C(dose, Sum) + ok + C(ok) + (0 + dose | g)",
    "y ~ I(Type == 'T2') + I(x/(z + 1)) + I(z**-1) + poly(x, 3, raw=True) + (1 | g)",
    "y ~ bs(z, df=5, degree=2, intercept=True) + (1 | g)",
    "y ~ 0 + (1 | g)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_rows_encode_alike_and_so_after_json(formula):
    encoding, encoded, frame = learn(formula)
    restored = Encoding.from_dict(json.loads(json.dumps(encoding.to_dict(), allow_nan=False)))
    assert restored == encoding
    for encoder in (encoding, restored):
        again = encoder.encode(frame, PARTS)
        one = encoder.encode(frame.iloc[[7]], PARTS)
        for part in ("y", "X", "Z_rows", "offset"):
            np.testing.assert_array_equal(getattr(again, part), getattr(encoded, part))
            np.testing.assert_array_equal(getattr(one, part), getattr(encoded, part)[[7]])


def test_an_encoding_keeps_no_rows():
    encoding, _, _ = learn("y ~ scale(x)*Type + (x | g)")
    assert len(json.dumps(encoding.to_dict())) < 10_000
    for side in (encoding.fixed, *encoding.random):
        assert all(term.data is None for term in side.model)


def test_functions_of_the_user():
    table = make_table()
    own = {"twice": lambda x: 2 * x, "half": lambda x: np.where(x > x.median(), "hi", "lo")}
    encoding, encoded, frame = learn("y ~ twice(x) + half(x) + (1 | g)", table, own)
    np.testing.assert_allclose(encoded.X[:, 1], 2 * table["x"])
    assert names(encoding.fixed.terms)["half(x)"] == ("lo",)
    state = json.loads(json.dumps(encoding.to_dict()))
    np.testing.assert_array_equal(Encoding.from_dict(state, own).encode(frame).X, encoded.X)
    with pytest.raises(StorageError, match="give functions= for: half, twice"):
        Encoding.from_dict(state)
