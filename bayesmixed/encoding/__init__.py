"""Rows -> columns of X and Z, learnt once and then applied alike to new rows.

formulae builds the columns of each side as a common formula; groups never pass through it. What
an encoding has learnt (levels, contrasts, means, knots) is plain data: `Encoding.to_dict`.
"""

from bayesmixed.encoding.column import Column
from bayesmixed.encoding.encoding import PARTS, Encoded, Encoding
from bayesmixed.encoding.side import Side
from bayesmixed.encoding.term import Term

__all__ = ["PARTS", "Column", "Encoded", "Encoding", "Side", "Term"]
