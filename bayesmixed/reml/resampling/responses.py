"""REML estimates of many responses that share X, Z, groups and weights."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.engines.responses import ResponsePatterns
from bayesmixed.errors import RemlError
from bayesmixed.moments.triangles import coded_columns
from bayesmixed.reml.optimize import minimise
from bayesmixed.reml.resampling.bootstrap import Refit, default_cores, quantities_of_refits, run

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates


def refit_reml(fit: "Estimates", responses: Array, cores: int | None = None) -> "pd.DataFrame":
    """REML (or ML) estimates of each response; see `RemlFit.refit`."""
    import pandas as pd

    design, coded = fit.design, fit.coded
    if design.streamed is not None:
        raise RemlError(
            "responses cannot be refitted for a table that was read in parts or summed up by others: which row "
            "each number of a response belongs to is not known; build the model from a table in memory"
        )
    responses = np.asarray(responses, dtype=float)
    if responses.ndim != 2 or responses.shape[1] != design.n_obs or not len(responses):
        raise RemlError(
            f"responses must be an array (n, {design.n_obs}), one row a response, not {responses.shape}"
        )
    if not np.isfinite(responses).all():
        raise RemlError("responses must not hold missing or infinite values")
    patterns = ResponsePatterns.of_columns(design, *coded_columns(design, design.X, design.Z_rows), responses)

    def refit(response: int) -> Refit:
        criterion = replace(fit.objective, patterns=patterns.of(response))
        optimum = minimise(criterion)
        return Refit(optimum.theta, *criterion.estimates(optimum.theta), optimum.converged)

    threads = default_cores(len(patterns.template.Rza)) if cores is None else cores
    found = list(run(refit, len(responses), threads))
    Lambda = np.array([fit.objective.Lambda(one.theta) for one in found])
    beta = np.array([one.beta for one in found]) + patterns.shift - coded.shift
    columns = quantities_of_refits(fit, beta, Lambda, np.array([one.sigma for one in found]))
    frame = pd.DataFrame(columns).rename_axis("response")
    frame.loc[[not one.converged for one in found]] = np.nan
    return frame
