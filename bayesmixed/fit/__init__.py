"""`Fit`: a posterior, and one call for everything that can be asked of it."""

from bayesmixed.fit.fit import Fit

__all__ = ["Fit"]
