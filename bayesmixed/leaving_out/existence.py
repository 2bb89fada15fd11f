"""Whether what is left tells of every coefficient with a flat prior; if not, nothing can be predicted from it."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import SamplingError
from bayesmixed.leaving_out.columns import KernelRows
from bayesmixed.leaving_out.triangles_without import without_each

if TYPE_CHECKING:
    from bayesmixed.model import MixedModel

#: Singular values of columns of length one below this are zero up to rounding.
ZERO = 1e-11


def check_groups(model: "MixedModel", rows: KernelRows) -> None:
    """Refuse to leave out a group without which columns with flat priors are dependent.

    Raises
    ------
    SamplingError
        Naming the columns and the group.
    """
    flat, columns = _flat_columns(model, rows.R)
    if not len(flat):
        return
    length = np.sqrt((columns**2).sum(axis=(0, 1)))
    left = _triangles_without_each(columns / length)
    _, values, vectors = np.linalg.svd(left)
    for j in np.flatnonzero(values[:, -1] < ZERO):
        unit = f"group {model.design.levels[j]!r} of {model.design.factor_name!r}"
        raise _missing(model, flat, vectors[j, -1] / length, unit)


def check_rows(model: "MixedModel", rows: KernelRows) -> None:
    """Refuse to leave out a row without which columns with flat priors are dependent.

    Raises
    ------
    SamplingError
        Naming the columns and the row.
    """
    flat, columns = _flat_columns(model, rows.rows)
    if not len(flat):
        return
    length = np.sqrt((columns**2).sum(axis=0))
    columns = columns / length
    leverage = (np.linalg.qr(columns)[0] ** 2).sum(axis=1)
    for k in np.flatnonzero(leverage > 1.0 - 1e-8):
        _, values, vectors = np.linalg.svd(np.delete(columns, k, axis=0), full_matrices=len(columns) <= len(flat))
        if len(values) < len(flat) or values[-1] < ZERO:
            unit = f"row {model.design.rows[rows.order[k]]} of the table"
            raise _missing(model, flat, vectors[-1] / length, unit)


def _flat_columns(model: "MixedModel", rows: Array) -> tuple[Index, Array]:
    """Places of the integrated coefficients with flat priors, and their columns."""
    flat = np.flatnonzero(model.posterior.coefficients.precision == 0.0)
    return flat, rows[..., model.design.q + flat]


def _triangles_without_each(columns: Array) -> Array:
    """R of the QR decomposition of the rows of all groups but each, (J, p, p)."""
    groups, _, p = columns.shape
    blocks, rest = np.zeros((groups, p + 1, p + 1)), np.empty((groups, p, p + 1))
    triangles = np.linalg.qr(columns, mode="r")
    blocks[:, : triangles.shape[1], :p] = triangles
    without_each(blocks, 0, np.zeros((p, p + 1)), rest, np.empty((p, p + 1)))
    return rest[:, :, :p]


def _missing(model: "MixedModel", flat: Index, direction: Array, unit: str) -> SamplingError:
    """The error that names the user's columns in the direction that nothing is left to tell of."""
    posterior, design = model.posterior, model.design
    coded = np.zeros(design.p)
    coded[np.array(posterior.order)[flat]] = direction
    size = np.abs(posterior.priors.fixed_coding.inverse @ coded) * np.sqrt((design.X**2).mean(axis=0))
    names = [label for label, one in zip(design.fixed_labels, size, strict=True) if one > 1e-6 * size.max()]
    return SamplingError(
        f"without {unit} nothing tells of {', '.join(map(repr, names))}, whose prior is flat, so that it "
        "cannot be predicted from the rest: give a proper prior, such as bm.Normal(0, s)"
    )
