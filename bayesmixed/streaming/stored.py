"""Fits of streamed tables in a file: moments and what they belong to, in place of the rows."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bayesmixed.moments.stored import arrays_of, header_of, moments_of

if TYPE_CHECKING:
    import xarray as xr

    from bayesmixed.model import MixedModel

_DIMS = {
    "Rzz": ("group", "q", "q_bis"),
    "Rza": ("group", "q", "a"),
    "Raa": ("a", "a_bis"),
    "n": ("group",),
    "ZZ": ("q", "q_bis"),
}


def to_dataset(model: "MixedModel") -> "xr.Dataset":
    """The moments of a streamed model with their header."""
    import xarray as xr

    moments = model.moments
    header = header_of(moments)
    levels = header.pop("levels")
    variables = {name: (_DIMS[name], array) for name, array in arrays_of(moments).items()}
    return xr.Dataset(variables, coords={"group": levels}, attrs={"header": json.dumps(header)})


def to_model(
    dataset: "xr.Dataset", header: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]] | None
) -> "MixedModel":
    """The model of stored moments; its priors are those of the header of the file."""
    from bayesmixed.model import MixedModel
    from bayesmixed.priors.resolved import ResolvedPriors

    stored = json.loads(dataset.attrs["header"]) | {
        "levels": [str(level) for level in dataset["group"].to_numpy()]
    }
    arrays = {name: dataset[name].to_numpy() for name in _DIMS}
    moments = moments_of(arrays, stored, functions)
    model = MixedModel.from_moments(header["formula"], moments, units=header["units"])
    model._resolved = ResolvedPriors.from_dict(header["priors"])
    return model
