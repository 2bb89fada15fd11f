"""What a reader of any result of a design should know: the texts of `Design.warnings`."""

from itertools import combinations

import numpy as np
import pandas as pd

from bayesmixed.design.collinear import dependent
from bayesmixed.design.design import Design


def cautions(design: Design) -> list[str]:
    """All texts, for a design without any."""
    return [
        *([design.dropped] if design.dropped else []),
        *_lost_orders(design),
        *_uncorrelated_factors(design),
        *_between_group_slopes(design),
        *_collinear_blocks(design),
        *_few_rows(design),
    ]


def _lost_orders(design: Design) -> list[str]:
    """Unordered categories are sorted, as in Bambi: the level declared first need not be the reference."""
    texts: list[str] = []
    if design.streamed is not None:  # parts of a table do not tell how its categories were declared
        return texts
    for column in design.encoding.columns:
        dtype = design.frame[column.name].dtype
        if column.kind != "factor" or not isinstance(dtype, pd.CategoricalDtype) or dtype.ordered:
            continue
        declared = list(dtype.categories)
        if declared and str(declared[0]) != str(column.levels[0]):
            texts.append(
                f"the reference level of {column.name!r} is {column.levels[0]!r}, because levels are sorted; for "
                f"{declared[0]!r}, which its categories name first, write "
                f'C({column.name}, Treatment("{declared[0]}")) or make it an ordered Categorical'
            )
    return texts


def _uncorrelated_factors(design: Design) -> list[str]:
    return [
        f"{random.source} removes the correlations among the columns of {term.name!r} too, as brms does; "
        "lme4 1.x keeps those"
        for random, side in zip(design.specification.random, design.encoding.random, strict=True)
        for term, factor in zip(side.terms, side.categorical, strict=True)
        if not random.correlated and factor and term.size > 1
    ]


def _between_group_slopes(design: Design) -> list[str]:
    if "Intercept" not in design.random_labels or design.q == 1:
        return []
    return [
        f"{name!r} varies within no group of {design.factor_name!r}: its standard deviation is "
        "told from the intercept's by the spread of group means alone"
        for name in design.between_group_slopes()
    ]


def _few_rows(design: Design) -> list[str]:
    N, effects = design.n_obs, design.n_groups * design.q
    if design.q == 1 or effects < N:
        return []
    return [
        f"{effects} random effects for {N} rows: REML does not exist and the posterior of sigma rests on its prior"
    ]


def _collinear_blocks(design: Design) -> list[str]:
    """If z = Z_1 a = Z_2 b in every row, then G_1 + v a a' and G_2 - v b b' give the same V for any v."""
    if len(design.blocks) == 1:
        return []
    R = design.random_triangle()
    R /= np.linalg.norm(R, axis=0)
    texts = []
    for first, second in combinations(design.blocks, 2):
        columns = [*first.columns, *second.columns]
        involved = {columns[k] for k in dependent(R[:, columns], np.ones(len(columns)))}
        if involved:
            one, other = (_listed(design, involved & set(block.columns)) for block in (first, second))
            texts.append(
                f"the random effects {one} and {other} of different brackets are collinear: the data tell "
                "only what they add to V together, so REML has no unique standard deviations and the "
                "posterior of each rests on its prior; leave one of them out"
            )
    return texts


def _listed(design: Design, columns: set[int]) -> str:
    return ", ".join(repr(design.random_labels[column]) for column in sorted(columns))
