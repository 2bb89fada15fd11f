"""Fits to files and back: NetCDF, whole or not at all, and nothing in it that could run.

A file holds the draws, the formula, the resolved priors, the encoding, the used rows of the table and the
moments. Loading rebuilds the model from formula and rows and checks that it is the one that was saved. Of a
streamed table there are no rows, and the moments are all that a model needs.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.coding import CodedMoments, Coding
from bayesmixed.errors import BayesmixedError, StorageError
from bayesmixed.files import is_sealed, seal, whole_file
from bayesmixed.moments import Moments

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

FORMAT = "bayesmixed-fit"
FORMAT_VERSION = 1
_ROWS, _MOMENTS, _STREAMED = "model_frame", "moments", "streamed_moments"
_FACTOR = "categories"


def save(fit: "Fit", path: str | Path) -> None:
    """Write a fit to a NetCDF file; an old file of that name stays until the new one is whole.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    import xarray as xr

    model = fit.model
    groups = {name: node.to_dataset() for name, node in fit.idata.children.items()} | _model_datasets(model)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = fit.idata.attrs | _header(model)
    with whole_file(path) as temporary:
        tree.to_netcdf(temporary, engine="h5netcdf")
        seal(temporary)


def _model_datasets(model: "MixedModel") -> "dict[str, xr.Dataset]":
    """What a model is rebuilt from: its rows and moments, or of a streamed one its moments."""
    if model.design.streamed is not None:
        from bayesmixed.streaming.stored import to_dataset

        return {_STREAMED: to_dataset(model)}
    rows = _frame_to_dataset(model.design.frame).assign_coords(row=model.design.rows)
    return {_ROWS: rows, _MOMENTS: _moments_to_dataset(model)}


