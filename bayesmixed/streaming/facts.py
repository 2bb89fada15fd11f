"""What moments carry along: how they were made, and what else the rows told."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.errors import DesignError
from bayesmixed.streaming.agreement import Agreement, CodedRows
from bayesmixed.streaming.parts import joined_missing
from bayesmixed.streaming.slopes import SlopeTable
from bayesmixed.table.missing import Missing


@dataclass(frozen=True, eq=False)
class Facts:
    """What moments do not tell of the rows, and reports and priors want to know; two of them add up.

    Parameters
    ----------
    sum_weights : float
    ZZ : ndarray, shape (q, q)
        ``sum z z'`` of all rows without weights, in the agreed coding.
    low, high : float
        Range of y minus the offset.
    missing : Missing
    slopes : SlopeTable
    """

    sum_weights: float
    ZZ: Array
    low: float
    high: float
    missing: Missing
    slopes: SlopeTable

    @classmethod
    def none(cls, agreement: Agreement) -> "Facts":
        needed = agreement.encoding.needed(["random"])
        columns = [column for column in agreement.encoding.columns if column.name in needed]
        q = agreement.q
        origin = agreement.origins.get(columns[0].name) if columns else None
        return cls(0.0, np.zeros((q, q)), np.inf, -np.inf, Missing(0), SlopeTable.empty(columns, origin))

    def of_rows(self, rows: CodedRows, frame: pd.DataFrame) -> "Facts":
        """The same with some more rows; without weights the moments tell `ZZ`."""
        weight = float(len(rows.y)) if rows.weights is None else float(rows.weights.sum())
        return Facts(
            self.sum_weights + weight,
            self.ZZ if rows.weights is None else self.ZZ + np.einsum("nk,nl->kl", rows.Z, rows.Z),
            min(self.low, float(rows.response.min())),
            max(self.high, float(rows.response.max())),
            self.missing,
            self.slopes.of_rows(frame),
        )

    def __add__(self, other: "Facts") -> "Facts":
        return Facts(
            self.sum_weights + other.sum_weights,
            self.ZZ + other.ZZ,
            min(self.low, other.low),
            max(self.high, other.high),
            joined_missing(self.missing, other.missing),
            self.slopes + other.slopes,
        )


@dataclass(frozen=True, eq=False)
class Header:
    """The agreement that moments were made with, and facts of their rows; two of one agreement add up.

    Parameters
    ----------
    agreement : Agreement
    facts : Facts
    """

    agreement: Agreement
    facts: Facts

    def __add__(self, other: "Header") -> "Header":
        if self.agreement is not other.agreement and self.agreement.digest != other.agreement.digest:
            raise DesignError(
                "these moments were made with different agreements (formula, levels, centres or scales differ), "
                "so they do not add up: make all of them with the same `bm.agree(...)`"
            )
        return Header(self.agreement, self.facts + other.facts)
