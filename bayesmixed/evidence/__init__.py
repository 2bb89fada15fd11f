"""How well a whole model predicted the table: marginal likelihoods, and Bayes factors of nested models."""

from bayesmixed.evidence.factor import BayesFactor, bayes_factor
from bayesmixed.evidence.marginal import LogEvidence

__all__ = ["BayesFactor", "LogEvidence", "bayes_factor"]
