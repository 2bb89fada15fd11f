"""Which columns are to blame for the rows that were dropped, in words."""

import pytest

from bayesmixed.table import Missing


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"x": 3}, "x"),
        ({"Subject": 1, "Days": 2}, "Days (2) and Subject (1)"),
        ({"a": 3, "b": 3}, "a (3) and b (3)"),
        ({"a": 1, "b": 1, "c": 1}, "a (1), b (1) and c (1)"),
        ({"a": 1, "b": 3, "c": 1, "d": 2, "e": 1}, "b (3), d (2), a (1) and 2 more columns"),
    ],
)
def test_the_columns_with_the_most_gaps_come_first(columns, text):
    assert Missing(3, columns).where == text
    assert Missing(3, columns).sentence(180) == f"3 of 183 rows were dropped for missing values in {text}"


def test_without_counts_by_column_the_sentence_is_shorter():
    assert Missing(1).sentence(9) == "1 of 10 rows was dropped for missing values"
    assert Missing(0).sentence(9) == ""
