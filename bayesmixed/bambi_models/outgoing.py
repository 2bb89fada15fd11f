"""MixedModel -> bambi.Model, where Bambi can say the same."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayesmixed.arrays import Array
from bayesmixed.bambi_models.agreement import check_same_model
from bayesmixed.bambi_models.incoming import centred_predictors
from bayesmixed.coding import Coding
from bayesmixed.errors import DesignError, PriorError
from bayesmixed.parameters import Parameter
from bayesmixed.priors.families import Flat, PymcPrior
from bayesmixed.priors.resolved import Prior

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Transformations of a formula that Bambi does not have by itself.
_MISSING_IN_BAMBI = {"sqrt": np.sqrt}


def to_bambi(model: "MixedModel") -> Any:
    """The same model and priors as a `bambi.Model`; see `MixedModel.to_bambi`."""
    import bambi

    check_correlations(model)
    centred = is_centred(model)
    frame = model.design.frame
    # Bambi looks for text among columns of type object.
    text = {name: object for name in frame.columns if isinstance(frame[name].dtype, pd.StringDtype)}
    theirs = bambi.Model(
        formula_for_bambi(model),
        frame.astype(text),
        priors=_priors(model),
        center_predictors=centred,
        extra_namespace=_MISSING_IN_BAMBI | dict(model._functions or {}),
    )
    check_same_model(model.design, theirs)
    return theirs


def check_correlations(model: "MixedModel") -> None:
    """Refuse correlated random effects."""
    for block in model.design.blocks:
        if block.size > 1:
            raise DesignError(
                f"the random effects {', '.join(block.labels)} of {model.design.factor_name!r} are correlated, "
                "which Bambi does not have: its (x | g) is our (x || g); fit that model first, or stay here"
            )


def formula_for_bambi(model: "MixedModel") -> str:
    """In formulae's language, without the backquotes that a plain name does not need."""
    specification, group = model.specification, ":".join(f"`{name}`" for name in model.specification.factor)
    terms = [specification.fixed, *(f"offset({offset})" for offset in specification.offsets)]
    terms += [f"({term.effects} | {group})" for term in specification.random]
    formula = f"{_response(model)} ~ {' + '.join(terms)}"
    return re.sub(r"`([A-Za-z_]\w*)`", r"\1", formula, flags=re.ASCII)


def _response(model: "MixedModel") -> str:
    design, response = model.design, model.specification.response
    if design.weights_name is None:
        return response
    if not np.isclose(design.weights.sum(), design.n_obs, rtol=1e-9):
        raise DesignError(
            f"the weights {design.weights_name!r} add up to {design.weights.sum():.6g} for {design.n_obs} rows: "
            "here the variance of a row is sigma^2 / w, Bambi counts it w times, which is the same only where "
            "weights have mean 1; divide them by it"
        )
    return f"weighted({response}, `{design.weights_name}`)"


def is_centred(model: "MixedModel") -> bool:
    """Whether the prior of the intercept is stated at the means of the columns, or at x = 0.

    Raises
    ------
    PriorError
        It is stated somewhere else, where Bambi cannot say it.
    """
    priors, design = model.priors.resolved, model.design
    moved = [parameter.name for parameter in model.names.sd if priors.is_moved(parameter)]
    if moved:
        raise PriorError(f"the prior of {moved[0]!r} is stated at the means of the columns; Bambi's are at x = 0")
    K = priors.fixed_coding.matrix
    has_intercept = "Intercept" in design.fixed_labels
    if has_intercept and _states_the_same(centred_predictors(design).matrix, K, model):
        return True
    if _states_the_same(Coding.identity(design.p).matrix, K, model):
        return False
    turned = [parameter.name for parameter in model.names.fixed if priors.is_turned(parameter)]
    if turned:
        raise PriorError(
            f"the default prior of {turned[0]!r} does not depend on the coding of factors or on where other "
            "columns are zero, which Bambi cannot say: use priors='bambi', or give it one of your own, "
            f"priors={{{turned[0]!r}: bm.Normal(...)}}"
        )
    moved = [parameter.name for parameter in model.names.fixed if priors.is_moved(parameter)]
    where = "the weighted means" if has_intercept else "the means"
    raise PriorError(
        f"the prior of {moved[0]!r} is stated at {where} of the other columns, which Bambi cannot say; "
        f"give it one of your own at x = 0: priors={{{moved[0]!r}: bm.Normal(...)}}"
    )


def _states_the_same(theirs: Array, ours: Array, model: "MixedModel") -> bool:
    """Whether the priors mean the same in both codings: rows with a flat prior may differ."""
    fixed = model.priors.resolved.fixed
    rows = [
        column
        for parameter in model.names.fixed
        if not isinstance(fixed[parameter.name], Flat)
        for column in parameter.columns
    ]
    return np.allclose(theirs[rows], ours[rows], rtol=1e-10, atol=1e-12)


def _priors(model: "MixedModel") -> dict[str, Any]:
    import bambi

    priors = model.priors.resolved
    found = {parameter.name: _prior(priors[parameter.name], parameter) for parameter in model.names.fixed}
    for effect, sd in zip(model.names.effects, model.names.sd, strict=True):
        found[effect.name] = bambi.Prior("Normal", mu=0, sigma=_prior(priors[sd.name], sd))
    return found | {"sigma": _prior(priors.sigma, None)}


def _prior(prior: Prior, parameter: Parameter | None) -> Any:
    """A `bambi.Prior` with the same numbers; a PyMC distribution of the user's own as its ``dist``."""
    import bambi

    if not isinstance(prior, PymcPrior):
        return bambi.Prior(type(prior).__name__, **{key: np.array(v) for key, v in prior.parameters.items()})
    size = None if parameter is None or parameter.dim is None else len(parameter.columns)

    def variable(name: str, dims: Any = None) -> Any:
        from bayesmixed.graph.parameters import prior_variable

        return prior_variable(name, prior, dims or None, size)

    return bambi.Prior(str(prior), dist=variable)
