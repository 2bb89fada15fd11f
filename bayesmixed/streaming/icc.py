"""Where the ICC of a streamed table is taken: as `bayesmixed.icc`, from counts of values instead of rows."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array

if TYPE_CHECKING:
    from bayesmixed.design import Design

#: Rows that stand for all rows in an average over more of them.
STAND_INS = 100_000


def landmarks_of(design: "Design", name: str) -> list[Any]:
    """Minimum, median and maximum of numbers (the range exactly); every level of a factor."""
    column = next(one for one in _slopes(design).columns if one.name == name)
    if column.kind == "factor":
        return sorted(_counts(design, name)[0].tolist())
    marks = [column.low, typical_of(design, name), column.high]
    return [mark for k, mark in enumerate(marks) if mark not in marks[:k]]


def typical_of(design: "Design", name: str) -> Any:
    """Median of numbers, commonest level of a factor."""
    values, counts = _counts(design, name)
    if next(one for one in _slopes(design).columns if one.name == name).kind == "factor":
        return sorted(values[counts == counts.max()].tolist())[0]
    order = np.argsort(values)
    upto, total = np.cumsum(counts[order]), counts.sum()
    middle = [
        values[order][np.searchsorted(upto, place, side="right")] for place in ((total - 1) // 2, total // 2)
    ]
    return float(np.mean(middle))


def rows_of_all(design: "Design") -> Array:
    """Columns of Z of rows that stand for all rows, each combination of values as often as it occurs.

    Beyond 100,000 rows, in proportion. Of a number with more than 1,000 values, 1,000 stand-ins.
    """
    slopes = _slopes(design)
    if not slopes.columns:
        return np.ones((1, design.q))
    if slopes.cells is not None:
        values = {slopes.columns[0].name: slopes.grid.stand_ins(slopes.cells)}
        stand_ins: Array = design.encoding.encode(pd.DataFrame(values), parts=["random"]).Z_rows
        return stand_ins
    frame = slopes.frame()
    counts = frame.pop("count").to_numpy()
    if counts.sum() > STAND_INS:
        edges = np.round(np.cumsum(counts) * (STAND_INS / counts.sum())).astype(np.int64)
        counts = np.diff(edges, prepend=0)
    return np.repeat(design.encoding.encode(frame, parts=["random"]).Z_rows, counts, axis=0)


def _slopes(design: Any) -> Any:
    return design.facts.slopes


def _counts(design: "Design", name: str) -> tuple[Any, Array]:
    counts = _slopes(design).frame().groupby(name, observed=True)["count"].sum()
    return counts.index.to_numpy(), counts.to_numpy()
