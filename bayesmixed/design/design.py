"""What the model sees of the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.design.blocks import Block
from bayesmixed.design.collinear import greatest, triangle
from bayesmixed.design.groups import constant_within_groups
from bayesmixed.design.new_rows import NewRows
from bayesmixed.encoding import Encoding, Term
from bayesmixed.errors import DesignError
from bayesmixed.specification import Specification
from bayesmixed.table import Missing

if TYPE_CHECKING:
    from bayesmixed.streaming.settle import Settled

DENSE_LIMIT = 1_000_000_000  # bytes


@dataclass(frozen=True, eq=False)
class Design:
    """What the model sees of the table.

    Parameters
    ----------
    specification : Specification
    response_name, factor_name : str
    y : (N,) ndarray
        Response, in its own units.
    X : (N, p) ndarray
        Fixed-effect columns.
    Z_rows : (N, q) ndarray
        Each row's own random-effect columns.
    group : (N,) ndarray of intp
        Position of each row's group in `levels`.
    levels : tuple of str
        Names of the J groups.
    offset, weights : (N,) ndarray
        Known part of the mean; divisors of the residual variance, sigma^2 / w.
    fixed, random_terms : tuple of Term
        In the order of the columns of X and of `Z_rows`.
    blocks : tuple of Block
        The blocks of G.
    rows : (N,) ndarray of int
        Positions of the used rows in the user's table.
    n_dropped : int
        Rows that were dropped for a missing value.
    weights_name : str or None
    warnings : tuple of str
    frame : pandas.DataFrame
        The used columns and rows of the table.
    encoding : Encoding
    missing : mapping of str to int
        Missing values of each column that has any; empty in a fit that was stored.
    """

    specification: Specification
    response_name: str
    factor_name: str
    y: np.ndarray = field(repr=False)
    X: np.ndarray = field(repr=False)
    Z_rows: np.ndarray = field(repr=False)
    group: np.ndarray = field(repr=False)
    levels: tuple[str, ...] = field(repr=False)
    offset: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    fixed: tuple[Term, ...]
    random_terms: tuple[Term, ...]
    blocks: tuple[Block, ...]
    rows: np.ndarray = field(repr=False)
    n_dropped: int
    weights_name: str | None
    warnings: tuple[str, ...]
    frame: pd.DataFrame = field(repr=False)
    encoding: Encoding = field(repr=False)
    missing: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def streamed(self) -> "Settled | None":
        """What stands in for the rows of a table that came by in parts; None where the rows are here."""
        return None

    @property
    def response_spread(self) -> float:
        """Standard deviation of y minus the offset."""
        return float(np.std(self.y - self.offset))

    @property
    def used_names(self) -> tuple[str, ...]:
        """Columns of the table in use."""
        return tuple(map(str, self.frame.columns))

    def z_mean_squares(self, matrix: np.ndarray) -> np.ndarray:
        """Mean square over rows of each column of ``Z_rows @ matrix``."""
        return np.mean((self.Z_rows @ matrix) ** 2, axis=0)

    @property
    def z_second_moment(self) -> np.ndarray:
        """Mean of ``z z'`` over rows, (q, q)."""
        mean: np.ndarray = self.Z_rows.T @ self.Z_rows / self.n_obs
        return mean

    def random_triangle(self) -> np.ndarray:
        """R of the QR decomposition of `Z_rows`, each column divided by its greatest value, (q, q)."""
        return triangle(self.Z_rows / greatest(self.Z_rows))

    @property
    def n_obs(self) -> int:
        """N, the number of rows."""
        return len(self.y)

    @property
    def n_groups(self) -> int:
        """J, the number of groups."""
        return len(self.levels)

    @property
    def dropped(self) -> str:
        """What was dropped for missing values, in one sentence without its full stop; "" if nothing was."""
        return Missing(self.n_dropped, self.missing).sentence(self.n_obs)

    @property
    def p(self) -> int:
        """Columns of X."""
        return int(self.X.shape[1])

    @property
    def q(self) -> int:
        """Random effects of one group: columns of `Z_rows`."""
        return int(self.Z_rows.shape[1])

    @property
    def fixed_labels(self) -> tuple[str, ...]:
        """Labels of the columns of X: ``"Intercept"``, ``"Days"``, ``"Type[T2]"``."""
        return tuple(label for term in self.fixed for label in term.labels)

    @property
    def random_labels(self) -> tuple[str, ...]:
        """Labels of the q columns of `Z_rows`."""
        return tuple(label for term in self.random_terms for label in term.labels)

    @cached_property
    def group_sizes(self) -> np.ndarray:
        """n_i, the rows of each group, (J,)."""
        return np.bincount(self.group, minlength=self.n_groups)

    def between_group_slopes(self, columns: slice = slice(None)) -> list[str]:
        """Labels of random-effect columns, but the intercept, that vary within no group."""
        return [
            label
            for label, z in zip(self.random_labels[columns], self.Z_rows[:, columns].T, strict=True)
            if label != "Intercept" and constant_within_groups(z, self.group, self.n_groups)
        ]

    @property
    def Z(self) -> np.ndarray:
        """Random-effect columns of all groups, (N, J q): the q columns of group 1, of group 2, ...

        With G block diagonal over groups, the covariance of y is Z G Z' + sigma^2 I.

        Raises
        ------
        DesignError
            If it would take more than 1 GB.
        """
        size = 8 * self.n_obs * self.n_groups * self.q
        if size > DENSE_LIMIT:
            raise DesignError(f"Z as a dense matrix takes {size / 1e9:.1f} GB; use Z_sparse, or Z_rows and group")
        Z = np.zeros((self.n_obs, self.n_groups, self.q))
        Z[np.arange(self.n_obs), self.group] = self.Z_rows
        return Z.reshape(self.n_obs, -1)

    @property
    def Z_sparse(self) -> Any:
        """`Z` as a scipy.sparse.csr_array."""
        from scipy.sparse import csr_array

        columns = self.group[:, None] * self.q + np.arange(self.q)
        starts = np.arange(0, self.n_obs * self.q + 1, self.q)
        shape = (self.n_obs, self.n_groups * self.q)
        return csr_array((self.Z_rows.ravel(), columns.ravel(), starts), shape=shape)

    def mean(self, beta: np.ndarray, b: np.ndarray) -> np.ndarray:
        """``X beta + Z b + offset`` of every row, for one draw or for many.

        Parameters
        ----------
        beta : (..., p) ndarray
        b : (..., J, q) ndarray
            Random effects of every group.

        Returns
        -------
        (..., N) ndarray
            In units of y.
        """
        effects = np.einsum("...nq,nq->...n", b[..., self.group, :], self.Z_rows)
        predictor: np.ndarray = beta @ self.X.T + effects + self.offset
        return predictor

    def encode(self, table: Any, groups: bool = True) -> NewRows:
        """Encode new rows as the rows of this design were encoded.

        Parameters
        ----------
        table : pandas, Polars or PyArrow table, or dict of columns
            The predictors; the response is not needed, the grouping columns may be absent.
        groups : bool
            Whether to read the grouping columns, where they are there.

        Returns
        -------
        NewRows

        Raises
        ------
        PredictionError
            A column is missing or has missing values, a predictor's level is unseen, or a value lies
            beyond the knots of a spline.
        """
        return NewRows.of(table, self.encoding, groups)
