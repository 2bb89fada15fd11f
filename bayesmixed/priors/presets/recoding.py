"""Where the default priors are stated, so that neither the zero of t nor the coding of factors changes them.

Coefficients. A term is counted beyond its margins: the columns of ``f:x`` are freed of those of 1, f and x by
least squares over the rows. Then the coefficient of x is the slope averaged over the rows' levels, whatever level
is the reference, and that of f is the difference at the mean of x, wherever x is zero. Terms of several columns
(factors, splines, polynomials) are turned into uncorrelated columns of mean square one, whose independent normal
priors of equal width no recoding changes.

Random effects. A block with the constant and a factor holds one effect for each level, in any coding of the
factor; half-t and LKJ priors are those of the levels' own effects, which are exchangeable.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding.coding import Coding, column_products

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class Part:
    """The columns of one term, its components, and the contrasts of those that are factors."""

    columns: list[int]
    components: frozenset[str]
    contrasts: dict[str, Array]

    def within(self, other: "Part") -> bool:
        """Whether it is a margin of the other, as f is of f:x; the constant is one of all."""
        return self.components < other.components


def parts_of(terms: Any, learnt: Any) -> list[Part]:
    """Terms in the order of their columns; `learnt` are formulae's."""
    found, start = [], 0
    for term, model in zip(terms, learnt, strict=True):
        components = getattr(model, "components", ())
        contrasts = {
            one.name: np.asarray(one.contrast_matrix.matrix, dtype=float)
            for one in components
            if one.kind == "categoric"
        }
        columns = list(range(start, start + term.size))
        found.append(Part(columns, frozenset(one.name for one in components), contrasts))
        start += term.size
    return found


def fixed_coding(design: "Design", plain: Coding) -> tuple[Coding, Array]:
    """The coding of the coefficients' priors, and root mean squares of the columns there, shape (p,).

    Parameters
    ----------
    design : Design
    plain : Coding
        Centres and scales of the columns of X.
    """
    parts = parts_of(design.fixed, design.encoding.fixed.model)
    margins = [[k for other in parts if other.within(part) for k in other.columns] for part in parts]
    margins = [[k for k in own if plain.constant[k] == 0 or plain.constant.sum() > 1] for own in margins]
    scale = plain.scale.copy()
    if not any(len(part.columns) > 1 or own for part, own in zip(parts, margins, strict=True)):
        return plain.unscaled, scale
    products = column_products(design, plain)
    beyond, turned = np.eye(design.p), np.diag(1.0 / plain.scale)
    for part, own in zip(parts, margins, strict=True):
        columns = part.columns
        left = products[np.ix_(columns, columns)]
        if own:
            by_margins = np.linalg.solve(products[np.ix_(own, own)], products[np.ix_(own, columns)])
            beyond[np.ix_(own, columns)] = -by_margins
            left = left - products[np.ix_(columns, own)] @ by_margins
        if len(columns) > 1 and not plain.constant[columns].any():
            turned[np.ix_(columns, columns)] = np.linalg.cholesky(left).T
            scale[columns] = 1.0
        else:
            scale[columns] *= np.sqrt(np.diag(left))
    return replace(plain.unscaled, rotation=turned @ np.linalg.inv(beyond) * plain.scale), scale


def block_coding(design: "Design", number: int, plain: Coding) -> tuple[Coding, Array]:
    """The coding of the priors of one block of G, and root mean squares of the columns there.

    ``u_l = b_1 + c_l'b_f`` is the effect of level l, c_l its row of the contrasts; with a slope of x that differs
    between levels too, ``v_l = b_x + c_l'b_fx``, and u_l is stated at the mean of x.

    Parameters
    ----------
    design : Design
    number : int
        Of the block.
    plain : Coding
        Centres and scales of its columns.
    """
    part, others = _level_effects(design, number)
    if part is None:
        return plain.unscaled, np.where(plain.constant != 0, 1.0, plain.scale)
    centre, scale, cells = plain.centre.copy(), plain.scale.copy(), np.eye(len(plain.scale))
    (contrasts,) = part.contrasts.values()
    for base, own in [(int(np.argmax(plain.constant)), part.columns), *others]:
        columns = [base, *own]
        cells[np.ix_(columns, columns)] = np.column_stack([np.ones(len(contrasts)), contrasts])
        scale[columns] = 1.0 if own == part.columns else plain.scale[base]
        centre[own] = 0.0
        if own != part.columns:  # u_l at the mean of x, by the slope of its own level
            cells[np.ix_([int(np.argmax(plain.constant)), *part.columns], own)] = plain.centre[base] * contrasts
    return Coding(plain.constant, centre, np.ones_like(scale), cells), scale


def _level_effects(design: "Design", number: int) -> tuple[Part | None, list[tuple[int, list[int]]]]:
    """The first factor beside a constant in a block, and slopes with what the factor adds to them."""
    block = design.blocks[number]
    side = next(
        (s for s in design.encoding.random if s.terms == block.terms and block.size == len(s.labels)), None
    )
    if side is None or not block.has_intercept:
        return None, []
    parts = parts_of(side.terms, side.model)
    factor = next((p for p in parts if len(p.components) == 1 and _reduced(p)), None)
    if factor is None:
        return None, []
    slopes = []
    for part in parts:
        wider = next(
            (o for o in parts if o.components == part.components | factor.components and _reduced(o)), None
        )
        if part.components and not part.contrasts and len(part.columns) == 1 and wider is not None:
            slopes.append((part.columns[0], wider.columns))
    return factor, slopes


def _reduced(part: Part) -> bool:
    """Whether its columns are one factor's, of one level fewer than it has, or these times one other column."""
    return len(part.contrasts) == 1 and all(
        len(part.columns) == C.shape[1] == C.shape[0] - 1 for C in part.contrasts.values()
    )
