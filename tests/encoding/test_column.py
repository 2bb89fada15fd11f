"""New rows have the columns and levels of training."""

import numpy as np
import pytest

from bayesmixed.errors import PredictionError
from tests.encoding.example import learn


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Type": "T9"}, "column 'Type' has the level 'T9'.* known are: T1, T2, T3"),
        ({"z": 77}, "column 'z' has the level '77'"),
        ({"x": "many"}, "column 'x' of the new rows is text, it was numbers"),
        ({"x": -1.0}, r"log\(x\): values <= 0 in 1 rows"),
    ],
)
def test_new_rows_that_cannot_be_encoded(change, message):
    encoding, _, frame = learn("y ~ Type + C(z) + log(x) + (1 | g)")
    with pytest.raises(PredictionError, match=message):
        encoding.encode(frame.iloc[[0]].assign(**change))
    with pytest.raises(PredictionError, match="lack the column 'x'"):
        encoding.encode(frame.drop(columns="x"))


def test_levels_of_another_type_are_the_same_levels():
    encoding, encoded, frame = learn("y ~ C(z) + (1 | g)")
    floats = frame.assign(z=frame["z"].astype(float))
    np.testing.assert_array_equal(encoding.encode(floats).X, encoded.X)
