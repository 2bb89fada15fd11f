"""Priors with numbers in them, for one design: what is stored with a fit and used by every refit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayesmixed.coding import Coding, block_diagonal
from bayesmixed.errors import PriorError
from bayesmixed.parameters import Array, Parameter, ParameterNames, find_name
from bayesmixed.priors.checks import check_pymc_positive, check_pymc_shape
from bayesmixed.priors.families import FAMILIES, LKJ, Family, Flat, Normal, PymcPrior, StudentT
from bayesmixed.priors.nearest import unknown_parameter
from bayesmixed.priors.request import Priors

Prior = Family | PymcPrior
SIGMA = Parameter("sigma", (0,), None, ())


@dataclass(frozen=True, eq=False)
class ResolvedPriors(Mapping[str, Prior]):
    """A joint density over (beta, sd, Omega, sigma): one family a parameter, and the coding it speaks of.

    A mapping from the names of the parameters to their families.

    A prior may be stated where the data are instead of at x = 0. With ``beta_prior = K beta`` and
    ``G_prior = T G T'`` for the codings below, the families hold for ``beta_prior`` and for the sd and
    correlations of ``G_prior``; slopes and their sd are the same in both.

    Parameters
    ----------
    preset : str
    fixed : mapping of str to prior
        By the names of the terms of X.
    sd : mapping of str to prior
        By names such as ``"Days|Subject_sigma"``.
    corr : LKJ or None
        For each block of Omega; None where there is no correlation to estimate.
    corr_name : str
        Name of the correlation matrix: ``"Subject_corr"``.
    sigma : prior
    given : tuple of str
        Names whose prior the user set.
    fixed_coding : Coding
        Centres of the columns of X.
    block_codings : tuple of Coding
        Centres of the columns of each block of Z.
    blocks : tuple of tuple of int
        Columns of Z of each block.
    warnings : tuple of str
    """

    preset: str
    fixed: Mapping[str, Prior]
    sd: Mapping[str, Prior]
    corr: LKJ | None
    corr_name: str
    sigma: Prior
    given: tuple[str, ...]
    fixed_coding: Coding
    block_codings: tuple[Coding, ...]
    blocks: tuple[tuple[int, ...], ...]
    warnings: tuple[str, ...] = ()

    @property
    def T(self) -> Array:
        """``G_prior = T G T'``, shape (q, q)."""
        size = sum(len(block) for block in self.blocks)
        columns = [np.array(block) for block in self.blocks]
        return block_diagonal([coding.matrix for coding in self.block_codings], columns, size)

    @property
    def T_inverse(self) -> Array:
        size = sum(len(block) for block in self.blocks)
        columns = [np.array(block) for block in self.blocks]
        return block_diagonal([coding.inverse for coding in self.block_codings], columns, size)

    @property
    def needs_pymc(self) -> bool:
        """Whether some prior is a PyMC distribution, which only a graph can evaluate."""
        return any(isinstance(prior, PymcPrior) for prior in self.values())

    def stated_at(self, parameter: Parameter) -> dict[int, float]:
        """Where the prior of a coefficient or of an sd is stated: columns with their means, none for x = 0.

        Parameters
        ----------
        parameter : Parameter
            One of ``names.fixed`` or ``names.sd``.

        Returns
        -------
        dict of int to float
            By columns of X for a coefficient, of `Design.Z_rows` for an sd; columns with mean 0 are left out.
        """
        if parameter.name in self.fixed:
            codings = [(self.fixed_coding, tuple(range(len(self.fixed_coding.centre))))]
        else:
            codings = list(zip(self.block_codings, self.blocks, strict=True))
        return {
            column: float(centre)
            for coding, block in codings
            if _holds_constant(coding, block, parameter)
            for column, centre in zip(block, coding.centre, strict=True)
            if centre
        }

    def _by_name(self) -> dict[str, Prior]:
        corr = {} if self.corr is None else {self.corr_name: self.corr}
        return {**self.fixed, **self.sd, **corr, "sigma": self.sigma}

    def __getitem__(self, name: str) -> Prior:
        return self._by_name()[name]

    def __iter__(self):
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def override(self, priors: Priors, names: ParameterNames) -> "ResolvedPriors":
        """Put the priors that the user gave by name in their place, in the user's own coding."""
        result = self
        given = {find_name(name, names.all_names) or name: prior for name, prior in priors.given.items()}
        for name, prior in given.items():
            result = result._with_prior(name, prior, names)
        return replace(result, given=tuple(given))

    def _with_prior(self, name: str, prior: Prior, names: ParameterNames) -> "ResolvedPriors":
        if name == "sigma":
            return replace(self, sigma=_positive(_sized(prior, SIGMA), name))
        if name in self.fixed:
            parameter = next(p for p in names.fixed if p.name == name)
            coding = self.fixed_coding
            if self.stated_at(parameter):
                coding = Coding.identity(len(coding.centre))
            return replace(self, fixed={**self.fixed, name: _sized(prior, parameter)}, fixed_coding=coding)
        if name in self.sd:
            parameter = next(p for p in names.sd if p.name == name)
            codings = tuple(
                Coding.identity(len(block)) if _holds_constant(coding, block, parameter) else coding
                for coding, block in zip(self.block_codings, self.blocks, strict=True)
            )
            prior = _positive(_sized(prior, parameter), name)
            return replace(self, sd={**self.sd, name: prior}, block_codings=codings)
        if names.has_corr and name == names.corr:
            if self.corr is None:
                raise PriorError(f"{name!r} has no prior here: all random effects are uncorrelated")
            if not isinstance(prior, LKJ):
                raise PriorError(f"the prior of {name!r} must be bm.LKJ(eta), not {prior}")
            codings = tuple(Coding.identity(len(block)) for block in self.blocks)
            return replace(self, corr=prior, block_codings=codings)
        raise PriorError(unknown_parameter(name, names))

    def integrated(self, names: ParameterNames) -> "IntegratedCoefficients":
        """Which coefficients are integrated out, with their means and precisions."""
        return IntegratedCoefficients.of(self.fixed, names)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; a PyMC distribution is kept as its printed form."""
        return {
            "preset": self.preset,
            "fixed": {name: _prior_to_dict(prior) for name, prior in self.fixed.items()},
            "sd": {name: _prior_to_dict(prior) for name, prior in self.sd.items()},
            "corr": None if self.corr is None else _prior_to_dict(self.corr),
            "corr_name": self.corr_name,
            "sigma": _prior_to_dict(self.sigma),
            "given": list(self.given),
            "fixed_coding": _coding_to_dict(self.fixed_coding),
            "block_codings": [_coding_to_dict(coding) for coding in self.block_codings],
            "blocks": [list(block) for block in self.blocks],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ResolvedPriors":
        """The inverse of `to_dict`; a PyMC distribution comes back as its printed form only."""
        return cls(
            data["preset"],
            {name: _prior_from_dict(value) for name, value in data["fixed"].items()},
            {name: _prior_from_dict(value) for name, value in data["sd"].items()},
            None if data["corr"] is None else LKJ(data["corr"]["eta"]),
            data["corr_name"],
            _prior_from_dict(data["sigma"]),
            tuple(data["given"]),
            _coding_from_dict(data["fixed_coding"]),
            tuple(_coding_from_dict(value) for value in data["block_codings"]),
            tuple(tuple(block) for block in data["blocks"]),
            tuple(data["warnings"]),
        )


@dataclass(frozen=True, eq=False)
class IntegratedCoefficients:
    """Columns of X whose coefficient is integrated out, and those that stay explicit.

    A Student-t prior is a normal given one auxiliary scale a coefficient,
    ``beta_k | lambda ~ N(mu, sigma^2 lambda)``, ``lambda ~ InverseGamma(nu/2, nu/2)``.

    Parameters
    ----------
    columns, explicit : tuple of int
        Columns of X, in the order in which the kernel takes them.
    mean, precision : ndarray, shape (p_integrated,)
        Prior mean and precision, 0 for a flat prior; of a Student-t those for lambda = 1.
    nu : ndarray, shape (p_integrated,)
        Degrees of freedom of a Student-t, infinite for the others.
    explicit_terms, student_terms : tuple of Parameter
    """

    columns: tuple[int, ...]
    explicit: tuple[int, ...]
    mean: Array
    precision: Array
    nu: Array
    explicit_terms: tuple[Parameter, ...]
    student_terms: tuple[Parameter, ...]

    @classmethod
    def of(cls, fixed: Mapping[str, Prior], names: ParameterNames) -> "IntegratedCoefficients":
        columns: list[int] = []
        explicit: list[int] = []
        mean: list[float] = []
        precision: list[float] = []
        nu: list[float] = []
        explicit_terms, student_terms = [], []
        for parameter in names.fixed:
            prior, size = fixed[parameter.name], len(parameter.columns)
            if not isinstance(prior, Normal | StudentT | Flat):
                explicit += parameter.columns
                explicit_terms.append(parameter)
                continue
            columns += parameter.columns
            numbers = prior.parameters
            sigma = np.broadcast_to(numbers.get("sigma", np.inf), size)
            mean += list(np.broadcast_to(numbers.get("mu", 0.0), size))
            precision += list(1.0 / sigma**2)
            nu += list(np.broadcast_to(numbers.get("nu", np.inf), size))
            if isinstance(prior, StudentT):
                student_terms.append(parameter)
        return cls(
            columns=tuple(columns),
            explicit=tuple(explicit),
            mean=np.array(mean, dtype=float),
            precision=np.array(precision, dtype=float),
            nu=np.array(nu, dtype=float),
            explicit_terms=tuple(explicit_terms),
            student_terms=tuple(student_terms),
        )

    @property
    def student(self) -> Array:
        """Which integrated coefficients have a Student-t prior (boolean)."""
        return np.isfinite(self.nu)

    def places(self, parameter: Parameter) -> list[int]:
        """Where the kernel has the integrated coefficients of a parameter."""
        return [self.columns.index(column) for column in parameter.columns]


def _holds_constant(coding: Coding, block: tuple[int, ...], parameter: Parameter) -> bool:
    own = [k for k, column in enumerate(block) if column in parameter.columns]
    return bool(own) and bool(coding.constant[own].any())


def _positive(prior: Prior, name: str) -> Prior:
    if isinstance(prior, PymcPrior):
        check_pymc_positive(prior, name)
    elif prior.support != "positive":
        raise PriorError(f"the prior of {name!r} must be positive, such as bm.HalfNormal(20); {prior} is not")
    return prior


def _sized(prior: Prior, parameter: Parameter) -> Prior:
    """Check that a prior with one number for each coordinate has as many as the parameter."""
    if isinstance(prior, PymcPrior):
        check_pymc_shape(prior, parameter)
    else:
        if prior.support == "correlation":
            raise PriorError(f"{prior} is a prior of correlations, not of {parameter.name!r}")
        for key, value in prior.parameters.items():
            if np.ndim(value) and len(value) != len(parameter.columns):
                raise PriorError(
                    f"the prior of {parameter.name!r} has {len(value)} values of {key}; "
                    f"it needs one or {len(parameter.columns)}"
                )
    return prior


def _prior_to_dict(prior: Prior) -> dict[str, Any]:
    if isinstance(prior, PymcPrior):
        return {"family": "pymc", "text": prior.text}
    numbers = {key: np.asarray(value).tolist() for key, value in prior.parameters.items()}
    return {"family": type(prior).__name__, **numbers}


def _prior_from_dict(data: Mapping[str, Any]) -> Prior:
    if data["family"] == "pymc":
        return PymcPrior(None, data["text"])
    numbers = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key != "family"}
    return FAMILIES[data["family"]](**numbers)


def _coding_to_dict(coding: Coding) -> dict[str, list[float]]:
    return {
        "constant": coding.constant.tolist(),
        "centre": coding.centre.tolist(),
        "scale": coding.scale.tolist(),
    }


def _coding_from_dict(data: Mapping[str, Any]) -> Coding:
    return Coding(*(np.array(data[key], dtype=float) for key in ("constant", "centre", "scale")))
