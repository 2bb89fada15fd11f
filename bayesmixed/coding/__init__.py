"""Columns centred and scaled for computing, the way back, and the moments of the coded columns."""

from bayesmixed.coding.coded import CodedMoments
from bayesmixed.coding.coding import Coding
from bayesmixed.coding.scales import DataScales

__all__ = ["CodedMoments", "Coding", "DataScales"]
