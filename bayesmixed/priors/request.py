"""What the user asks of the priors: a preset, with some parameters set by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np

from bayesmixed.errors import PriorError
from bayesmixed.priors.families import FAMILIES, Family, PymcPrior

#: Presets, and the numbers that each takes.
OPTIONS: dict[str, tuple[str, ...]] = {
    "default": (),
    "brms": (),
    "rstanarm": (),
    "bambi": (),
    "penalised_complexity": ("upper", "probability"),
    "icc": ("alpha", "beta", "nu", "scale"),
    "r2d2m2": ("mean", "precision", "concentration"),
}
PRESETS = tuple(OPTIONS)


@dataclass(frozen=True)
class Priors:
    """A preset and the parameters whose prior is set by name.

    Parameters
    ----------
    preset : {"default", "brms", "rstanarm", "bambi", "penalised_complexity", "icc", "r2d2m2"}
        ``default``: proper, weakly informative and scaled by the data. The next three: the defaults of those
        packages. The others are described by the methods that have their names, whose default numbers they
        have here: ``"icc"`` is Beta(1, 1), every ICC as likely as every other.
    given : mapping of str to prior, optional
        Keys are names of the DataTree (``"Days"``, ``"Days|Subject_sigma"``, ``"Subject_corr"``,
        ``"sigma"``). Values are families of this package, a ``bambi.Prior``, or a PyMC distribution
        such as ``pm.Gamma.dist(2, 1)``.
    options : mapping of str to float, optional
        Numbers of the preset: the arguments of its method.

    Examples
    --------
    >>> from bayesmixed.priors import Priors, Normal
    >>> priors = Priors.default() | {"Days": Normal(0, 10)}
    >>> priors.preset, str(priors.given["Days"])
    ('default', 'Normal(mu=0, sigma=10)')
    """

    preset: str = "default"
    given: Mapping[str, Family | PymcPrior] = field(default_factory=dict)
    options: Mapping[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            nearest = get_close_matches(str(self.preset), PRESETS, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise PriorError(f"no prior preset {self.preset!r}; there are {', '.join(PRESETS)}{hint}")
        self._check_options()
        if not isinstance(self.given, Mapping):
            raise PriorError(
                "given must be a dict by names of parameters, such as {'sigma': bm.Exponential(1)}, "
                f"not {type(self.given).__name__}"
            )
        for name in self.given:
            if not isinstance(name, str):
                raise PriorError(
                    f"priors are given by the names of parameters, such as 'sigma'; {name!r} is no name"
                )
        object.__setattr__(self, "given", {name: as_prior(value, name) for name, value in self.given.items()})

    def _check_options(self) -> None:
        if not isinstance(self.options, Mapping):
            kind = type(self.options).__name__
            raise PriorError(f"options must be a dict of numbers by name, such as {{'alpha': 2}}, not {kind}")
        for name in self.options:
            if name not in OPTIONS[self.preset]:
                there = ", ".join(OPTIONS[self.preset]) or "none"
                raise PriorError(f"the prior preset {self.preset!r} has no number {name!r}; there are {there}")

    @classmethod
    def default(cls) -> "Priors":
        """Proper and weakly informative, scaled by the data; unchanged by a shift of y or of time."""
        return cls("default")

    @classmethod
    def brms(cls) -> "Priors":
        """Student-t(3) on the intercept and half-Student-t(3) on every sd, flat slopes, LKJ(1)."""
        return cls("brms")

    @classmethod
    def rstanarm(cls) -> "Priors":
        """Normal coefficients, exponential sigma, and ``decov``: total sd relative to sigma, uniform shares."""
        return cls("rstanarm")

    @classmethod
    def bambi(cls) -> "Priors":
        """Normal coefficients, half-normal sd, half-Student-t(4) sigma; LKJ(2), as Bambi has no correlations."""
        return cls("bambi")

    @classmethod
    def penalised_complexity(cls, upper: float | None = None, probability: float = 0.05) -> "Priors":
        """Exponential sd with ``P(sd > upper) = probability``; `upper` is in units of y, its spread if not given.

        For a slope the bound is that of the effect of one sd of its variable. doi:10.1214/16-STS576
        """
        return cls("penalised_complexity", options={"upper": upper, "probability": probability})

    @classmethod
    def icc(cls, alpha: float = 1.0, beta: float = 1.0, nu: float = 3.0, scale: float | None = None) -> "Priors":
        """``ICC ~ Beta(alpha, beta)``, the total sd half-Student-t(nu, scale): what earlier studies tell.

        Without numbers, and as ``priors="icc"``, every ICC is equally likely. With slopes the ICC is that at the
        means of the slope variables. `scale` is the spread of y if not given.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> data = bm.load_dataset("sleepstudy")
        >>> model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", data, priors=bm.Priors.icc(2, 8))
        >>> print(model.priors.resolved.joint[0])
        HalfStudentT(nu=3, sigma=56.17), shares Dirichlet(2, 8)
        """
        return cls("icc", options={"alpha": alpha, "beta": beta, "nu": nu, "scale": scale})

    @classmethod
    def r2d2m2(cls, mean: float = 0.5, precision: float = 2.0, concentration: float = 0.5) -> "Priors":
        """R2 ~ Beta by its mean and precision, shared by all terms but the intercept. doi:10.1214/23-EJS2136"""
        return cls("r2d2m2", options={"mean": mean, "precision": precision, "concentration": concentration})

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
        return Priors(self.preset, {**self.given, **given}, self.options)


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
