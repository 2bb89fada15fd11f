"""What scripts say around the code."""

from typing import TYPE_CHECKING

from bayesmixed.encoding.interpreter import calls
from bayesmixed.printable import printable_line

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.reml import RemlFit


def heading(design: "Design", data: str, where: str) -> list[str]:
    """Which model this is, and which rows the table must hold."""
    formula = printable_line(design.specification.formula)
    lines = [f"# {formula} in {where}: {design.n_obs} rows, {design.n_groups} groups of {design.factor_name}"]
    if design.streamed is not None:
        lines.append(f"# the rows were read in parts: {printable_line(data)} must be that table")
    if design.n_dropped:
        lines.append(
            f"# {printable_line(data)} must hold the rows in use, without the {design.n_dropped} that were dropped"
        )
    return lines


def uses_splines(design: "Design") -> bool:
    encoding = design.encoding
    sides = (encoding.response, encoding.fixed, *encoding.random, *encoding.offsets)
    return any(
        call.callee == "bs"
        for side in sides
        for term in side.model
        for component in getattr(term, "components", ())
        for call in calls(getattr(component, "call", None))
    )


def found_here(fit: "RemlFit") -> str:
    """The criterion and sigma of a REML or ML fit, in few words."""
    return f"{fit.method} criterion {fit.criterion:.6f}, sigma {float(fit.sigma):.7g}"
