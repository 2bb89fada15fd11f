"""Splines know nothing beyond their outer knots, where formulae would continue the last polynomial."""

from typing import Any

import numpy as np
import pandas as pd

from bayesmixed.encoding.interpreter import calls
from bayesmixed.errors import DesignError


def check_within_knots(learnt: Any, frame: pd.DataFrame) -> None:
    """Refuse rows outside the range of a ``bs()`` anywhere in a term of formulae.

    Raises
    ------
    DesignError
        With the call, the range of its knots, and how many rows lie outside.
    """
    for component in getattr(learnt, "components", ()):
        for call in calls(getattr(component, "call", None)):
            if call.callee == "bs":
                argument = call.args[0] if call.args else call.kwargs["x"]
                x = np.asarray(argument.eval(frame, component.env), dtype=float)
                _check_range(str(call), x, call.stateful_transform._knots)


def _check_range(name: str, x: np.ndarray, knots: np.ndarray) -> None:
    low, high = float(knots[0]), float(knots[-1])
    rounding = 1e-12 * max(abs(low), abs(high))
    outside = (x < low - rounding) | (x > high + rounding)
    if outside.any():
        raise DesignError(
            f"{name} is known from {low:.6g} to {high:.6g} only, and {np.count_nonzero(outside)} rows "
            f"lie outside ({x.min():.6g} to {x.max():.6g}): a spline cannot be extrapolated"
        )
