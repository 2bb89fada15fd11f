"""Sets of rows by label: masks, functions of the table, queries, and each group left out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayesmixed.errors import BayesmixedError, SamplingError

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

EACH_GROUP = "each group left out"
ALL_ROWS = "all rows"

type Rows = str | Callable[..., Any] | Sequence[Any] | Mapping[str, Any] | NDArray[np.bool_] | None


def subsets_of_rows(model: "MixedModel", rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """Masks over the used rows by label; all of them first."""
    found = {ALL_ROWS: np.ones(model.design.n_obs, dtype=bool)}
    if rows is None:
        return found
    if isinstance(rows, Mapping):
        asked: list[tuple[Any, Any]] = list(rows.items())
    elif isinstance(rows, str) or callable(rows) or _is_mask(rows):
        asked = [(None, rows)]
    else:
        asked = [(None, one) for one in rows]
    for k, (label, one) in enumerate(asked):
        if isinstance(one, str) and one == EACH_GROUP:
            design = model.design
            found |= {f"without {level}": design.group != j for j, level in enumerate(design.levels)}
        else:
            name = getattr(one, "__name__", "") if label is None else ""
            fallback = name if name and name != "<lambda>" else f"rows {k + 1}"
            text = str(label) if label is not None else one if isinstance(one, str) else fallback
            if text in found:
                raise SamplingError(f"two sets of rows are labelled {text!r}: give a dict with different labels")
            found[text] = _mask(model, one, text)
    return found


def _is_mask(rows: Any) -> bool:
    return not isinstance(rows, list | tuple) or all(isinstance(one, bool | np.bool_) for one in rows)


def _mask(model: "MixedModel", subset: Any, label: str) -> NDArray[np.bool_]:
    frame = model.design.frame
    try:
        if isinstance(subset, str):
            mask = np.asarray(frame.reset_index(drop=True).eval(subset))
        else:
            mask = np.asarray(subset(frame) if callable(subset) else subset)
    except BayesmixedError:
        raise
    except Exception as error:
        raise SamplingError(f"rows {label!r} cannot be evaluated: {error}") from error
    if mask.shape != (len(frame),) or mask.dtype != bool:
        raise SamplingError(f"rows {label!r} must give {len(frame)} of True and False, one for each used row")
    if not mask.any():
        raise SamplingError(f"rows {label!r} leave no rows")
    return mask
