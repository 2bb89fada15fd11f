"""From a posterior to draws: by our engines or by any sampler, with exact coefficients and random effects."""

from bayesmixed.sampling.sampled import Sampled

__all__ = ["Sampled"]
