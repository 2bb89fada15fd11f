"""Likelihood and priors joined: the kernel in the coding of the priors, and the way back from its draws."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import CodedMoments
from bayesmixed.effects.exact_draws import draw_coefficients, draw_group_effects
from bayesmixed.effects.exact_moments import effect_moments
from bayesmixed.likelihood import MarginalLikelihood
from bayesmixed.moments import Moments
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.priors.coefficients import IntegratedCoefficients
from bayesmixed.priors.resolved import ResolvedPriors


class CovarianceDraws(NamedTuple):
    """What a sampler gives: all that beta and b need. Leading axis: draws of all chains, one after another.

    Parameters
    ----------
    covariance : CovarianceParameters
        sd (draws, q), corr (draws, q, q) and sigma (draws,) in the user's coding.
    Lambda : ndarray, shape (draws, q, q)
        Square root of ``G / sigma^2`` in the coding of the priors: kept beside the correlations, which
        lose digits when time is counted from far away and they come close to -1.
    precision : ndarray, shape (draws, p_integrated)
        Prior precision of each integrated coefficient: differs between draws for Student-t priors.
    explicit : ndarray, shape (draws, p_explicit)
        Coefficients that stay explicit, in the coding of the priors.
    """

    covariance: CovarianceParameters
    Lambda: Array
    precision: Array
    explicit: Array

    @property
    def sigma(self) -> Array:
        """Residual standard deviations, shape (draws,), in units of y."""
        return self.covariance.sigma


@dataclass(frozen=True, eq=False)
class MarginalPosterior:
    """The moments in the coding of the priors, and which coefficients are integrated out.

    The kernel's coefficients are ``gamma = beta_prior - s``, s the shift that `CodedMoments` took from y;
    integrated ones first, explicit ones next.

    Parameters
    ----------
    priors : ResolvedPriors
    names : ParameterNames
    coefficients : IntegratedCoefficients
    moments : Moments
        Columns of X in the kernel's order, columns of Z in the coding of the priors.
    shift : ndarray, shape (p,)
        s, in the kernel's order.
    """

    priors: ResolvedPriors
    names: ParameterNames
    coefficients: IntegratedCoefficients
    moments: Moments
    shift: Array

    @classmethod
    def of(cls, coded: CodedMoments, priors: ResolvedPriors, names: ParameterNames) -> "MarginalPosterior":
        """From the moments of a design, its priors with their numbers, and its names."""
        coefficients = priors.integrated(names)
        order = coefficients.order
        to_prior = coded.fixed.matrix @ priors.fixed_coding.inverse
        shift = priors.fixed_coding.matrix @ (coded.fixed.inverse @ coded.shift)
        moments = coded.moments.recode(to_prior[:, order], coded.T @ priors.T_inverse)
        return cls(priors, names, coefficients, moments, shift[order])

    @property
    def order(self) -> list[int]:
        """Columns of X in the kernel's order."""
        return self.coefficients.order

    @property
    def kernel(self) -> MarginalLikelihood:
        """The likelihood with the integrated coefficients gone."""
        n = len(self.coefficients.columns)
        return MarginalLikelihood(
            self.moments.patterns, self.coefficients.mean - self.shift[:n], self.moments.p - n
        )

    def Lambda(self, covariance: CovarianceParameters) -> Array:
        """Square root of ``G_prior / sigma^2`` from parameters in the user's coding, shape (..., q, q)."""
        root = covariance.sd[..., :, None] * _cholesky(covariance.corr)
        return self.priors.T @ root / np.asarray(covariance.sigma)[..., None, None]

    def covariance(self, root: Array, sigma: Array) -> CovarianceParameters:
        """sd and correlations in the user's coding from square roots of ``G_prior``, shape (..., q, q)."""
        own = self.priors.T_inverse @ root
        return CovarianceParameters.from_G(own @ np.swapaxes(own, -1, -2), sigma)

    def draw_beta(self, draws: CovarianceDraws, rng: np.random.Generator, cores: int | None = None) -> Array:
        """Exact draws of all coefficients in the user's coding, shape (draws, p)."""
        explicit = draws.explicit - self.shift[len(self.coefficients.columns) :]
        gamma = draw_coefficients(self.kernel, draws.Lambda, draws.sigma, draws.precision, explicit, rng, cores)
        prior_coded = np.empty((len(gamma), self.moments.p))
        prior_coded[:, self.order] = np.hstack([gamma, explicit]) + self.shift
        return prior_coded @ self.priors.fixed_coding.inverse.T

    def gamma(self, beta: Array) -> Array:
        """The kernel's coefficients, shape (draws, p), of coefficients in the user's coding."""
        return (beta @ self.priors.fixed_coding.matrix.T)[:, self.order] - self.shift

    def draw_effects(
        self, beta: Array, draws: CovarianceDraws, rng: np.random.Generator, cores: int | None = None
    ) -> Array:
        """Exact draws of every b_i in the user's coding, shape (draws, J, q)."""
        gamma, back = self.gamma(beta), self.priors.T_inverse
        return draw_group_effects(self.moments, draws.Lambda, draws.sigma, gamma, rng, back, cores)

    def effect_moments(self, beta: Array, draws: CovarianceDraws, cores: int | None = None) -> tuple[Array, Array]:
        """Posterior means and standard deviations of every b_i, (J, q), without drawing any.

        Averages the exact conditional means and variances over the draws of the other parameters.
        """
        gamma, back = self.gamma(beta), self.priors.T_inverse
        return effect_moments(self.moments, draws.Lambda, draws.sigma, gamma, back, cores)


def _cholesky(corr: Array) -> Array:
    """A square root of correlation matrices that may be singular up to rounding."""
    try:
        return np.linalg.cholesky(corr)
    except np.linalg.LinAlgError:
        eigenvalues, vectors = np.linalg.eigh(corr)
        return vectors * np.sqrt(np.maximum(eigenvalues, 0.0))[..., None, :]
