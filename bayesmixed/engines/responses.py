"""Moments of many responses that share X, Z, groups and weights: only the columns of y differ."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.compiled import compiled
from bayesmixed.moments.patterns import Patterns, equal_up_to_rounding
from bayesmixed.moments.rotation import rotate_row_in
from bayesmixed.moments.triangles import coded_columns

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.model import MixedModel

#: Numbers of the rotated columns of y that are held at once.
MOST_HELD = 20_000_000


@compiled
def _rotate_responses(
    Y: Array, X: Array, Z: Array, root: Array, group: Index, by_group: Array, overall: Array, squares: Array
) -> None:  # pragma: no cover - compiled
    """As the rotation of one y, for its many columns; what X and Z leave of each is summed up in `squares`."""
    q, p, m = Z.shape[1], X.shape[1], Y.shape[1]
    row, rest = np.empty(q + p + m), np.empty(p + m)
    for i in range(Z.shape[0]):
        for k in range(q):
            row[k] = root[i] * Z[i, k]
        for k in range(p):
            row[q + k] = root[i] * X[i, k]
        for k in range(m):
            row[q + p + k] = root[i] * Y[i, k]
        rotate_row_in(by_group[group[i]], row, 0, q)
        for k in range(p + m):
            rest[k] = row[q + k]
        rotate_row_in(overall, rest, 0, p)
        for k in range(m):
            squares[k] += rest[p + k] * rest[p + k]


@dataclass(frozen=True, eq=False)
class ResponsePatterns:
    """Collapsed moments of many responses.

    Parameters
    ----------
    template : Patterns
        With y left out.
    Rza : ndarray, shape (n, rows, q)
        Of each response, the y column of ``template.Rza``.
    Raa : ndarray, shape (n, p + 1)
        Of each response, the y column of ``template.Raa``.
    shift : ndarray, shape (n, p)
        Least-squares coefficients that were taken from each response.
    """

    template: Patterns
    Rza: Array
    Raa: Array
    shift: Array

    def __len__(self) -> int:
        return len(self.shift)

    def of(self, response: int) -> Patterns:
        """The collapsed moments of one response."""
        Rza, Raa = self.template.Rza.copy(), self.template.Raa.copy()
        Rza[:, :, -1], Raa[:, -1] = self.Rza[response], self.Raa[response]
        return self.template._replace(Rza=Rza, Raa=Raa)

    @classmethod
    def of_rows(cls, model: "MixedModel", responses: Array) -> "ResponsePatterns":
        """Sum up responses, (n, N), in the order of the design's rows; in the coding of the priors."""
        posterior, coded = model.posterior, model.coded
        X, Z = coded_columns(model.design, model.design.X, model.design.Z_rows)
        to_prior = coded.fixed.matrix @ posterior.priors.fixed_coding.inverse
        X, Z = X @ to_prior[:, posterior.order], Z @ (coded.T @ posterior.priors.T_inverse)
        return cls.of_columns(model.design, X, Z, responses)

    @classmethod
    def of_columns(cls, design: "Design", X: Array, Z: Array, responses: Array) -> "ResponsePatterns":
        """Sum up responses with columns in any coding, by the groups and weights of a design."""
        X, Z = (np.ascontiguousarray(columns, dtype=float) for columns in (X, Z))
        root = np.sqrt(np.asarray(design.weights, dtype=float))
        Y = (responses - design.offset).T
        shift = np.linalg.lstsq(X * root[:, None], Y * root[:, None], rcond=None)[0]
        held = max(1, MOST_HELD // (design.n_groups * Z.shape[1]))
        parts = [
            _collapsed(Y[:, i : i + held] - X @ shift[:, i : i + held], X, Z, root, design)
            for i in range(0, len(responses), held)
        ]
        Rza, Raa = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
        return cls(parts[0][0], Rza, Raa, shift.T.copy())


def _collapsed(Y: Array, X: Array, Z: Array, root: Array, design: "Design") -> tuple[Patterns, Array, Array]:
    """Patterns without y, and the y columns (n, rows, q) and (n, p + 1) of each response."""
    (q, p, n), J = (Z.shape[1], X.shape[1], Y.shape[1]), design.n_groups
    by_group, overall, squares = np.zeros((J, q, q + p + n)), np.zeros((p, p + n)), np.zeros(n)
    index = np.ascontiguousarray(design.group, dtype=np.intp)
    _rotate_responses(np.ascontiguousarray(Y), X, Z, root, index, by_group, overall, squares)
    Rzz = np.ascontiguousarray(by_group[:, :, :q])
    first, member = equal_up_to_rounding(Rzz.reshape(-1, q * q))
    order, count = np.argsort(member, kind="stable"), np.bincount(member)
    edges = np.concatenate([[0], np.cumsum(count)])
    of_x, of_y = by_group[order, :, q : q + p], by_group[order, :, q + p :]
    pieces = [_shortest(of_x[a:b], of_y[a:b]) for a, b in pairwise(edges)]
    Rza = np.concatenate([x for x, _ in pieces])
    Raa = np.zeros((p + 1, p + 1))
    Raa[:p, :p] = overall[:, :p]
    template = Patterns(
        np.ascontiguousarray(Rzz[first]),
        count.astype(float),
        np.concatenate([[0], np.cumsum([len(x) for x, _ in pieces])]).astype(np.int64),
        np.ascontiguousarray(np.concatenate([Rza, np.zeros((*Rza.shape[:2], 1))], axis=2)),
        Raa,
        float(len(Y)),
        float(2.0 * np.log(root).sum()),
    )
    y_rows = np.concatenate([y for _, y in pieces], axis=1)
    return template, y_rows, np.column_stack([overall[:, p:].T, np.sqrt(squares)])


def _shortest(x: Array, y: Array) -> tuple[Array, Array]:
    """Rows of one pattern, (m, q, p) and (m, q, n), as few as their cross-products need; y as (n, rows, q).

    ``vec`` of the rows of x is turned into its triangle; what that leaves of each y, into one of q rows.
    """
    m, q, p = x.shape
    by_response = np.ascontiguousarray(np.moveaxis(y, 2, 0))
    if m <= q * (p + 1):
        return x, by_response
    Q, R = np.linalg.qr(x.reshape(m, q * p))
    inside = np.einsum("mk,nmq->nkq", Q, by_response)
    left = np.linalg.qr(by_response - np.einsum("mk,nkq->nmq", Q, inside), mode="r")
    rows = np.concatenate([R.reshape(len(R), q, p), np.zeros((q, q, p))])
    return rows, np.concatenate([inside, left], axis=1)
