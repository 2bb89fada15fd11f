"""What priors imply for the numbers that people know: ICC, R2, the spread of y, G at x = 0."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.icc import icc_values
from bayesmixed.priors.draws import PriorDraws, draw_priors
from bayesmixed.priors.families import Flat, PymcPrior
from bayesmixed.quantities.by_label import covariance_by_label, icc_by_label
from bayesmixed.quantities.variance_explained import R2_KINDS, r2_values
from bayesmixed.seeds import seed_sequence

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.design import Design
    from bayesmixed.parameters import ParameterNames
    from bayesmixed.priors.resolved import ResolvedPriors

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: An ICC outside has more than half of the prior's mass in a prior that decides beforehand.
LITTLE, MUCH = 0.01, 0.9
_DRAWS = 1_000


def implied_draws(
    design: "Design", names: "ParameterNames", priors: "ResolvedPriors", draws: int, random_seed: Any = 0
) -> dict[str, Array]:
    """Draws from the prior of what a reader can judge, by label, each of shape (draws,).

    The ICC (at the points at which a model reports it), marginal and conditional R2 (where all coefficients have
    proper priors), sd, correlations and sigma in the user's coding.

    Raises
    ------
    PriorError
        A prior of an sd is improper, so that it has no draws.
    """
    proper, drawn = _draw(names, priors, draws, random_seed)
    found = icc_by_label(design, drawn.covariance)
    if proper and design.streamed is None:
        values = r2_values(design, drawn.beta, drawn.covariance)
        found |= {f"R2 ({kind})": values[:, k] for k, kind in enumerate(R2_KINDS)}
    return found | covariance_by_label(design, names, drawn.covariance)


def implied_table(values: dict[str, Array]) -> "pd.DataFrame":
    """Quantiles of draws by label."""
    import pandas as pd

    rows = {label: np.quantile(own, PROBABILITIES) for label, own in values.items()}
    columns = [f"{100 * p:g} %" for p in PROBABILITIES]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def strong_on_icc(design: "Design", names: "ParameterNames", priors: "ResolvedPriors") -> list[str]:
    """Warn of a prior that puts more than half of its mass on an ICC above 0.9 or below 0.01.

    In a model with slopes that is the ICC at the means of the slope variables.
    """
    if priors.preset == "default" and not priors.given and "Intercept" in names.random_labels:
        return []  # there sd and sigma have the same half-t, whatever the table: 23 % above 0.9, 8 % below 0.01
    if any(isinstance(prior, PymcPrior | Flat) for prior in (*priors.sd.values(), priors.sigma)):
        return []
    _, drawn = _draw(names, priors, _DRAWS, 0)
    icc = icc_values(drawn.covariance, _typical_row(design)[None])
    label = f"ICC({names.factor})" + (" at the means of the slope variables" if design.q > 1 else "")
    above, below = float(np.mean(icc > MUCH)), float(np.mean(icc < LITTLE))
    if max(above, below) <= 0.5:
        return []
    where = f"above {MUCH:g}" if above > below else f"below {LITTLE:g}"
    return [
        f"the priors put {100 * max(above, below):.0f} % of their mass on an {label} {where}, before any row was "
        "seen: check the units of their scales, or state the prior on the ICC itself: "
        "priors=bm.Priors.icc(alpha, beta)"
    ]


def _typical_row(design: "Design") -> Array:
    """Means of the columns of Z."""
    if design.streamed is None:
        return np.asarray(design.Z_rows.mean(axis=0))
    row = np.empty(design.q)
    for block, coding in zip(design.blocks, design.streamed.scales.blocks, strict=True):
        row[list(block.columns)] = np.where(coding.constant != 0, coding.constant, coding.centre)
    return row


def _draw(
    names: "ParameterNames", priors: "ResolvedPriors", draws: int, random_seed: Any
) -> tuple[bool, PriorDraws]:
    """Draws, and whether those of beta mean anything: flat coefficients are put at 0."""
    from dataclasses import replace

    from bayesmixed.priors.families import Normal

    flat = [name for name, prior in priors.fixed.items() if isinstance(prior, Flat)]
    stand_in = replace(priors, fixed={**priors.fixed, **dict.fromkeys(flat, Normal(0.0, 1.0))})
    rng = np.random.default_rng(seed_sequence(random_seed))
    return not flat, draw_priors(stand_in, names, draws, rng)