def load(path: str | Path, functions: Mapping[str, Callable[..., Any]] | None = None) -> "Fit":
    """Read a fit that `Fit.save` wrote.

    Parameters
    ----------
    path : str or Path
    functions : mapping of str to callable, optional
        The user's own transformations, where the formula has any: a file holds no code.

    Raises
    ------
    StorageError
        The file is missing, truncated, or not of this package.
    """
    from bayesmixed.fit import Fit

    path = Path(path)
    tree = _read(path)
    try:
        header = _checked_header(tree.attrs, path)
        model = _rebuild(tree, header, functions)
        for name in {_ROWS, _MOMENTS, _STREAMED} & set(tree.children):
            del tree[name]
        for key in ("format", "format_version", "header"):
            del tree.attrs[key]
        fit = Fit(model, tree)
        fit.scalars()
    except StorageError:
        raise
    except BayesmixedError as error:
        raise StorageError(f"{path} does not hold a whole fit: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError) as error:
        raise StorageError(f"{path} does not hold a whole fit: {' '.join(str(error).split())}") from error
    return fit


# ---------------------------------------------------------------- out
def _header(model: "MixedModel") -> dict[str, Any]:
    header = {
        "formula": model.specification.formula,
        "weights": model.design.weights_name,
        "units": dict(model.units.columns),
        "priors": model.priors.resolved.to_dict(),
        "encoding": model.design.encoding.to_dict(),
        "n_dropped": model.design.n_dropped,
        "missing": dict(model.design.missing),
        "warnings": list(model.design.warnings),
        "levels": list(model.design.levels),
    }
    return {"format": FORMAT, "format_version": FORMAT_VERSION, "header": json.dumps(header)}


def _frame_to_dataset(frame: "pd.DataFrame") -> "xr.Dataset":
    """Columns as numbers or text; of a factor the codes, with its categories and their order as attributes."""
    import pandas as pd
    import xarray as xr

    variables = {}
    for k, name in enumerate(frame.columns):
        column = frame[name]
        attrs: dict[str, Any] = {"column": str(name)}
        values = column
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = column.cat.codes
            categories = [value.item() if hasattr(value, "item") else value for value in column.cat.categories]
            attrs[_FACTOR] = json.dumps({"values": categories, "ordered": bool(column.cat.ordered)})
        elif column.dtype.kind not in "iufb":
            values = column.astype(str)
        array = values.to_numpy()
        if array.dtype.kind not in "iufb":
            array = array.astype(str)
        variables[f"column_{k}"] = xr.Variable(("row",), array, attrs)
    return xr.Dataset(variables)


def _moments_to_dataset(model: "MixedModel") -> "xr.Dataset":
    """Moments with the centres and scales of their columns."""
    import xarray as xr

    coded, moments = model.coded, model.coded.moments
    variables = {
        "Rzz": (("group", "q", "q_bis"), moments.Rzz),
        "Rza": (("group", "q", "a"), moments.Rza),
        "Raa": (("a", "a_bis"), moments.Raa),
        "n": (("group",), moments.n),
        "constant": (("p",), coded.fixed.constant),
        "centre": (("p",), coded.fixed.centre),
        "scale": (("p",), coded.fixed.scale),
        **({} if coded.fixed.rotation is None else {"rotation": (("p", "p_bis"), coded.fixed.rotation)}),
        "T": (("q", "q_bis"), coded.T),
        "T_inverse": (("q", "q_bis"), coded.T_inverse),
        "shift": (("p",), coded.shift),
    }
    return xr.Dataset(
        variables, coords={"group": list(moments.levels)}, attrs={"sum_log_weights": moments.sum_log_weights}
    )


# ---------------------------------------------------------------- in
def _read(path: Path) -> "xr.DataTree":
    if not path.exists():
        raise StorageError(f"{path} does not exist")
    if path.is_dir():
        raise StorageError(f"{path} is a folder, not a file")
    import xarray as xr

    try:
        whole = is_sealed(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error
    if not whole:
        raise StorageError(
            f"{path} was not written by bayesmixed, or it is not whole: no digest of its contents is at its end"
        )
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return tree.load().copy(deep=True)
    except Exception as error:
        # HDF5 has no error class of its own: a broken file raises whatever its reader stumbled over.
        raise StorageError(
            f"{path} is not a readable NetCDF file: {' '.join(str(error).split())[:200]}"
        ) from error


def _checked_header(attrs: Mapping[Any, Any], path: Path) -> dict[str, Any]:
    if attrs.get("format") != FORMAT:
        raise StorageError(f"{path} was not written by bayesmixed")
    if int(attrs["format_version"]) > FORMAT_VERSION:
        raise StorageError(f"{path} was written by a newer bayesmixed: update to read it")
    header = json.loads(attrs["header"])
    if not isinstance(header, dict):
        raise StorageError(f"{path} does not hold a whole fit: its header is no record")
    return header


def _rebuild(tree: "xr.DataTree", header: dict[str, Any], functions: Mapping[str, Any] | None) -> "MixedModel":
    missing = sorted(set(header["encoding"].get("functions", ())) - set(functions or ()))
    if missing:
        raise StorageError(
            f"the formula uses functions of your own: load(path, functions={{{missing[0]!r}: ...}})"
        )
    if _STREAMED in tree.children:
        from bayesmixed.streaming.stored import to_model

        model = to_model(tree[_STREAMED].to_dataset(), header, functions)
        _check_groups(model, header)
        return model
    return _rebuild_from_rows(tree, header, functions)


def _check_groups(model: "MixedModel", header: dict[str, Any]) -> None:
    if list(model.design.levels) != header["levels"]:
        raise ValueError("the groups of the stored rows are not those of the fit")


def _rebuild_from_rows(
    tree: "xr.DataTree", header: dict[str, Any], functions: Mapping[str, Any] | None
) -> "MixedModel":
    from bayesmixed.model import MixedModel
    from bayesmixed.priors.resolved import ResolvedPriors

    frame = _dataset_to_frame(tree[_ROWS].to_dataset())
    model = MixedModel._with_resolved(
        header["formula"],
        frame,
        ResolvedPriors.from_dict(header["priors"]),
        weights=header["weights"],
        units=header["units"],
        functions=functions,
    )
    _check_groups(model, header)
    if model.design.encoding.to_dict() != header["encoding"] or not _same_columns(model, tree):
        raise ValueError("the columns made from the stored rows are not those of the fit")
    model.design = replace(
        model.design,
        rows=tree[_ROWS]["row"].to_numpy(),
        n_dropped=int(header["n_dropped"]),
        missing={str(name): int(count) for name, count in header.get("missing", {}).items()},
        warnings=tuple(header["warnings"]),
    )
    model.coded = _dataset_to_moments(tree[_MOMENTS].to_dataset())
    return model


def _same_columns(model: "MixedModel", tree: "xr.DataTree") -> bool:
    """Whether the rebuilt X and Z are those of the fit: functions of the user may have changed since."""
    stored = tree["constant_data"]
    pairs = [(model.design.X, stored["X"].to_numpy()), (model.design.Z_rows, stored["Z_rows"].to_numpy())]
    return all(own.shape == other.shape and np.allclose(own, other, rtol=1e-9, atol=0.0) for own, other in pairs)


def _dataset_to_moments(dataset: "xr.Dataset") -> CodedMoments:
    array = {str(name): variable.to_numpy() for name, variable in dataset.variables.items()}
    levels = tuple(str(level) for level in array["group"])
    moments = Moments(
        array["Rzz"], array["Rza"], array["Raa"], array["n"], levels, float(dataset.attrs["sum_log_weights"])
    )
    fixed = Coding(array["constant"], array["centre"], array["scale"], array.get("rotation"))
    return CodedMoments(moments, fixed, array["T"], array["T_inverse"], array["shift"])


def _dataset_to_frame(dataset: "xr.Dataset") -> "pd.DataFrame":
    import pandas as pd

    columns = {}
    for variable in dataset.data_vars.values():
        values: Any = variable.to_numpy()
        if _FACTOR in variable.attrs:
            factor = json.loads(variable.attrs[_FACTOR])
            values = pd.Categorical.from_codes(values, categories=factor["values"], ordered=factor["ordered"])
        elif values.dtype.kind in "OUS":
            values = values.astype(object)
        columns[variable.attrs["column"]] = values
    return pd.DataFrame(columns)
