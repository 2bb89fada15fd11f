"""A design whose rows came by and are gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding.coded import check_residual
from bayesmixed.design import Design
from bayesmixed.design.cautions import cautions
from bayesmixed.errors import DesignError
from bayesmixed.moments import Moments
from bayesmixed.streaming.agreement import Agreement
from bayesmixed.streaming.checks import check
from bayesmixed.streaming.facts import Facts
from bayesmixed.streaming.settle import Settled, settle

_ROWS = ("y", "X", "Z_rows", "group", "offset", "weights", "rows", "frame")


@dataclass(frozen=True, eq=False)
class StreamedDesign(Design):
    """All that a design knows besides its rows: names, levels, blocks, encoding, counts, scales.

    Whatever needs the rows raises one `DesignError` that says so.

    Parameters
    ----------
    settled : Settled
        Moments, centres and scales, which stand in for the rows.
    facts : Facts
    sizes : ndarray of int, shape (J,)
        Rows of each group.
    origins : dict of str to float
        See `Agreement`.
    """

    y: np.ndarray = field(init=False, repr=False)
    X: np.ndarray = field(init=False, repr=False)
    Z_rows: np.ndarray = field(init=False, repr=False)
    group: np.ndarray = field(init=False, repr=False)
    offset: np.ndarray = field(init=False, repr=False)
    weights: np.ndarray = field(init=False, repr=False)
    rows: np.ndarray = field(init=False, repr=False)
    frame: Any = field(init=False, repr=False)
    settled: Settled = field(kw_only=True, repr=False)
    facts: Facts = field(kw_only=True, repr=False)
    sizes: np.ndarray = field(kw_only=True, repr=False)
    origins: Mapping[str, float] = field(kw_only=True, repr=False)

    @classmethod
    def of(cls, moments: Moments) -> "StreamedDesign":
        """The design that moments with a header belong to.

        Raises
        ------
        DesignError
            The model cannot be estimated, as for a table in memory.
        """
        if moments.header is None:
            raise DesignError("these moments do not say what they belong to: make them by bm.sum_moments")
        agreement, facts = moments.header.agreement, moments.header.facts
        settled = settle(moments)
        bare = cls._of(agreement, facts, settled, moments, ())
        check(bare)
        check_residual(settled.coded.moments, *_sizes_of_y(settled), bare.response_name)
        return cls._of(agreement, facts, settled, moments, tuple(cautions(bare)))

    @classmethod
    def _of(
        cls, agreement: Agreement, facts: Facts, settled: Settled, moments: Moments, texts: tuple[str, ...]
    ) -> "StreamedDesign":
        encoding, specification = agreement.encoding, agreement.specification
        return cls(
            specification=specification,
            response_name=specification.response_name,
            factor_name=specification.factor_name,
            levels=moments.levels,
            fixed=encoding.fixed.terms,
            random_terms=tuple(term for side in encoding.random for term in side.terms),
            blocks=agreement.random_blocks,
            n_dropped=facts.missing.n_rows,
            weights_name=agreement.weights_name,
            warnings=texts,
            encoding=encoding,
            missing=facts.missing.columns,
            settled=settled,
            facts=facts,
            sizes=moments.n,
            origins=agreement.origins,
        )

    def __getattr__(self, name: str) -> Any:
        if name in _ROWS:
            raise DesignError(
                f"the rows of this table were streamed and are gone, and this needs them (design.{name}): read "
                "the table, or a sample of it, into memory and give that to MixedModel"
            )
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    @property
    def n_obs(self) -> int:
        return int(self.sizes.sum())

    @property
    def p(self) -> int:
        return self.settled.coded.moments.p

    @property
    def q(self) -> int:
        return self.settled.coded.moments.q

    @property
    def group_sizes(self) -> np.ndarray:
        return self.sizes

    @property
    def streamed(self) -> Settled:
        return self.settled

    @property
    def response_spread(self) -> float:
        return self.settled.scales.spread

    @property
    def used_names(self) -> tuple[str, ...]:
        return self.specification.columns

    def z_mean_squares(self, matrix: Array) -> Array:
        root = self.settled.coded.T @ matrix
        mean: Array = np.einsum("ka,kl,la->a", root, self.settled.ZZ, root) / self.n_obs
        return mean

    @property
    def z_second_moment(self) -> Array:
        T = self.settled.coded.T
        return T.T @ self.settled.ZZ @ T / self.n_obs

    def between_group_slopes(self, columns: slice = slice(None)) -> list[str]:
        labels = self.random_labels
        if "Intercept" not in labels:
            return []
        R = self.settled.coded.moments.Rzz @ self.settled.coded.T
        one = R[:, :, labels.index("Intercept")]
        squares = np.einsum("jk,jk->j", one, one)[:, None]
        found = []
        for k in range(self.q)[columns]:
            z = R[:, :, k]
            rest = z - one * (np.einsum("jk,jk->j", one, z)[:, None] / squares)
            if labels[k] != "Intercept" and np.linalg.norm(rest) <= 1e-11 * np.linalg.norm(z):
                found.append(labels[k])
        return found

    def random_triangle(self) -> Array:
        coded = self.settled.coded
        R = np.linalg.qr((coded.moments.Rzz @ coded.T).reshape(-1, self.q), mode="r")
        return np.vstack([R, np.zeros((max(self.q - len(R), 0), self.q))])


def _sizes_of_y(settled: Settled) -> tuple[float, float]:
    """Lengths of y, as it is and about its mean."""
    scales = settled.scales
    return float(np.sqrt(scales.squares + scales.sum_weights * scales.mean**2)), float(np.sqrt(scales.squares))
