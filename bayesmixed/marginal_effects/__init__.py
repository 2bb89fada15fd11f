"""What a model says about its predictors: marginal means, contrasts of them, slopes, and how sure each is."""

from bayesmixed.marginal_effects.between_within import between_within

__all__ = ["between_within"]
