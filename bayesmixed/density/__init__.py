"""The log posterior density of the covariance parameters on the unconstrained scale, with its gradient.

The unconstrained vector holds, in this order,

    log sd (q),  z of each block's correlations,  log sigma,  log of explicit coefficients,  log lambda.
"""

from bayesmixed.density.density import Density
from bayesmixed.density.log_density import PriorArrays, log_densities, log_density
from bayesmixed.density.positive import PositivePrior, positive_prior

__all__ = ["Density", "PositivePrior", "PriorArrays", "log_densities", "log_density", "positive_prior"]
