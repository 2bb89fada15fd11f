"""What is left of the differences between groups for their sd once the fixed effects have taken their share."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.moments import Moments

SATURATED = (
    "the fixed effects explain every difference between the {J} groups of {factor!r}, as with one group for each "
    "treatment: these data say nothing about the sd between groups, and tests of what is constant in a group mean "
    "nothing; more groups are needed"
)


def degrees_between(design: "Design", moments: "Moments") -> int:
    """``rank([X Z]) - rank(X)``: contrasts of the random effects that are free of beta.

    Where it is 0 the restricted likelihood does not depend on G. ``rank(X)`` is p, and what X has beyond Z is the
    rank of its residuals within groups.

    Parameters
    ----------
    design : Design
    moments : Moments
        In the coding of the criterion, whose columns are of size 1.
    """
    values = np.linalg.svd(moments.Raa[:, : moments.p], compute_uv=False)
    beyond = int((values > 1e-9 * np.sqrt(moments.n_rows)).sum())
    return int(np.minimum(moments.n, design.q).sum()) + beyond - moments.p


def saturation_note(design: "Design", moments: "Moments") -> list[str]:
    """One text where nothing is left, none elsewhere."""
    if degrees_between(design, moments) > 0:
        return []
    return [SATURATED.format(J=design.n_groups, factor=design.factor_name)]
