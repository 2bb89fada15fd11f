"""The functions that a formula may call, beside those that formulae brings.

``C I scale center poly bs`` (and ``Treatment``, ``Sum`` inside ``C``) are formulae's own;
the thin wrappers here refuse values that NumPy would turn into NaN or infinity.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesmixed.errors import DesignError


def _guarded(
    name: str, function: Callable[[Any], Any], bad: Callable[[Any], Any] | None, fault: str
) -> Callable[[Any], Any]:
    def transformation(x: Any) -> Any:
        label = f"{name}({getattr(x, 'name', None) or '...'})"
        try:
            count = 0 if bad is None else int(np.count_nonzero(bad(x)))
            if count:
                raise DesignError(f"{label}: {fault} in {count} rows; change or remove them")
            return function(x)
        except (TypeError, NotImplementedError):  # the second from text in pandas
            raise DesignError(f"{label}: numbers are needed, this is text or a category") from None

    transformation.__name__ = name
    transformation.__doc__ = f"{name} of a column; refuses values for which it is undefined."
    return transformation


# 709.78 is the logarithm of the largest double.
TRANSFORMATIONS: dict[str, Callable[[Any], Any]] = {
    "log": _guarded("log", np.log, lambda x: x <= 0, "values <= 0"),
    "log2": _guarded("log2", np.log2, lambda x: x <= 0, "values <= 0"),
    "log10": _guarded("log10", np.log10, lambda x: x <= 0, "values <= 0"),
    "sqrt": _guarded("sqrt", np.sqrt, lambda x: x < 0, "values < 0"),
    "exp": _guarded("exp", np.exp, lambda x: x > 709.78, "values > 709 overflow"),
    "abs": _guarded("abs", np.abs, None, ""),
}
