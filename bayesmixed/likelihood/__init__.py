"""The marginal log likelihood and its gradient: the one kernel behind REML, NUTS and all that follows.

With ``F_i = Rzz_i Lambda`` and ``G = sigma^2 Lambda Lambda'`` (Lambda any square root of D = G / sigma^2),

    V_i / sigma^2 = I + F_i F_i' =: M_i   in the rotated rows of group i, and I in all others,
    log|I + S_i D| = log|M_i|,            Q = Raa'Raa + sum_i Rza_i' M_i^-1 Rza_i,

a sum of positive semidefinite terms that is right for singular D. With a normal prior of mean m and
diagonal precision K0 (0 where flat) on beta, ``P = Qxx/sigma^2 + K0`` and ``h = Qxy/sigma^2 + K0 m``,

    -2 log p(y | G, sigma) = N log(2 pi sigma^2) + sum_i log|M_i| + log|P| - log|K0|_+ - p_flat log(2 pi)
                             + Qyy/sigma^2 + m'K0 m - h'P^-1 h,

which for a flat prior is the REML criterion as lme4 reports it. Coefficients under any other prior stay
explicit: their columns, times their values, are taken from y.
"""

from bayesmixed.likelihood.coefficients import LOG_2PI, integrate_beta, subtract_explicit
from bayesmixed.likelihood.curvature import integrate_groups_hessian
from bayesmixed.likelihood.groups import integrate_groups, integrate_groups_gradient
from bayesmixed.likelihood.kernel import MarginalLikelihood, ValueAndGradient
from bayesmixed.likelihood.marginal import log_likelihood, log_likelihood_gradient
from bayesmixed.likelihood.triangular import cholesky, solve_lower, solve_upper

__all__ = [
    "LOG_2PI",
    "MarginalLikelihood",
    "ValueAndGradient",
    "cholesky",
    "integrate_beta",
    "integrate_groups",
    "integrate_groups_gradient",
    "integrate_groups_hessian",
    "log_likelihood",
    "log_likelihood_gradient",
    "solve_lower",
    "solve_upper",
    "subtract_explicit",
]
