"""Groups as they turn up: each gets a place, and names and order at the end as if the table were here."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Index
from bayesmixed.design.groups import group_codes


class GroupKeys:
    """Values of the grouping columns seen so far, each combination with its place.

    Parameters
    ----------
    factor : sequence of str
        One grouping column, or several whose combinations are the groups.
    """

    def __init__(self, factor: Sequence[str]):
        self.factor = tuple(factor)
        self.known = [pd.Index([]) for _ in self.factor]
        self.joint = pd.Index([], dtype=np.int64)
        self.orders: dict[str, tuple[Any, ...]] = {}

    def __len__(self) -> int:
        return len(self.joint)

    def places(self, frame: pd.DataFrame) -> Index:
        """The place of each row's group; new groups come last."""
        joint = np.zeros(len(frame), dtype=np.int64)
        for k, name in enumerate(self.factor):
            codes, values = _distinct(frame[name])
            own, self.known[k] = _placed(self.known[k], values)
            joint = joint * (1 << 31) + own[codes] if k else own[codes].astype(np.int64)
        if len(self.factor) == 1:
            self.joint = pd.RangeIndex(len(self.known[0]))
            return joint.astype(np.intp, copy=False)
        codes, values = pd.factorize(joint)
        own, self.joint = _placed(self.joint, pd.Index(values))
        places: Index = own[codes]
        return places

    def frame(self) -> pd.DataFrame:
        """One row a group, in the order of places."""
        rest = np.asarray(self.joint)
        columns = {}
        for k in reversed(range(len(self.factor))):
            place = rest % (1 << 31) if k else rest
            rest = rest >> 31
            columns[self.factor[k]] = pd.Series(self.known[k].take(place))
        result = pd.DataFrame({name: columns[name] for name in self.factor})
        for name, order in self.orders.items():
            result[name] = pd.Categorical(
                result[name], [one for one in order if one in set(result[name])], ordered=True
            )
        return result

    def levels(self) -> tuple[Index, tuple[str, ...]]:
        """Order of the places by the sorted levels, and the levels as text."""
        codes, levels = group_codes(self.frame(), self.factor)
        return np.argsort(codes), levels


def _distinct(values: pd.Series) -> tuple[Index, pd.Index]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return np.asarray(values.cat.codes, dtype=np.intp), values.cat.categories
    codes, found = pd.factorize(values)
    return codes, pd.Index(found)


def _placed(known: pd.Index, values: pd.Index) -> tuple[Index, pd.Index]:
    """Places of distinct values among the known ones, and the known ones with the new ones at the end."""
    if not len(known):
        return np.arange(len(values), dtype=np.intp), values
    place = known.get_indexer(values)
    new = place < 0
    if new.any():
        place[new] = len(known) + np.arange(new.sum())
        known = known.append(values[new])
    return place, known
