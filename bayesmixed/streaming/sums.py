"""The second pass: coded rows into running sums, whatever the order in which groups come by."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.errors import TableError
from bayesmixed.moments import Moments
from bayesmixed.streaming.agreement import Agreement
from bayesmixed.streaming.facts import Facts, Header
from bayesmixed.streaming.group_keys import GroupKeys
from bayesmixed.streaming.parts import joined_missing, part_of, same_orders, used_columns
from bayesmixed.streaming.rotate import add_rows
from bayesmixed.table.missing import Missing


class RunningSums:
    """Triangles of the groups met so far, to which rows are added in place.

    `Moments.__add__` makes new moments of two; here a row costs one rotation and no copy of the groups.
    """

    def __init__(self, agreement: Agreement):
        q, width = agreement.q, agreement.q + agreement.p + 1
        self.agreement = agreement
        self.keys = GroupKeys(agreement.specification.factor)
        self.by_group = np.zeros((0, q, width))
        self.n = np.zeros(0, dtype=np.int64)
        self.overall = np.zeros((width - q, width - q))
        self.log_weights = 0.0
        self.facts = Facts.none(agreement)

    def add(self, frame: pd.DataFrame) -> None:
        """Add complete rows."""
        rows, places = self.agreement.code(frame), self.keys.places(frame)
        root = np.empty(0) if rows.weights is None else np.sqrt(rows.weights)
        self._rotate(rows.y, rows.X, rows.Z, root, places)
        self.n[: len(self.keys)] += np.bincount(places, minlength=len(self.keys))
        if rows.weights is not None:
            self.log_weights += float(np.log(rows.weights).sum())
        self.facts = self.facts.of_rows(rows, frame)

    def __add__(self, other: "RunningSums") -> "RunningSums":
        """Take in the sums of other parts; changes and returns this one."""
        if len(other.keys):
            J, q = len(other.keys), self.agreement.q
            self.keys.orders = same_orders(self.keys.orders, other.keys.orders)
            places = self.keys.places(other.keys.frame())
            rows = other.by_group[:J].reshape(J * q, -1)
            self._rotate(rows[:, -1], rows[:, q:-1], rows[:, :q], np.empty(0), np.repeat(places, q))
            self.n[places] += other.n[:J]
        self.overall[:] = np.linalg.qr(np.concatenate([self.overall, other.overall]), mode="r")
        self.log_weights += other.log_weights
        self.facts = self.facts + other.facts
        return self

    def _rotate(self, y: Array, X: Array, Z: Array, root: Array, places: np.ndarray) -> None:
        self._make_room()
        add_rows(y, X, Z, root, places, self.by_group[: len(self.keys)], self.overall)

    def _make_room(self) -> None:
        room, J = len(self.n), len(self.keys)
        if room < J:
            more = max(J, min(2 * room, room + 1_000_000)) - room
            self.by_group = np.concatenate([self.by_group, np.zeros((more, *self.by_group.shape[1:]))])
            self.n = np.concatenate([self.n, np.zeros(more, dtype=np.int64)])

    def moments(self) -> Moments:
        """Moments with groups in the order of their names, and the header that says what they belong to."""
        if not len(self.keys):
            raise TableError("the table has no complete rows")
        order, levels = self.keys.levels()
        q = self.agreement.q
        by_group = self.by_group[order]
        Rzz = np.ascontiguousarray(by_group[:, :, :q])
        facts = self.facts
        if self.agreement.weights_name is None:
            facts = replace(facts, ZZ=np.einsum("jka,jkb->ab", Rzz, Rzz))
        return Moments(
            Rzz,
            np.ascontiguousarray(by_group[:, :, q:]),
            self.overall.copy(),
            self.n[order],
            levels,
            self.log_weights,
            Header(self.agreement, facts),
        )


def accumulate(agreement: Agreement, batches: Iterator[Any]) -> RunningSums:
    """The second pass over some parts."""
    specification = agreement.specification
    agreement = agreement.own_copy()  # formulae's terms hold the values that they work on
    columns = used_columns(specification, agreement.weights_name)
    sums = RunningSums(agreement)
    missing = Missing(0)
    for batch in batches:
        part = part_of(batch, columns, specification.only_groups)
        missing = joined_missing(missing, part.missing)
        sums.keys.orders = same_orders(
            sums.keys.orders, {name: part.orders[name] for name in specification.factor if name in part.orders}
        )
        if len(part.frame):
            sums.add(part.frame)
    sums.facts = replace(sums.facts, missing=missing)
    return sums
