"""A table's rows in the columns of the kernel: as they are, group by group, and as one triangle of each group."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import SamplingError
from bayesmixed.moments import Moments
from bayesmixed.moments.triangles import Triangles, coded_columns

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel


@dataclass(frozen=True, eq=False)
class KernelRows:
    """Root-weighted rows ``[Z X y]`` in the coding of the priors, less the shift of the kernel.

    Columns of X stand in the kernel's order: integrated coefficients first, explicit ones next.

    Parameters
    ----------
    rows : ndarray, shape (N, q + p + 1)
        Group by group.
    order : ndarray of int, shape (N,)
        The row of the design that each one is.
    start : ndarray of int, shape (J + 1,)
        ``start[j]:start[j + 1]`` are the rows of group j.
    log_weights : ndarray, shape (N,)
    R : ndarray, shape (J, q + p + 1, q + p + 1)
        Of every group, as many rows with the same cross-products.
    """

    rows: Array
    order: Index
    start: Index
    log_weights: Array
    R: Array

    @classmethod
    def of(cls, model: "MixedModel") -> "KernelRows":
        """The rows of a model.

        Raises
        ------
        SamplingError
            The rows of a table that was read in parts are gone.
        """
        design, coded, posterior = model.design, model.coded, model.posterior
        if design.streamed is not None:
            raise SamplingError(
                "leaving out needs the rows, which a table read in parts does not keep: fit a MixedModel of the "
                "whole table, or of a sample of its groups"
            )
        X_map = (coded.fixed.matrix @ posterior.priors.fixed_coding.inverse)[:, posterior.order]
        Z_map = coded.T @ posterior.priors.T_inverse
        X, Z = coded_columns(design, design.X, design.Z_rows)
        y = design.y - design.offset - X @ coded.shift
        order = np.argsort(design.group, kind="stable")
        weights = np.asarray(design.weights, dtype=float)[order]
        rows = np.column_stack([Z[order] @ Z_map, X[order] @ X_map, y[order]]) * np.sqrt(weights)[:, None]
        q, start = design.q, np.concatenate([[0], np.cumsum(design.group_sizes)])
        group = np.asarray(design.group)[order]
        R = Triangles.of_rows(rows[:, -1], rows[:, q:-1], rows[:, :q], group, design.levels).R
        return cls(np.ascontiguousarray(rows), order, start.astype(np.intp), np.log(weights), R)

    @property
    def n(self) -> Index:
        """Rows of each group, (J,)."""
        return np.diff(self.start)

    @property
    def group_log_weights(self) -> Array:
        """Sum of the log weights of each group's rows, (J,)."""
        return np.add.reduceat(self.log_weights, self.start[:-1])

    def moments_without_group(self, moments: Moments, j: int) -> Moments:
        """The moments of all other groups, summed up from their triangles."""
        others = np.delete(np.arange(len(self.R)), j)
        size = self.R.shape[1]
        rows = self.R[others].reshape(-1, size)
        levels = tuple(moments.levels[k] for k in others)
        found = _summed(rows, np.repeat(np.arange(len(others)), size), levels, moments.q)
        left = moments.sum_log_weights - float(self.group_log_weights[j])
        return replace(found, n=moments.n[others], sum_log_weights=left)

    def moments_without_row(self, moments: Moments, k: int) -> Moments:
        """The moments of all rows but the k-th of `rows`; its group goes with it if it was the only one."""
        kept = np.delete(np.arange(len(self.rows)), k)
        own, group = np.unique(np.repeat(np.arange(len(self.R)), self.n)[kept], return_inverse=True)
        found = _summed(self.rows[kept], group, tuple(moments.levels[j] for j in own), moments.q)
        return replace(found, sum_log_weights=moments.sum_log_weights - float(self.log_weights[k]))


def _summed(rows: Array, group: Index, levels: tuple[str, ...], q: int) -> Moments:
    return Moments.of_rows(rows[:, -1], rows[:, q:-1], rows[:, :q], group, levels)
