"""Everything that a model leaves open: the truth of one replicate, or draws of its posterior."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arrays import Array
from bayesmixed.parameters import CovarianceParameters
from bayesmixed.priors.draws import PriorDraws
from bayesmixed.quantities.by_label import (
    coefficients_by_label,
    covariance_by_label,
    effects_by_label,
    icc_by_label,
)
from bayesmixed.simulation import simulate_effects

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Numbers (draws x rows) that the log likelihood holds at once.
BLOCK = 500_000


class Joint(NamedTuple):
    """Parameters, random effects of the observed groups and those of a new one, in the user's coding.

    Parameters
    ----------
    beta : ndarray, shape (draws, p)
    covariance : CovarianceParameters
        With one leading axis.
    b : ndarray, shape (draws, J, q)
    new : ndarray, shape (draws, q)
    """

    beta: Array
    covariance: CovarianceParameters
    b: Array
    new: Array

    @classmethod
    def with_new_group(
        cls, beta: Array, covariance: CovarianceParameters, b: Array, rng: np.random.Generator
    ) -> "Joint":
        """With the effects of one more group drawn from each draw's own G."""
        eigenvalues, vectors = np.linalg.eigh(covariance.G)
        noise = rng.standard_normal(beta.shape[:1] + eigenvalues.shape[-1:])
        new = np.einsum("dqk,dk,dk->dq", vectors, np.sqrt(np.maximum(eigenvalues, 0.0)), noise)
        return cls(beta, covariance, b, new)

    def some(self, chosen: NDArray[np.bool_]) -> "Joint":
        """A part of the draws."""
        own = self.covariance
        covariance = CovarianceParameters(own.sd[chosen], own.corr[chosen], np.asarray(own.sigma)[chosen])
        return Joint(self.beta[chosen], covariance, self.b[chosen], self.new[chosen])

    @classmethod
    def of_prior(cls, model: "MixedModel", draws: PriorDraws, k: int, rng: np.random.Generator) -> "Joint":
        """The truth of replicate k."""
        sd, corr, sigma = draws.covariance.sd, draws.covariance.corr, np.asarray(draws.covariance.sigma)
        covariance = CovarianceParameters(sd[k : k + 1], corr[k : k + 1], sigma[k : k + 1])
        b = simulate_effects(model.design.n_groups, covariance.G[0], rng)
        return cls.with_new_group(draws.beta[k : k + 1], covariance, b[None], rng)


def quantities(model: "MixedModel", joint: Joint, y: Array) -> dict[str, Array]:
    """What is ranked, by label; each of shape (draws,).

    Every free parameter; ICC and the entries of G; the random effects of the first group and the difference of
    their intercepts (or first effects) to the last group's; the mean of the last row, and of a new group at that
    row; and ``log p(y | beta, b, sigma)``, which sees errors that no parameter alone shows: Modrak et al. (2023),
    doi:10.1214/23-BA1404.
    """
    design, names = model.design, model.names
    return (
        coefficients_by_label(names, joint.beta)
        | covariance_by_label(design, names, joint.covariance)
        | icc_by_label(design, joint.covariance)
        | _entries_of_G(model, joint)
        | _of_groups(model, joint)
        | _of_last_row(model, joint)
        | {"log likelihood": _log_likelihood(model, joint, y)}
    )


def _entries_of_G(model: "MixedModel", joint: Joint) -> dict[str, Array]:
    """Variances, and covariances within blocks."""
    labels, G = model.names.random_labels, joint.covariance.G
    found = {}
    for block in model.design.blocks:
        columns = [int(k) for k in block.columns]
        for i, j in ((i, j) for i in columns for j in columns if j >= i):
            found[f"G[{labels[i]},{labels[j]}]"] = G[:, i, j]
    return found


def _of_groups(model: "MixedModel", joint: Joint) -> dict[str, Array]:
    from dataclasses import replace

    names = model.names
    found = effects_by_label(replace(names, levels=names.levels[:1]), joint.b)
    if len(names.levels) > 1:
        first, last = names.levels[0], names.levels[-1]
        found[f"{names.effects[0].name}[{first}] - [{last}]"] = joint.b[:, 0, 0] - joint.b[:, -1, 0]
    return found


def _of_last_row(model: "MixedModel", joint: Joint) -> dict[str, Array]:
    design = model.design
    fixed = joint.beta @ design.X[-1] + design.offset[-1]
    own = joint.b[:, design.group[-1]]
    return {
        "mean of the last row": fixed + own @ design.Z_rows[-1],
        "mean of a new group": fixed + joint.new @ design.Z_rows[-1],
    }


def _log_likelihood(model: "MixedModel", joint: Joint, y: Array) -> Array:
    """``log N(y; X beta + Z b + offset, sigma^2 / w)``, up to a constant."""
    design, sigma = model.design, np.asarray(joint.covariance.sigma)
    squares = np.empty(len(sigma))
    step = max(1, BLOCK // design.n_obs)
    for start in range(0, len(sigma), step):
        part = slice(start, start + step)
        residual = y - design.mean(joint.beta[part], joint.b[part])
        squares[part] = residual**2 @ design.weights
    return -design.n_obs * np.log(sigma) - 0.5 * squares / sigma**2
