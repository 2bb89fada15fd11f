"""The log posterior density as an object: `log_density` with its data, and the way back to parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.density.joint import joint_arrays
from bayesmixed.density.log_density import PriorArrays, log_densities, log_density
from bayesmixed.density.positive import SHARED, PositivePrior, inverse_gamma, positive_prior
from bayesmixed.moments import Patterns
from bayesmixed.parameters import Parameter
from bayesmixed.posterior import CovarianceDraws, MarginalPosterior


@dataclass(frozen=True, eq=False)
class Density:
    """`log_density` with its data, and the way from unconstrained vectors to parameters.

    Parameters
    ----------
    posterior : MarginalPosterior
        Whose priors are all of built-in families.
    """

    posterior: MarginalPosterior

    @property
    def blocks(self) -> np.ndarray:
        """First column of Z of each block, and how many it has, shape (blocks, 2)."""
        blocks = [[block[0], len(block)] for block in self.posterior.priors.blocks]
        return np.array(blocks, dtype=np.int64).reshape(-1, 2)

    @property
    def n_corr(self) -> int:
        """Correlations of all blocks together."""
        sizes = self.blocks[:, 1]
        return int((sizes * (sizes - 1) // 2).sum())

    @property
    def size(self) -> int:
        """Length of the unconstrained vector."""
        q, e = self.posterior.moments.q, len(self.posterior.coefficients.explicit)
        return q + self.n_corr + 1 + e + int(self.posterior.coefficients.student.sum())

    @property
    def _positive(self) -> Array:
        """Priors of whatever is positive, one row each, as in `PriorArrays`."""
        priors, coefficients = self.posterior.priors, self.posterior.coefficients
        rows = _rows(priors.sd, self.posterior.names.sd)
        rows.append(positive_prior(priors.sigma))
        rows += _rows(priors.fixed, coefficients.explicit_terms)
        scales = coefficients.nu[coefficients.student]
        rows += [inverse_gamma(nu / 2.0, nu / 2.0) if nu > 0.0 else SHARED for nu in scales]
        return np.array(rows, dtype=float)

    @property
    def _places(self) -> dict[tuple[str, int], tuple[int, float]]:
        """Where positive parameters that may share a joint prior stand, and their powers that are variances."""
        coefficients, sd = self.posterior.coefficients, self.posterior.names.sd
        found = {(p.name, k): (column, 2.0) for p in sd for k, column in enumerate(p.columns)}
        found["sigma", 0] = (self.posterior.moments.q, 2.0)
        first = self.posterior.moments.q + 1 + len(coefficients.explicit)
        labels = [(p.name, k) for p in coefficients.student_terms for k in range(len(p.columns))]
        return found | {label: (first + k, 1.0) for k, label in enumerate(labels)}

    @property
    def patterns(self) -> Patterns:
        """The moments, collapsed."""
        return self.posterior.moments.patterns

    @cached_property
    def prior_arrays(self) -> PriorArrays:
        """The priors, as `log_density` takes them."""
        posterior, coefficients = self.posterior, self.posterior.coefficients
        kernel, positive = posterior.kernel, self._positive
        constant = float(positive[:, 0].sum())
        eta = 1.0
        if posterior.priors.corr is not None:
            eta = posterior.priors.corr.eta
            constant -= sum(posterior.priors.corr.log_normaliser(int(size)) for size in self.blocks[:, 1])
        members, totals, joint_constant = joint_arrays(posterior.priors.joint, self._places)
        students = np.flatnonzero(coefficients.student)
        shift = np.ascontiguousarray(posterior.shift[len(coefficients.columns) :])
        return PriorArrays(
            positive,
            self.blocks,
            float(eta),
            float(constant) + joint_constant,
            np.ascontiguousarray(coefficients.precision, dtype=float),
            np.ascontiguousarray(kernel.mean, dtype=float),
            students,
            shift,
            members,
            totals,
        )

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """The log density at one unconstrained vector, with its gradient."""
        gradient = np.empty(self.size)
        value = log_density(np.ascontiguousarray(x, dtype=float), gradient, self.prior_arrays, self.patterns)
        return value, gradient

    def values(self, points: Array) -> Array:
        """The log density at many unconstrained vectors, shape (points, size), without gradients."""
        points = np.ascontiguousarray(points, dtype=float)
        values = np.empty(len(points))
        log_densities(points, self.prior_arrays, self.patterns, values)
        return values

    def constrain(self, x: Array) -> CovarianceDraws:
        """Parameters of unconstrained vectors, shape (draws, size)."""
        q, n_corr = self.posterior.moments.q, self.n_corr
        e = len(self.posterior.coefficients.explicit)
        chol = np.zeros((len(x), q, q))
        place = q
        for first, size in self.blocks:
            for row in range(size):
                i = first + row
                z = np.column_stack([x[:, place : place + row], np.ones(len(x))])
                chol[:, i, first : i + 1] = z / np.sqrt((z**2).sum(axis=1, keepdims=True))
                place += row
        sigma, rest = np.exp(x[:, q + n_corr]), q + n_corr + 1
        root = np.exp(x[:, :q, None]) * chol
        coefficients = self.posterior.coefficients
        precision = np.broadcast_to(coefficients.precision, (len(x), len(coefficients.precision))).copy()
        precision[:, coefficients.student] *= np.exp(-x[:, rest + e :])
        covariance = self.posterior.covariance(root, sigma)
        return CovarianceDraws(covariance, root / sigma[:, None, None], precision, np.exp(x[:, rest : rest + e]))

    def unconstrain(self, sd: Array, sigma: float) -> Array:
        """A starting point without correlations; explicit coefficients and lambdas at 1, or by sigma."""
        x = np.zeros(self.size)
        q = self.posterior.moments.q
        x[:q], x[q + self.n_corr] = np.log(sd), np.log(sigma)
        places = self._places
        for joint in self.posterior.priors.joint:
            for member in joint.members:
                place, power = places[member.name, member.entry]
                if power == 1.0:
                    x[place + self.n_corr] = 2.0 * np.log(sigma) - np.log(member.weight)
        return x


def _rows(families: Mapping[str, Any], parameters: Iterable[Parameter]) -> list[PositivePrior]:
    """One row for each coordinate of the parameters."""
    return [
        positive_prior(families[parameter.name].entry(k))
        for parameter in parameters
        for k in range(len(parameter.columns))
    ]
