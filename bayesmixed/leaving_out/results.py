"""What ``az.loo`` gives, for rows and for groups: any ArviZ function that takes the one takes these."""

from dataclasses import dataclass
from typing import ClassVar

import xarray as xr
from arviz_stats.utils import ELPDDataLOO


@dataclass(kw_only=True, repr=False)
class RowsLeftOut(ELPDDataLOO):
    """Leave-one-row-out: an ``ELPDDataLOO`` that knows which rows were refitted.

    Attributes
    ----------
    refitted : xarray.DataArray of bool
        Units whose value comes from a posterior without them; their ``pareto_k`` is 0, as ``az.reloo`` has it.
    """

    refitted: xr.DataArray | None = None


@dataclass(kw_only=True, repr=False)
class GroupsLeftOut(RowsLeftOut):
    """Leave-one-group-out: ``elpd_i`` and ``pareto_k`` have one value a group."""

    _display_kind: ClassVar[str] = "logo"
