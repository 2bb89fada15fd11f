"""What all parts of a table must share before their moments add up: encoding, coding, shift."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.coding.coding import Coding, constant_of
from bayesmixed.compiled import compiled
from bayesmixed.design.blocks import Block, blocks_of
from bayesmixed.encoding import PARTS, Encoding
from bayesmixed.encoding.plain import plain, restored
from bayesmixed.errors import DesignError, TableError
from bayesmixed.specification import Specification
from bayesmixed.streaming.stateful import fill_in
from bayesmixed.streaming.summary import Functions, Summary

#: Categorical predictors with more levels than this are surely no predictors.
MOST_LEVELS = 10_000


class CodedRows(NamedTuple):
    """Encoded rows of one part in the agreed coding; `response` is y as it was, minus the offset."""

    y: Array
    X: Array
    Z: Array
    weights: Array | None
    response: Array


@dataclass(frozen=True, eq=False)
class Agreement:
    """How rows become the columns that moments are summed up in, with no row in it.

    Moments of different parts add up when they were made with the same agreement, which `digest` tells.

    Parameters
    ----------
    encoding : Encoding
        Levels, contrasts and means of transformations.
    weights_name : str or None
    fixed : Coding
        Of the columns of X.
    blocks : tuple of Coding
        Of the columns of each block of Z.
    shift : ndarray, shape (p,)
        Coefficients of the coded columns of X whose fit is taken from y.
    origins : dict of str to float
        About where most values of each column of numbers lie.
    """

    encoding: Encoding
    weights_name: str | None
    fixed: Coding
    blocks: tuple[Coding, ...]
    shift: Array
    origins: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, summary: Summary) -> "Agreement":
        """From the summary of all parts.

        Centres and scales come from rows made up from the ranges and spreads of the columns: any near the real
        ones would do, since results do not depend on them but for rounding.

        Raises
        ------
        TableError, DesignError
            No complete rows, or a model that cannot be built on these columns.
        """
        _check(summary)
        frame = _imagined_rows(summary)
        try:
            encoding, _ = Encoding.learn(summary.specification, frame, summary.functions)
        except DesignError as error:
            raise DesignError(
                f"{error} (the rows come in parts, so this was tried on values within their ranges)"
            ) from None
        encoding = replace(encoding, columns=summary.columns())
        fill_in(encoding, summary.calls)
        rows = encoding.encode(frame, PARTS)
        fixed = _coding(rows.X)
        blocks = blocks_of(summary.specification, encoding.random)
        mean = float((rows.y - rows.offset).mean())
        return cls(
            encoding,
            summary.weights_name,
            fixed,
            tuple(_coding(rows.Z_rows[:, list(block.columns)]) for block in blocks),
            mean * (fixed.matrix @ fixed.constant),
            {name: spread.mean for name, spread in summary.numbers.items()},
        )

    @property
    def specification(self) -> Specification:
        return self.encoding.specification

    @cached_property
    def random_blocks(self) -> tuple[Block, ...]:
        return blocks_of(self.specification, self.encoding.random)

    @property
    def p(self) -> int:
        return len(self.shift)

    @property
    def q(self) -> int:
        return sum(len(coding.scale) for coding in self.blocks)

    def code(self, frame: pd.DataFrame) -> CodedRows:
        """Encode complete rows and code their columns."""
        rows = self.encoding.encode(frame, PARTS)
        X = self.fixed.apply(rows.X)
        response = rows.y - rows.offset
        y = _without_fit(response, X, self.shift)
        return CodedRows(y, X, self.code_Z(rows.Z_rows), self._weights(frame), response)

    def code_Z(self, Z_rows: Array) -> Array:
        """Columns of Z in the agreed coding."""
        if len(self.blocks) == 1:
            return self.blocks[0].apply(Z_rows)
        Z = np.empty_like(Z_rows, dtype=float)
        for coding, block in zip(self.blocks, self.random_blocks, strict=True):
            Z[:, list(block.columns)] = coding.apply(Z_rows[:, list(block.columns)])
        return Z

    def _weights(self, frame: pd.DataFrame) -> Array | None:
        from bayesmixed.design.build import weights_of_rows

        return None if self.weights_name is None else weights_of_rows(frame, self.weights_name)

    # -- without pickle
    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "encoding": self.encoding.to_dict(),
            "weights": self.weights_name,
            "fixed": _coding_data(self.fixed),
            "blocks": [_coding_data(coding) for coding in self.blocks],
            "shift": plain(self.shift),
            "origins": dict(self.origins),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], functions: Functions | None = None) -> "Agreement":
        """Restore what `to_dict` gave; the user's own functions must be given again."""
        return cls(
            Encoding.from_dict(data["encoding"], functions),
            data["weights"],
            _coding_from(data["fixed"]),
            tuple(_coding_from(one) for one in data["blocks"]),
            restored(data["shift"]),
            data["origins"],
        )

    @cached_property
    def digest(self) -> str:
        """A fingerprint: equal for equal agreements."""
        return sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def own_copy(self) -> "Agreement":
        """An equal agreement for another thread."""
        return Agreement.from_dict(self.to_dict(), self.encoding.functions)

    def __reduce__(self) -> tuple[Any, ...]:
        return Agreement.from_dict, (self.to_dict(), dict(self.encoding.functions))


@compiled
def _without_fit(response: Array, X: Array, shift: Array) -> Array:  # pragma: no cover - compiled
    """``y - X shift``; BLAS would start threads of its own in each of ours."""
    y = response.copy()
    for i in range(X.shape[0]):
        for k in range(X.shape[1]):
            y[i] -= X[i, k] * shift[k]
    return y


def _check(summary: Summary) -> None:
    if summary.n_rows + summary.missing.n_rows == 0:
        raise TableError("the table has no rows")
    if summary.n_rows == 0:
        raise TableError(
            f"every row has a missing value, in {summary.missing.where}; fill them in or leave the column out"
        )
    for name, levels in summary.levels.items():
        if len(levels) >= min(summary.n_rows, MOST_LEVELS):
            raise DesignError(
                f"column {name!r} has {len(levels)} different levels in {summary.n_rows} rows: if they should be "
                f"numbers, correct those that are text; if they are groups, use (1 | {name})"
            )


def _imagined_rows(summary: Summary) -> pd.DataFrame:
    """Rows with every level and with numbers spread like those of the table, but of nobody."""
    rng = np.random.default_rng(0)
    columns = summary.columns()
    n = max(2048, *(4 * len(column.levels) for column in columns))
    data: dict[str, Any] = {}
    for column in columns:
        if column.kind == "number":
            spread = summary.numbers[column.name]
            values = rng.uniform(spread.mean - 1.7 * spread.sd, spread.mean + 1.7 * spread.sd, size=n)
            data[column.name] = np.clip(values, spread.low, spread.high)
            continue
        levels = list(column.levels)
        drawn = [levels[k] for k in rng.permutation(np.arange(n) % len(levels))]
        data[column.name] = pd.Categorical(drawn, levels, ordered=True) if column.ordered else drawn
    return pd.DataFrame(data)


def _coding(columns: Array) -> Coding:
    weights = np.ones(len(columns))
    return Coding.of_columns(columns, weights, constant_of(columns)).rotated(columns, weights)


def _coding_data(coding: Coding) -> dict[str, Any]:
    return {name: plain(getattr(coding, name)) for name in ("constant", "centre", "scale", "rotation")}


def _coding_from(data: Mapping[str, Any]) -> Coding:
    return Coding(*(restored(data[name]) for name in ("constant", "centre", "scale", "rotation")))
