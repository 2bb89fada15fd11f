"""`MixedModel`: a formula and a table, and one call for everything that can be done with them."""

from bayesmixed.model.model import MixedModel

__all__ = ["MixedModel"]
