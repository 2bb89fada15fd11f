"""Designs that give no model that can be estimated."""

import numpy as np

from bayesmixed.coding.coding import columns_of
from bayesmixed.design.blocks import brackets
from bayesmixed.design.collinear import collinear
from bayesmixed.design.design import Design
from bayesmixed.errors import DesignError
from bayesmixed.specification import RandomTerm


def check(design: Design) -> None:
    """Refuse, in one line, the first thing that makes the model inestimable."""
    check_names(design)
    _check_response(design)
    check_groups(design)
    _check_fixed(design)
    for random, columns in brackets(design.encoding):
        _check_bracket(design, random, columns)
    _check_constant_slopes(design)


def check_names(design: Design) -> None:
    """A variable of the DataTree cannot be called as one of its dimensions."""
    factor = design.factor_name
    dims = {"__obs__": "the rows", f"{factor}__factor_dim": f"the groups of {factor!r}"}
    dims |= {f"{factor}__term_dim{end}": f"the correlations of {factor!r}" for end in ("", "_bis")}
    for terms, form in ((design.random_terms, "{}__expr_dim"), (design.fixed, "{}_dim")):
        dims |= {form.format(term.name): f"the columns of {term.name!r}" for term in terms if term.coords}
    for name in (design.response_name, *(term.name for term in design.fixed)):
        if name in dims:
            raise DesignError(f"rename the column {name!r}: in the posterior it is the dimension of {dims[name]}")


def _check_response(design: Design) -> None:
    if design.y.min() == design.y.max():
        raise DesignError(
            f"the response {design.response_name!r} is constant ({design.y[0]:g} in every row): "
            "there is nothing to model"
        )


def check_groups(design: Design) -> None:
    """Two groups or more, and fewer than rows."""
    name, J, N = design.factor_name, design.n_groups, design.n_obs
    if J == 1:
        raise DesignError(f"{name!r} has one group only ({design.levels[0]!r}); a mixed model needs two or more")
    if J == N:
        raise DesignError(
            f"{name!r} has as many groups as rows ({N}): the standard deviation between groups "
            "and the residual one cannot be told apart; group by a column whose values repeat"
        )


def check_counts(design: Design) -> None:
    """More rows than coefficients."""
    if design.n_obs <= design.p:
        widest = max(design.fixed, key=lambda term: term.size)
        largest = (
            f"; the largest term is {widest.name!r} with {widest.size} columns "
            "(text columns count one for each value)"
        )
        raise DesignError(
            f"{design.p} fixed effects need more than {design.n_obs} rows" + (largest if widest.size > 1 else "")
        )


def _check_fixed(design: Design) -> None:
    check_counts(design)
    found = collinear(design.X, design.fixed_labels)
    if found is not None:
        raise DesignError(f"the fixed effects are collinear: {relation(*found)}; remove one")


def _check_bracket(design: Design, random: RandomTerm, columns: slice) -> None:
    Z, names = columns_of(design.Z_rows, range(design.q)[columns]), design.random_labels[columns]
    for name, values in zip(names, Z.T, strict=True):
        if not values.any():
            raise DesignError(f"the random effect {name!r} of {random.source} is 0 in every row")
    check_slopes(design, random, columns)
    found = None if Z is design.X else collinear(Z, names)  # those were looked at
    if found is not None:
        raise DesignError(f"the random effects of {random.source} are collinear: {relation(*found)}; remove one")


def check_slopes(design: Design, random: RandomTerm, columns: slice) -> None:
    """A slope beside an intercept needs a variable that varies within groups."""
    if random.correlated and "Intercept" in design.random_labels[columns]:
        for name in design.between_group_slopes(columns):
            raise DesignError(
                f"{name!r} varies within no group of {design.factor_name!r}, so its slope "
                f"and the intercept of {random.source} cannot be told apart; leave it out there"
            )


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


def relation(label: str, others: tuple[str, ...]) -> str:
    """What a column depends on, in words."""
    if not others:
        return f"{label!r} is 0 in every row"
    return f"{label!r} is determined by {', '.join(map(repr, others))}"
