"""A model keeps its own rows."""

import pandas as pd

from bayesmixed.table import model_frame


def test_later_changes_of_the_table_do_not_reach_the_rows():
    table = pd.DataFrame({"y": [1.0, 2.0, 4.0], "g": [1, 1, 2]})
    frame, _, _ = model_frame(table, ["y", "g"])
    table.loc[0, "y"] = 50.0
    table.loc[0, "g"] = 7
    assert frame["y"].tolist() == [1.0, 2.0, 4.0]
    assert frame["g"].tolist() == [1, 1, 2]
