"""Priors in brms's words: ``set_prior("student_t(3, 0, 56)", class = "sd")``."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bayesmixed.elsewhere.r_expressions import r_number, r_text
from bayesmixed.errors import PriorError
from bayesmixed.priors.families import (
    Exponential,
    Flat,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    Normal,
    PymcPrior,
    StudentT,
)

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel
    from bayesmixed.parameters import Parameter

#: What brms takes out of the names of coefficients, and what it puts there instead.
_RENAMED = dict.fromkeys(" ()[],\"'?", "") | {"+": "P", "-": "M", "*": "MU", "/": "D", "^": "E", "=": "EQ"}


def check_priors(model: "MixedModel") -> None:
    """Refuse what is no density of Stan's, one for each parameter.

    Raises
    ------
    PriorError
        A joint prior, a PyMC distribution, or a positive prior of a coefficient.
    """
    resolved = model.priors.resolved
    if resolved.joint:
        raise PriorError(
            f"the preset {resolved.preset!r} has a joint prior of several sd, which set_prior() of brms cannot "
            "say: use priors='brms' or 'default', or give priors by name"
        )
    for name, prior in resolved.items():
        if isinstance(prior, PymcPrior):
            raise PriorError(f"the prior of {name!r} is a PyMC distribution, {prior}, which brms does not have")
        if name in resolved.fixed and prior.support != "real":
            raise PriorError(f"the prior of {name!r} is {prior}; brms has no positive prior of one coefficient")


def prior_lines(model: "MixedModel", fixed: Sequence[str], effects: Sequence[str], at_means: bool) -> list[str]:
    """Calls of ``set_prior``.

    Parameters
    ----------
    model : MixedModel
    fixed, effects : sequence of str
        R's names of the columns of X and of Z that brms is given.
    at_means : bool
        Whether the intercept is brms's own, at the means of the other columns.
    """
    priors, names = model.priors.resolved, model.names
    coefficients = dict(zip(fixed, _one_by_one(names.fixed, priors), strict=True))
    deviations = dict(zip(effects, _one_by_one(names.sd, priors), strict=True))
    lines = [*_of_coefficients(coefficients, at_means), *_of_deviations(names.factor, deviations)]
    if priors.corr is not None:
        lines.append(_set(f"lkj({r_number(priors.corr.eta)})", **{"class": "cor"}))
    sigma = stan(priors.sigma)
    if model.design.weights_name is None:
        return [*lines, _set(sigma, **{"class": "sigma"})]
    return [*lines, _set(sigma, **{"class": "b"}, nlpar="s", lb="0")]


def stan(prior: Any) -> str:
    """A density as Stan writes it; of sd and sigma the half that is positive."""
    number = {key: r_number(value) for key, value in prior.parameters.items()}
    if isinstance(prior, Normal):
        return f"normal({number['mu']}, {number['sigma']})"
    if isinstance(prior, StudentT):
        return f"student_t({number['nu']}, {number['mu']}, {number['sigma']})"
    if isinstance(prior, HalfNormal):
        return f"normal(0, {number['sigma']})"
    if isinstance(prior, HalfStudentT):
        return f"student_t({number['nu']}, 0, {number['sigma']})"
    if isinstance(prior, HalfCauchy):
        return f"cauchy(0, {number['beta']})"
    if isinstance(prior, Exponential):
        return f"exponential({number['lam']})"
    if isinstance(prior, Gamma):
        return f"gamma({number['alpha']}, {number['beta']})"
    if isinstance(prior, Flat):
        return ""
    raise PriorError(f"brms has no {prior}")


def brms_name(name: str) -> str:
    """What brms calls a coefficient that R calls `name`.

    Examples
    --------
    >>> brms_name("poly(Days, 2)1"), brms_name("I(Days - 4.5)")
    ('polyDays21', 'IDaysM4.5')
    """
    name = re.sub(r"\d+\.\d+(?:e-?\d+)?", lambda found: format(float(found.group()), ".15g"), name)
    for character, instead in _RENAMED.items():
        name = name.replace(character, instead)
    return name


def _one_by_one(parameters: "Sequence[Parameter]", priors: Any) -> Iterator[Any]:
    for parameter in parameters:
        prior = priors[parameter.name]
        for k in range(len(parameter.columns)):
            yield prior if parameter.dim is None else prior.entry(k)


def _of_coefficients(coefficients: dict[str, Any], at_means: bool) -> Iterator[str]:
    for name, prior in coefficients.items():
        if name == "Intercept" and at_means:
            yield _set(stan(prior), **{"class": "Intercept"})
        elif not isinstance(prior, Flat):
            yield _set(stan(prior), **{"class": "b"}, coef=brms_name(name))


def _of_deviations(group: str, deviations: dict[str, Any]) -> Iterator[str]:
    texts = {stan(prior) for prior in deviations.values()}
    if len(texts) == 1:
        yield _set(texts.pop(), **{"class": "sd"})
        return
    for name, prior in deviations.items():
        yield _set(stan(prior), **{"class": "sd"}, coef=brms_name(name), group=group)


def _set(density: str, **where: str) -> str:
    options = ", ".join(f"{key} = {value if key == 'lb' else r_text(value)}" for key, value in where.items())
    return f"set_prior({r_text(density)}, {options})"
