"""Additive sufficient statistics of grouped rows: the only pass over the rows."""

from bayesmixed.moments.moments import Moments
from bayesmixed.moments.patterns import Patterns

__all__ = ["Moments", "Patterns"]
