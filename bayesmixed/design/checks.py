"""Designs that give no model that can be estimated."""

import numpy as np

from bayesmixed.design.blocks import brackets
from bayesmixed.design.collinear import collinear
from bayesmixed.design.design import Design
from bayesmixed.errors import DesignError
from bayesmixed.specification import RandomTerm


def check(design: Design) -> None:
    """Refuse, in one line, the first thing that makes the model inestimable."""
    _check_response(design)
    _check_groups(design)
    _check_fixed(design)
    for random, columns in brackets(design.encoding):
        _check_bracket(design, random, columns)
    _check_constant_slopes(design)


def _check_response(design: Design) -> None:
    if design.y.min() == design.y.max():
        raise DesignError(
            f"the response {design.response_name!r} is constant ({design.y[0]:g} in every row): "
            "there is nothing to model"
        )


def _check_groups(design: Design) -> None:
    name, J, N = design.factor_name, design.n_groups, design.n_obs
    if J == 1:
        raise DesignError(f"{name!r} has one group only ({design.levels[0]!r}); a mixed model needs two or more")
    if J == N:
        raise DesignError(
            f"{name!r} has as many groups as rows ({N}): the standard deviation between groups "
            "and the residual one cannot be told apart; group by a column whose values repeat"
        )


def _check_fixed(design: Design) -> None:
    if design.n_obs <= design.p:
        widest = max(design.fixed, key=lambda term: term.size)
        raise DesignError(
            f"{design.p} fixed effects need more than {design.n_obs} rows; the largest term is "
            f"{widest.name!r} with {widest.size} columns (text columns count one for each value)"
        )
    found = collinear(design.X, design.fixed_labels)
    if found is not None:
        raise DesignError(f"the fixed effects are collinear: {_relation(*found)}; remove one")


def _check_bracket(design: Design, random: RandomTerm, columns: slice) -> None:
    Z, names = design.Z_rows[:, columns], design.random_labels[columns]
    for name, values in zip(names, Z.T, strict=True):
        if not values.any():
            raise DesignError(f"the random effect {name!r} of {random.source} is 0 in every row")
    if random.correlated and "Intercept" in names:
        for name in design.between_group_slopes(columns):
            raise DesignError(
                f"{name!r} varies within no group of {design.factor_name!r}, so its slope "
                f"and the intercept of {random.source} cannot be told apart; leave it out there"
            )
    found = collinear(Z, names)
    if found is not None:
        raise DesignError(f"the random effects of {random.source} are collinear: {_relation(*found)}; remove one")


def _check_constant_slopes(design: Design) -> None:
    if "Intercept" not in design.random_labels:
        return
    for name in design.between_group_slopes():
        z = np.abs(design.Z_rows[:, design.random_labels.index(name)])
        if np.ptp(z) <= 1e-12 * z.max():
            raise DesignError(
                f"{name!r} has the same size in every row, so its standard deviation and the "
                "intercept's cannot be told apart; leave one of them out of the brackets"
            )


def _relation(label: str, others: tuple[str, ...]) -> str:
    if not others:
        return f"{label!r} is 0 in every row"
    return f"{label!r} is determined by {', '.join(map(repr, others))}"
