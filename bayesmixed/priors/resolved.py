"""Priors with numbers in them, for one design: what is stored with a fit and used by every refit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding.coding import Coding, block_diagonal
from bayesmixed.errors import PriorError
from bayesmixed.parameters import Parameter, ParameterNames, find_name
from bayesmixed.priors.checks import check_pymc_positive, check_pymc_shape
from bayesmixed.priors.coefficients import IntegratedCoefficients
from bayesmixed.priors.families import LKJ, Family, PymcPrior
from bayesmixed.priors.joint import JointPrior
from bayesmixed.priors.nearest import unknown_parameter
from bayesmixed.priors.request import Priors
from bayesmixed.priors.stored import (
    coding_from_dict,
    coding_to_dict,
    joint_from_dict,
    joint_to_dict,
    prior_from_dict,
    prior_to_dict,
)

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
        K: centres of the columns of X, and which combinations of the coefficients the families speak of.
    block_codings : tuple of Coding
        T, of each block of Z.
    blocks : tuple of tuple of int
        Columns of Z of each block.
    warnings : tuple of str
    joint : tuple of JointPrior
        Joint priors of those parameters whose family is `Shared`.
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
    joint: tuple[JointPrior, ...] = ()

    @property
    def T(self) -> Array:
        """``G_prior = T G T'``, shape (q, q)."""
        return self._of_blocks([coding.matrix for coding in self.block_codings])

    @property
    def T_inverse(self) -> Array:
        """``G = T^-1 G_prior T^-T``, shape (q, q)."""
        return self._of_blocks([coding.inverse for coding in self.block_codings])

    def _of_blocks(self, matrices: list[Array]) -> Array:
        columns = [np.array(block) for block in self.blocks]
        return block_diagonal(matrices, columns, sum(map(len, columns)))

    def _codings_of(self, parameter: Parameter) -> list[tuple[Coding, tuple[int, ...]]]:
        """The codings that a prior of that parameter may speak of, each with its columns of X, or of Z."""
        if parameter.name in self.fixed:
            return [(self.fixed_coding, tuple(range(len(self.fixed_coding.centre))))]
        return list(zip(self.block_codings, self.blocks, strict=True))

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
        return {
            column: float(centre)
            for coding, block in self._codings_of(parameter)
            if _holds_constant(coding, block, parameter)
            for column, centre in zip(block, coding.centre, strict=True)
            if centre
        }

    def is_moved(self, parameter: Parameter) -> bool:
        """Whether a prior is of something else than the coefficient or sd of that name, at x = 0."""
        rows = self._matrix(parameter)[list(parameter.columns)]
        return not np.array_equal(rows, np.eye(rows.shape[1])[list(parameter.columns)])

    def reach(self, parameter: Parameter) -> frozenset[int]:
        """Columns of X, or of Z, whose coefficients or effects the prior speaks of."""
        rows = self._matrix(parameter)[list(parameter.columns)]
        return frozenset(np.flatnonzero(rows.any(axis=0)).tolist())

    def _matrix(self, parameter: Parameter) -> Array:
        return self.fixed_coding.matrix if parameter.name in self.fixed else self.T

    def is_turned(self, parameter: Parameter) -> bool:
        """Whether the prior is of other combinations of columns, means taken off or not."""
        for coding, block in self._codings_of(parameter):
            own = [k for k, column in enumerate(block) if column in parameter.columns]
            if own and coding.rotation is not None:
                return not np.array_equal(coding.rotation[own], np.eye(len(block))[own])
        return False

    def _by_name(self) -> dict[str, Prior]:
        corr = {} if self.corr is None else {self.corr_name: self.corr}
        return {**self.fixed, **self.sd, **corr, "sigma": self.sigma}

    def __getitem__(self, name: str) -> Prior:
        return self._by_name()[name]

    def __iter__(self) -> Iterator[str]:
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
        self._refuse_shared(name)
        if name == "sigma":
            return replace(self, sigma=_positive(_sized(prior, SIGMA), name))
        if name in self.fixed:
            parameter = next(p for p in names.fixed if p.name == name)
            coding = self.fixed_coding.with_own(parameter.columns)
            return replace(self, fixed={**self.fixed, name: _sized(prior, parameter)}, fixed_coding=coding)
        if name in self.sd:
            parameter = next(p for p in names.sd if p.name == name)
            codings = tuple(
                coding.with_own([k for k, column in enumerate(block) if column in parameter.columns], whole=True)
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

    def _refuse_shared(self, name: str) -> None:
        joint = next((other for other in self.joint if name in other.names), None)
        if joint is not None:
            others = ", ".join(dict.fromkeys(other for other in joint.names if other != name))
            raise PriorError(
                f"{name!r} has no prior of its own under the preset {self.preset!r}: it takes a share of the "
                f"{joint.title}"
                + (f", with {others}" if others else "")
                + "; use another preset to set it by name"
            )

    def integrated(self, names: ParameterNames) -> IntegratedCoefficients:
        """Which coefficients are integrated out, with their means and precisions."""
        return IntegratedCoefficients.of(self.fixed, names)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; a PyMC distribution is kept as its printed form."""
        return {
            "preset": self.preset,
            "fixed": {name: prior_to_dict(prior) for name, prior in self.fixed.items()},
            "sd": {name: prior_to_dict(prior) for name, prior in self.sd.items()},
            "corr": None if self.corr is None else prior_to_dict(self.corr),
            "corr_name": self.corr_name,
            "sigma": prior_to_dict(self.sigma),
            "given": list(self.given),
            "fixed_coding": coding_to_dict(self.fixed_coding),
            "block_codings": [coding_to_dict(coding) for coding in self.block_codings],
            "blocks": [list(block) for block in self.blocks],
            "warnings": list(self.warnings),
            "joint": [joint_to_dict(joint) for joint in self.joint],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ResolvedPriors":
        """The inverse of `to_dict`; a PyMC distribution comes back as its printed form only."""
        return cls(
            data["preset"],
            {name: prior_from_dict(value) for name, value in data["fixed"].items()},
            {name: prior_from_dict(value) for name, value in data["sd"].items()},
            None if data["corr"] is None else LKJ(data["corr"]["eta"]),
            data["corr_name"],
            prior_from_dict(data["sigma"]),
            tuple(data["given"]),
            coding_from_dict(data["fixed_coding"]),
            tuple(coding_from_dict(value) for value in data["block_codings"]),
            tuple(tuple(block) for block in data["blocks"]),
            tuple(data["warnings"]),
            tuple(joint_from_dict(value) for value in data.get("joint", ())),
        )


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
