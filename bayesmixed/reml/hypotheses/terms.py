"""F tests of terms: type III hypotheses made from the space of the model, not from how factors are coded.

A term is a product of numeric columns M and of factors S. Its columns are Kronecker products of identities (for
M) and contrast matrices C (levels x columns, for S), so that what it adds to the mean is a table over the levels
of S for each column of M. The hypothesis of a term T = (M, S) says that, in the sum of these tables over all
terms with the same M, averaged equally over the levels of every factor that is not in S,

- no level of a factor in S differs from its first one (the rows of D = [-1 I] C), and
- where the term holds all levels of a factor, as in ``0 + f`` or ``f + f:x``, no entry differs from zero (C).

This is SAS's and lmerTest's type III: main effects are averages over the cells, whatever their numbers of rows,
and those of a factor that interacts with a covariate are taken where the covariate is 0. Hypotheses on empty
cells cannot come up, because a design refuses columns that its rows do not determine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.reml.hypotheses.tests import f_tests

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.reml.estimates import Estimates


@dataclass(frozen=True, eq=False)
class Product:
    """Columns of X that are a product of components.

    Parameters
    ----------
    name : str
    columns : slice
        Of X.
    widths : dict of str to int
        Columns of each component, in the order of the product.
    contrasts : dict of str to ndarray, shape (levels, columns)
        Of the components that are factors.
    orders : dict of str to list of int
        Positions of the levels of each factor in the order of sorting, whatever order was declared.
    """

    name: str
    columns: slice
    widths: Mapping[str, int]
    contrasts: Mapping[str, Array]
    orders: Mapping[str, list[int]]

    @property
    def numeric(self) -> frozenset[str]:
        return frozenset(self.widths) - frozenset(self.contrasts)

    def compared(self, factor: str) -> Array:
        """Which combinations of the levels of one of its factors the hypothesis sets to zero."""
        levels, width = self.contrasts[factor].shape
        ordered = np.eye(levels)[self.orders[factor]]
        return ordered if width == levels else ordered[1:] - ordered[0]


def products(design: "Design") -> list[Product]:
    """The terms of the fixed part as products, in the order of the columns of X."""
    found: list[Product] = []
    start = 0
    for term, learnt in zip(design.fixed, design.encoding.fixed.model, strict=True):
        components = getattr(learnt, "components", ())
        factors = [one for one in components if one.kind == "categoric"]
        contrasts = {one.name: np.asarray(one.contrast_matrix.matrix, dtype=float) for one in factors}
        size = term.size // int(np.prod([C.shape[1] for C in contrasts.values()], dtype=int))
        numeric = _numeric_widths(term.name, [one for one in components if one.name not in contrasts], size, found)
        widths = {one.name: numeric.get(one.name) or contrasts[one.name].shape[1] for one in components}
        orders = {one.name: _sorted(one.levels) for one in factors}
        found.append(Product(term.name, slice(start, start + term.size), widths, contrasts, orders))
        start += term.size
    return found


def _sorted(levels: list[Any]) -> list[int]:
    try:
        return sorted(range(len(levels)), key=levels.__getitem__)
    except TypeError:  # numbers beside text
        return sorted(range(len(levels)), key=lambda k: str(levels[k]))


def _numeric_widths(name: str, numeric: list[Any], size: int, before: list[Product]) -> dict[str, int]:
    """Columns of each numeric component: known from their product, or from a term that holds one alone."""
    known = {
        next(iter(one.widths)): one.columns.stop - one.columns.start for one in before if len(one.widths) == 1
    }
    known |= {one.name: 1 for one in numeric if size == 1 or not hasattr(one, "call")}
    widths = {one.name: known.get(one.name, 0) for one in numeric}
    unknown = [one for one, width in widths.items() if not width]
    if len(unknown) > 1:
        raise RemlError(f"add {' and '.join(unknown)} to the formula: {name!r} cannot be taken apart without them")
    rest = size // int(np.prod([width for width in widths.values() if width], dtype=int))
    return widths | dict.fromkeys(unknown, rest)


def term_hypotheses(design: "Design") -> dict[str, Array]:
    """``L`` of the hypothesis ``L beta = 0`` of every term but the intercept, shape (columns of the term, p).

    Parameters
    ----------
    design : Design

    Returns
    -------
    dict of str to ndarray
        In the user's coding of beta, of full row rank.

    Raises
    ------
    RemlError
        The columns of X are not products that hold the averages which the hypotheses are about.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("effort ~ Type + (1 | Subject)", bm.load_dataset("ergoStool"))
    >>> {term: L.shape for term, L in term_hypotheses(model.design).items()}
    {'Type': (3, 4)}
    """
    terms = products(design)
    found = [_hypothesis(term, terms, design.p) for term in terms]
    if terms and np.linalg.cond(np.concatenate(found)) > 1e10:
        raise RemlError("the terms of the fixed part cannot be taken apart: test contrasts of your own")
    result = {term.name: L for term, L in zip(terms, found, strict=True) if term.widths}
    if len(result) == 1:
        ((name, L),) = result.items()
        result[name] = _sequential(design, L, next(term.columns for term in terms if term.name == name))
    return result


def _hypothesis(target: Product, terms: list[Product], p: int) -> Array:
    L = np.zeros((target.columns.stop - target.columns.start, p))
    for term in terms:
        if term.numeric == target.numeric:
            L[:, term.columns] = _contribution(target, term)
    return L


def _contribution(target: Product, term: Product) -> Array:
    """What the coefficients of a term add to the combinations that the hypothesis of `target` is about."""
    matrices = dict(_matrices(target, term))
    product: Array = np.eye(1)
    for matrix in matrices.values():
        product = np.asarray(np.kron(product, matrix), dtype=float)
    heights = [len(matrix) for matrix in matrices.values()]
    place = {name: k for k, name in enumerate(matrices)}
    order = [place[name] for name in target.widths]
    order += [k for k in range(len(place)) if k not in order]
    rows = product.reshape(*heights, product.shape[1]).transpose(*order, len(heights))
    return rows.reshape(-1, product.shape[1])


def _matrices(target: Product, term: Product) -> Iterator[tuple[str, Array]]:
    for name, width in term.widths.items():
        if name not in term.contrasts:
            yield name, np.eye(width)
        elif name in target.contrasts:
            yield name, target.compared(name) @ term.contrasts[name]
        else:
            yield name, term.contrasts[name].mean(axis=0, keepdims=True)
    for name in target.contrasts:
        if name not in term.contrasts:  # the same at all its levels
            yield name, target.compared(name).sum(axis=1, keepdims=True)


def _sequential(design: "Design", L: Array, columns: slice) -> Array:
    """The same hypothesis in the basis of a sequential test.

    lmerTest tests a lone term that way; only Satterthwaite's degrees of freedom can tell.
    """
    X = design.X[:, columns]
    if "Intercept" in design.fixed_labels:
        X = X - X.mean(axis=0)
    R = np.linalg.qr(np.linalg.solve(L[:, columns].T, X.T).T, mode="r")
    return R / np.diag(R)[:, None] @ L


def anova(fit: "Estimates", df: str = "satterthwaite") -> "pd.DataFrame":
    """Type III F tests of the terms of the fixed part; see `RemlFit.anova`."""
    hypotheses = term_hypotheses(fit.design)
    return f_tests(fit, {name: (L, None) for name, L in hypotheses.items()}, df, "term")
