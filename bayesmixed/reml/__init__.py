"""REML and ML: the maximum of the same likelihood that the posterior is made of."""

from bayesmixed.reml.fit import RemlFit, fit_reml

__all__ = ["RemlFit", "fit_reml"]
