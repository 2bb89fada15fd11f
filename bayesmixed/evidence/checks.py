"""Which models a Bayes factor may compare, and what a reader should know of it."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.errors import DesignError, PriorError
from bayesmixed.evidence.marginal import Target, flat_terms
from bayesmixed.evidence.null import Null

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel
    from bayesmixed.priors.resolved import ResolvedPriors

WHY = (
    "a flat prior has no constant that integrates to one, and the evidence holds only up to it. It cancels "
    "between models of the same X in the same coding, but not here: give"
)


def check_null(full: Target, null: Null) -> tuple[str, ...]:
    """Refuse what has no evidence; what else a reader should know.

    Raises
    ------
    PriorError
        Coefficients are left out, and some coefficient has a flat prior.
    """
    priors, flat = full.posterior.priors, full.flat
    if null.fixed and flat:
        raise PriorError(
            f"the null model lacks {', '.join(p.name for p in null.fixed)}, and the prior of {', '.join(flat)} is "
            f"flat: {WHY} {', '.join(flat)} a proper prior, such as bm.Normal(0, 10)"
        )
    return tuple(
        f"the prior of {parameter.name!r} is stated at the means of the columns, or with other terms, while the "
        "null model has it 0 where they are 0"
        for parameter in (*null.fixed, *null.random)
        if not priors.reach(parameter) <= _left_out(null, parameter.name in priors.sd)
    )


def _left_out(null: Null, random: bool) -> set[int]:
    """Columns of Z, or of X, that the null model lacks."""
    return {column for parameter in (null.random if random else null.fixed) for column in parameter.columns}


def check_comparable(first: "MixedModel", second: "MixedModel") -> tuple[str, ...]:
    """Refuse models whose evidences do not compare.

    Raises
    ------
    DesignError
        Other rows, another order of rows, or another response.
    PriorError
        A flat prior, and X or its coding differ.
    """
    one, two = first.design, second.design
    if one.streamed is not None or two.streamed is not None:
        raise DesignError(
            "two models can be compared when the rows are there to be compared, and a table read in parts does "
            "not keep them: name the null model instead, as in bm.bayes_factor(model, null='Days|Subject')"
        )
    if one.n_obs != two.n_obs:
        raise DesignError(
            f"the models are of {one.n_obs} and {two.n_obs} rows: evidences of different rows do not compare; fit "
            "both to the rows without missing values in any column of either"
        )
    if one.response_name != two.response_name or not np.array_equal(one.y, two.y):
        raise DesignError(
            "the models are of different responses, or of rows in different order: evidences are densities of y, "
            "and compare only for the same y"
        )
    a, b = first.priors.resolved, second.priors.resolved
    _check_flat(first, second, a, b)
    return _differing(a, b)


def _check_flat(first: "MixedModel", second: "MixedModel", a: "ResolvedPriors", b: "ResolvedPriors") -> None:
    flat = tuple(dict.fromkeys((*flat_terms(a), *flat_terms(b))))
    if not flat:
        return
    same_X = np.array_equal(first.design.X, second.design.X)
    same_coding = same_X and np.array_equal(a.fixed_coding.matrix, b.fixed_coding.matrix)
    if not same_coding or flat_terms(a) != flat_terms(b):
        raise PriorError(
            f"the prior of {', '.join(flat)} is flat: {WHY} it a proper prior, such as bm.Normal(0, 10)"
        )


def _differing(a: "ResolvedPriors", b: "ResolvedPriors") -> tuple[str, ...]:
    """That parameters of both models have other priors in one than in the other."""
    other = [name for name in a if name in b and str(a[name]) != str(b[name])]
    if not other:
        return ()
    return (f"the models have different priors of {', '.join(other)}, which are compared along with them",)
