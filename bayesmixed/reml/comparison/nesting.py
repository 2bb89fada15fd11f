"""Whether one fitted model is a special case of another: by the spaces that columns span, not by their labels.

The mean of the smaller model must lie in the span of the larger one's X, and each block of random effects in the
span of *one* block of the larger model: ``Z_B = Z_L A`` gives ``Z_B G Z_B' = Z_L (A G A') Z_L'`` for every G.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.coding.coding import column_codings
from bayesmixed.errors import RemlError

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.reml.estimates import Estimates

#: Columns lie in a span when less than this share of their length sticks out.
OUTSIDE = 1e-7


@dataclass(frozen=True, eq=False)
class Nesting:
    """How a smaller model lies in a larger one, both in the coding of their criteria.

    Parameters
    ----------
    X_map : ndarray, shape (p_large, p_small)
        ``X_small = X_large X_map``.
    Z_map : ndarray, shape (q_large, q_small)
        ``Z_small = Z_large Z_map``; no column mixes blocks.
    zero_variances : int
        How many variances of the larger model are zero in the smaller one.
    same_means : bool
        Whether the columns of X span the same space.
    """

    X_map: Array
    Z_map: Array
    zero_variances: int
    same_means: bool

    @classmethod
    def of(cls, small: "Estimates", large: "Estimates") -> "Nesting":
        """Nest two fits of the same rows.

        Raises
        ------
        RemlError
            The fixed or the random part of the first is no special case of the second's.
        """
        X_small, Z_small = _coded(small.design)
        X_large, Z_large = _coded(large.design)
        X_map = within(X_small, X_large)
        if X_map is None:
            raise RemlError(
                f"not nested: the fixed effects of {_formula(small)} are no special case of those of "
                f"{_formula(large)}"
            )
        Z_map = np.zeros((large.design.q, small.design.q))
        columns = [np.array(block.columns) for block in large.design.blocks]
        for block, Z in zip(small.design.blocks, Z_small, strict=True):
            found = ((k, within(Z, other)) for k, other in enumerate(Z_large))
            home = next(((k, A) for k, A in found if A is not None), None)
            if home is None:
                raise RemlError(
                    f"not nested: the random effects {', '.join(block.labels)} of {_formula(small)} are no "
                    f"special case of one bracket of {_formula(large)}"
                )
            Z_map[np.ix_(columns[home[0]], block.columns)] = home[1]
        kept = sum(int(np.linalg.matrix_rank(Z_map[index], tol=OUTSIDE)) for index in columns)
        same = X_small.shape[1] == X_large.shape[1]
        return cls(X_map, Z_map, large.design.q - kept, same)


def within(columns: Array, others: Array) -> Array | None:
    """A with ``columns = others A``, or None where there is none."""
    A = np.linalg.lstsq(others, columns, rcond=None)[0]
    outside = np.linalg.norm(columns - others @ A, axis=0)
    return A if (outside <= OUTSIDE * np.linalg.norm(columns, axis=0)).all() else None


def check_same_rows(first: "Estimates", second: "Estimates") -> None:
    """Refuse fits whose likelihoods are not of the same thing.

    Raises
    ------
    RemlError
        A REML and an ML fit; other rows, responses, weights, offsets or groups.
    """
    one, two = first.design, second.design
    if first.method != second.method:
        raise RemlError("one fit is by REML and one by ML, which do not compare: fit both with one method")
    if one.n_obs != two.n_obs:
        raise RemlError(
            f"the fits are of {one.n_obs} and {two.n_obs} rows: fit both to the same rows, such as those without "
            "missing values in any column of either"
        )
    if not np.array_equal(one.y, two.y):
        raise RemlError(
            "the fits are of different responses or rows: fit both to one response and the same rows in one order"
        )
    for name, a, b in (("weights", one.weights, two.weights), ("offsets", one.offset, two.offset)):
        if not np.array_equal(a, b):
            raise RemlError(f"the fits have different {name}: give both the same")
    if not _same_groups(one.group, two.group):
        raise RemlError(f"not nested: the groups are {one.factor_name} in one fit, {two.factor_name} in the other")


def _same_groups(one: NDArray[np.intp], two: NDArray[np.intp]) -> bool:
    pairs = np.unique(np.column_stack([one, two]), axis=0)
    return bool(len(pairs) == one.max() + 1 == two.max() + 1)


def _coded(design: "Design") -> tuple[Array, list[Array]]:
    """Centred and scaled columns of X, and of each block of Z."""
    fixed, blocks = column_codings(design)
    Z = [
        coding.apply(design.Z_rows[:, list(block.columns)])
        for coding, block in zip(blocks, design.blocks, strict=True)
    ]
    return fixed.apply(design.X), Z


def _formula(fit: "Estimates") -> str:
    return repr(fit.design.specification.formula)
