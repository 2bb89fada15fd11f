"""Table + Specification -> Design: y, X, Z, groups and their names, checked and frozen."""

from bayesmixed.design.blocks import Block
from bayesmixed.design.build import build_design
from bayesmixed.design.collinear import collinear
from bayesmixed.design.design import Design
from bayesmixed.design.groups import group_codes
from bayesmixed.design.new_rows import NewRows
from bayesmixed.encoding import Term

__all__ = ["Block", "Design", "NewRows", "Term", "build_design", "collinear", "group_codes"]
