"""How far conclusions rest on the priors: power-scaling of one fit, and the same model under other priors."""

from bayesmixed.sensitivity.log_prior import log_prior
from bayesmixed.sensitivity.power_scaling import log_likelihood, power_scaling, power_scaling_data

__all__ = ["log_likelihood", "log_prior", "power_scaling", "power_scaling_data"]
