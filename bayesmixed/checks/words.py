"""What a check says, in words."""

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.checks.catalogue import Statistic

#: A smaller p-value is remarkable; of eight statistics, up to a third of the tables of a right model have one.
SMALL = 0.05


def reading(one: Statistic, observed: float, replicated: Array, p: float, groups: str) -> str:
    """One sentence on one statistic of the data beside those of replicates.

    Parameters
    ----------
    one : Statistic
    observed : float
    replicated : ndarray, shape (R,)
    p : float
        Two-sided.
    groups : {"observed", "new"}
        Of the replicates.
    """
    if p >= SMALL:
        doubt = one.sees == "new" and groups == "observed"
        hint = "; replicates of the same groups hardly test this: their b come from these rows; see groups='new'"
        return f"your {one.name} is like that of the model's tables (p = {p:.2f}){hint if doubt else ''}"
    is_high = observed > np.median(replicated)
    beyond = np.mean(replicated < observed if is_high else replicated > observed)
    side, advice = ("higher", one.high) if is_high else ("lower", one.low)
    where = (
        f"any of the model's {len(replicated)} tables" if beyond == 1.0 else f"{beyond:.1%} of the model's tables"
    )
    return f"your {one.name} is {side} than that of {where} (p = {p:.3f}): {advice}"
