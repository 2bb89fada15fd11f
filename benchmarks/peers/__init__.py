"""The packages that are compared. One module for each, with the interface of `Peer`."""

from typing import Protocol

import pandas as pd

from benchmarks.measure import Run


class Peer(Protocol):
    """A package that can be asked for tasks."""

    name: str
    #: Above this many rows it is left out, with `too_slow` for a reason.
    most_rows: float
    too_slow: str

    def missing(self) -> str:
        """Why it cannot run here; empty when it can."""

    def version(self) -> str:
        """Version of the package."""

    def prepare(self, task: str, table: pd.DataFrame, formula: str) -> Run | None:
        """A run of this task that can be repeated, table handed over; None for a task that it does not know."""


def peers(suite: str) -> "list[Peer]":
    """Those of a suite, ours first."""
    from benchmarks.peers.bambi_models import BambiModels
    from benchmarks.peers.lme4 import Lme4
    from benchmarks.peers.ours import Ours
    from benchmarks.peers.ours_sampling import OursSampling
    from benchmarks.peers.ours_scale import OursScale
    from benchmarks.peers.rust_mixedlm import RustMixedlm
    from benchmarks.peers.statsmodels_mixedlm import StatsmodelsMixedLM

    return {
        "reml": [Ours(), RustMixedlm(), Lme4(), StatsmodelsMixedLM()],
        "sampling": [OursSampling(), BambiModels("nutpie"), BambiModels("PyMC")],
        "scale": [OursScale()],
    }[suite]
