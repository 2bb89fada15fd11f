"""What in a Bambi model has no counterpart here: each an error that names the term."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bayesmixed.errors import DesignError, PriorError


def check_model(model: Any) -> None:
    """Refuse whatever is not one Gaussian response, identity link, one grouping factor.

    Raises
    ------
    DesignError
        With the name of the term that cannot be translated.
    """
    _check_family(model)
    _check_response(model)
    component = model.parameters[model.family.likelihood.parent]
    for name in component.hsgp_terms:
        raise DesignError(f"the term {name!r} is a Gaussian process, which bayesmixed does not have")
    _check_groups(component)
    if model.potentials:
        names = ", ".join(str(name) for name, _ in model.potentials)
        raise DesignError(f"the model has potentials on {names}, which bayesmixed does not have; leave them out")
    for name, alias in aliases(model):
        raise DesignError(
            f"{name!r} has the alias {alias!r}; bayesmixed keeps the names of the terms: build the model without "
            "set_alias, and rename variables of the result"
        )


def _check_family(model: Any) -> None:
    name, likelihood = model.family.name, model.family.likelihood
    if name != "gaussian" or likelihood.name != "Normal":
        raise DesignError(f"the family {name!r} cannot be translated: bayesmixed fits gaussian responses")
    link = model.family.link[likelihood.parent].name
    if link != "identity":
        raise DesignError(f"the link {link!r} of {likelihood.parent!r} cannot be translated, only the identity")
    for parameter in model.conditional_parameters:
        if parameter != likelihood.parent:
            raise DesignError(
                f"the formula of {parameter!r} cannot be translated: in bayesmixed {parameter!r} is one number"
            )


def _check_response(model: Any) -> None:
    response = model.response_term
    kinds = {"censored": response.is_censored, "truncated": response.is_truncated}
    for kind, found in (kinds | {"constrained": response.is_constrained}).items():
        if found:
            raise DesignError(f"the response {response.name!r} is {kind}, which bayesmixed does not have")


def _check_groups(component: Any) -> None:
    factors = list(component.group_specific_groups)
    if not factors:
        raise DesignError("the model has no group-specific term such as (1|g): it is no mixed model")
    if len(factors) > 1:
        other = component.group_specific_groups[factors[1]][0]
        raise DesignError(
            f"the group-specific terms have {len(factors)} grouping factors, {' and '.join(map(repr, factors))}; "
            f"bayesmixed fits one: {other!r} cannot be translated"
        )


def aliases(model: Any) -> Iterator[tuple[str, str]]:
    """Names and aliases of everything that `bambi.Model.set_alias` renamed."""
    component = model.parameters[model.family.likelihood.parent]
    named = [*model.parameters.values(), *component.terms.values(), model.response_term]
    yield from ((one.name, one.alias) for one in named if one.alias)
    for term in component.group_specific_terms.values():
        yield from ((f"{term.name}_{name}", alias) for name, alias in term.hyperprior_alias.items())


def hyperprior(term: Any) -> Any:
    """The prior of the standard deviation of a group-specific term, ``Normal(0, sigma=...)``.

    Raises
    ------
    PriorError
        The effects are not normal around zero, or their standard deviation is a number.
    """
    prior = term.prior
    check_prior(prior, term.name)
    mean = prior.args.get("mu", 0.0)
    if prior.name != "Normal" or set(prior.args) - {"mu", "sigma"}:
        raise PriorError(f"the effects of {term.name!r} must be Normal(0, sigma); {prior} cannot be translated")
    if is_prior(mean) or np.any(np.asarray(mean) != 0):
        raise PriorError(
            f"the effects of {term.name!r} must have mean 0, not as in {prior}: put the mean in a term"
        )
    sigma = prior.args.get("sigma")
    if not is_prior(sigma):
        raise PriorError(f"the sd of {term.name!r} is fixed by {prior}; give it a prior: bayesmixed estimates it")
    check_prior(sigma, f"{term.name}_sigma")
    return sigma


def check_prior(prior: Any, name: str) -> None:
    """Refuse what is no prior by name and numbers."""
    if not is_prior(prior):
        raise PriorError(f"{name!r} is fixed at {prior}; give it a prior: bayesmixed estimates it")
    if prior.dist is not None:
        raise PriorError(
            f"the prior of {name!r} is a function (dist=...), which cannot be translated; name a family"
        )


def is_prior(value: Any) -> bool:
    from bambi import Prior

    return isinstance(value, Prior)
