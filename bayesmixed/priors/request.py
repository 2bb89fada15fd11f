"""What the user asks of the priors: a preset, with some parameters set by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np

from bayesmixed.errors import PriorError
from bayesmixed.priors.families import FAMILIES, Family, PymcPrior

PRESETS = ("default", "brms")
PLANNED = ("rstanarm", "bambi")


@dataclass(frozen=True)
class Priors:
    """A preset and the parameters whose prior is set by name.

    Parameters
    ----------
    preset : {"default", "brms"}
        ``default``: proper, weakly informative and scaled by the data. ``brms``: the defaults of brms.
    given : mapping of str to prior, optional
        Keys are names of the DataTree (``"Days"``, ``"Days|Subject_sigma"``, ``"Subject_corr"``,
        ``"sigma"``). Values are families of this package, a ``bambi.Prior``, or a PyMC distribution
        such as ``pm.Gamma.dist(2, 1)``.

    Examples
    --------
    >>> from bayesmixed.priors import Priors, Normal
    >>> priors = Priors.default() | {"Days": Normal(0, 10)}
    >>> priors.preset, str(priors.given["Days"])
    ('default', 'Normal(mu=0, sigma=10)')
    """

    preset: str = "default"
    given: Mapping[str, Family | PymcPrior] = field(default_factory=dict)

    def __post_init__(self):
        if self.preset in PLANNED:
            raise PriorError(f"the preset {self.preset!r} is not in this version; there are {', '.join(PRESETS)}")
        if self.preset not in PRESETS:
            nearest = get_close_matches(str(self.preset), PRESETS, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise PriorError(f"no prior preset {self.preset!r}; there are {', '.join(PRESETS)}{hint}")
        for name in self.given:
            if not isinstance(name, str):
                raise PriorError(
                    f"priors are given by the names of parameters, such as 'sigma'; {name!r} is no name"
                )
        object.__setattr__(self, "given", {name: as_prior(value, name) for name, value in self.given.items()})

    @classmethod
    def default(cls) -> "Priors":
        """Proper and weakly informative, scaled by the data; unchanged by a shift of y or of time."""
        return cls("default")

    @classmethod
    def brms(cls) -> "Priors":
        """Student-t(3) on the intercept and half-Student-t(3) on every sd, flat slopes, LKJ(1)."""
        return cls("brms")

    @classmethod
    def of(cls, priors: "Priors | str | Mapping[str, Any] | None") -> "Priors":
        """Whatever ``MixedModel(priors=...)`` takes."""
        if priors is None:
            return cls()
        if isinstance(priors, cls):
            return priors
        if isinstance(priors, str):
            return cls(priors)
        if isinstance(priors, Mapping):
            return cls() | priors
        raise PriorError(
            f"priors must be a preset's name, a dict by parameter names or bm.Priors, not {type(priors).__name__}"
        )

    def __or__(self, given: Mapping[str, Any]) -> "Priors":
        if not isinstance(given, Mapping):
            raise PriorError(
                "priors | must be followed by a dict such as {'sigma': bm.Exponential(1)}, "
                f"not by {type(given).__name__}"
            )
        return Priors(self.preset, {**self.given, **given})


def as_prior(value: Any, name: str) -> Family | PymcPrior:
    """A family of ours from whatever the user gave for the parameter `name`."""
    if isinstance(value, Family | PymcPrior):
        return value
    package = type(value).__module__.partition(".")[0]
    if package == "bambi":
        return _from_bambi(value, name)
    if hasattr(getattr(getattr(value, "owner", None), "op", None), "ndim_supp"):
        return PymcPrior(value, _describe(value))
    raise PriorError(
        f"the prior of {name!r} must be a family such as bm.Normal(0, 10), a bambi.Prior or a PyMC "
        f"distribution such as pm.Gamma.dist(2, 1), not {type(value).__name__}"
    )


def _from_bambi(prior: Any, name: str) -> Family | PymcPrior:
    family = FAMILIES.get(prior.name)
    arguments = {key: value for key, value in prior.args.items() if value is not None}
    if any(type(value).__name__ == "Prior" for value in arguments.values()):
        raise PriorError(f"the prior of {name!r} has a hyperprior, which bayesmixed does not fit; give numbers")
    if family is not None and set(arguments) <= set(family.__dataclass_fields__):
        plain = {key: np.asarray(value).tolist() for key, value in arguments.items()}
        return family(**{key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()})
    import pymc as pm

    if not hasattr(pm, prior.name):
        raise PriorError(f"the prior of {name!r}: PyMC has no distribution {prior.name!r}")
    return PymcPrior(getattr(pm, prior.name).dist(**arguments), str(prior))


def _describe(variable: Any) -> str:
    """A PyMC distribution with its numbers as its user gave them: ``Gamma(2, 0.1)``."""
    op = variable.owner.op
    name = op._print_name[0] if getattr(op, "_print_name", None) else type(op).__name__
    try:
        numbers = [float(parameter.eval()) for parameter in op.dist_params(variable.owner)]
    except (AttributeError, TypeError, ValueError):
        return f"{name}(...)"
    if name in ("Gamma", "Exponential"):
        # PyMC's operations hold the scale where its users give the rate.
        numbers[-1] = 1.0 / numbers[-1]
    return f"{name}({', '.join(f'{number:g}' for number in numbers)})"
