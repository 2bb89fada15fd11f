"""Whether a PyMC distribution of the user's own can be the prior of a parameter."""

from typing import Any

import numpy as np

from bayesmixed.errors import PriorError
from bayesmixed.parameters import Parameter
from bayesmixed.priors.families import PymcPrior

#: Where a positive distribution has no density.
NEGATIVE = -np.array([1e-6, 1e-3, 1.0, 1e3, 1e6])


def check_pymc_shape(prior: PymcPrior, parameter: Parameter) -> None:
    """Refuse a discrete or multivariate distribution, and a vector that has not the parameter's length.

    A prior that was stored has no variable, and was checked when it was given.
    """
    variable, name = prior.variable, parameter.name
    if variable is None:
        return
    if not str(variable.dtype).startswith("float"):
        raise PriorError(f"the prior of {name!r} must be continuous; {prior} is discrete")
    if variable.owner.op.ndim_supp > 0:
        raise PriorError(f"{prior} is multivariate: give one scalar distribution for {name!r}")
    size = None if parameter.dim is None else len(parameter.columns)
    shape = tuple(variable.shape.eval()) if variable.ndim else ()
    if shape not in ((), (size,)):
        wanted = "one scalar distribution" + ("" if size is None else f", or a vector of {size}")
        raise PriorError(
            f"the prior of {name!r}, {prior}, has {' x '.join(map(str, shape))} values; give {wanted}"
        )


def check_pymc_positive(prior: PymcPrior, name: str) -> None:
    """Refuse a distribution that a standard deviation cannot have."""
    if prior.variable is not None and _has_negative_values(prior.variable):
        raise PriorError(
            f"the prior of {name!r} must be positive, such as pm.HalfNormal.dist(20) or bm.HalfNormal(20); "
            f"{prior} is not"
        )


def _has_negative_values(variable: Any) -> bool:
    """By its density, or where PyMC has none for it by draws."""
    import pymc as pm

    points = np.ones(tuple(variable.shape.eval())) * NEGATIVE.reshape(-1, *[1] * variable.ndim)
    try:
        density = pm.logp(variable, points).eval()
    except NotImplementedError:
        return bool((pm.draw(variable, draws=200, random_seed=0) < 0).any())
    return bool((density > -np.inf).any())
