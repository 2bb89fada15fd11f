"""lme4-style text -> Specification.

The text is cut into tokens (`tokens`), read by a cursor (`cursor`) as a sum of terms (`algebra`),
brackets and offsets (`right_side`), and columns and calls (`expressions`); `parse` puts these
together and `checks` refuses what reads well but makes no model. Every term is written out again for
formulae with backquoted columns and explicit brackets, so that it has nothing left to guess.
"""

from bayesmixed.formula.parse import parse_formula
from bayesmixed.formula.tokens import Token, tokenize
from bayesmixed.formula.vocabulary import CONTRASTS, TRANSFORMATIONS

__all__ = ["CONTRASTS", "TRANSFORMATIONS", "Token", "parse_formula", "tokenize"]
