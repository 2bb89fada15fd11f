"""REML beside the posterior, quantity by quantity, with the reasons why they differ."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arrays import Array, Index
from bayesmixed.errors import RemlError
from bayesmixed.quantiles import normal_quantile, t_quantile
from bayesmixed.reconcile.flat import keeps_effects
from bayesmixed.reconcile.reasons import NARROW_POSTERIOR, NARROW_T, Evidence, reasons, verdict
from bayesmixed.reconcile.sides import Quantity, RemlSide, draws_by_quantity, reml_side
from bayesmixed.summary import describe, effective_size, interval_names

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit

NO_SIDE = RemlSide({}, {}, {}, {}, {}, frozenset())


def reconcile(
    fit: "Fit", ci_prob: float = 0.95, ci_kind: str = "eti", method: str = "wald", effects: bool = True
) -> "pd.DataFrame":
    """REML and posterior side by side, one row a quantity; see `Fit.compare_reml` for the columns.

    Parameters
    ----------
    fit : Fit
    ci_prob : float
        Of both intervals.
    ci_kind : {"eti", "hdi"}
        Of the posterior's.
    method : str
        Of REML's, as in `RemlFit.confint`.
    effects : bool
        Random effects too, where there are not too many.
    """
    import pandas as pd

    model, with_effects = fit.model, effects and keeps_effects(fit)
    b = fit.effects if with_effects else None
    own = draws_by_quantity(model.design, model.names, fit.beta, fit.covariance, b)
    try:
        reml = reml_side(model.reml(), ci_prob, method, with_effects)
    except RemlError:
        reml = NO_SIDE
    flat: dict[Quantity, Array] = {}
    if (found := fit.flat_draws) is not None:
        flat = draws_by_quantity(model.design, model.names, found.beta, found.covariance, found.effects)
    priors = _prior_texts(fit)
    rows = {
        quantity.label: _row(quantity, values, flat.get(quantity), reml, fit, ci_prob, ci_kind)
        | {"prior": priors.get(quantity.label, "")}
        for quantity, values in own.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")


def _row(
    quantity: Quantity,
    values: Array,
    flat: Array | None,
    reml: RemlSide,
    fit: "Fit",
    ci_prob: float,
    ci_kind: str,
) -> dict[str, Any]:
    label, nan = quantity.label, float("nan")
    posterior = describe(values, ci_prob, ci_kind)
    low, high = interval_names(ci_prob, ci_kind)
    limits = (posterior[low], posterior[high])
    estimate, sd = reml.estimate.get(label, nan), posterior["sd"]
    evidence = Evidence(
        estimate,
        posterior["median"],
        sd,
        nan if flat is None else float(np.median(flat)),
        _error_of_median(values, fit.shape, fit.ancestor),
        nan if flat is None else _error_of_median(flat, fit.shape),
        label in reml.boundary and sd > 0.0,  # what is zero by the model, as an ICC may be, is no estimate
        flat is None or _too_narrow(label, reml, limits, ci_prob),
    )
    own = (reml.lower.get(label, nan), reml.upper.get(label, nan))
    codes = reasons(evidence)
    return {
        "kind": quantity.kind,
        "reml": estimate,
        "reml_se": reml.se.get(label, nan),
        "reml_lower": own[0],
        "reml_upper": own[1],
        **{name: value for name, value in posterior.items() if name != "mean"},
        "shift": (evidence.median - estimate) / sd if sd else nan,
        "from_skew": evidence.from_skew,
        "from_prior": evidence.from_prior,
        "overlap": overlap(own, limits),
        "verdict": verdict(codes),
        "reasons": ", ".join(codes),
    }


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """What two intervals share, as a part of what they cover together: 1 if equal, 0 if apart.

    Examples
    --------
    >>> overlap((0.0, 2.0), (1.0, 3.0))
    0.3333333333333333
    """
    if not np.isfinite([*one, *other]).all():
        return float("nan")
    shared = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    together = max(one[1], other[1]) - min(one[0], other[0])
    return shared / together if together > 0 else 1.0


def _too_narrow(label: str, reml: RemlSide, limits: tuple[float, float], ci_prob: float) -> bool:
    """Whether ``estimate +- z se`` is shorter than the t interval or the posterior's by more than a little."""
    z = normal_quantile(0.5 + ci_prob / 2.0)
    if label in reml.df and t_quantile(0.5 + ci_prob / 2.0, reml.df[label]) > NARROW_T * z:
        return True
    width = 2.0 * z * reml.se.get(label, np.nan)
    return bool(limits[1] - limits[0] > NARROW_POSTERIOR * width)


def _error_of_median(values: Array, shape: tuple[int, int], ancestor: Index | None = None) -> float:
    """Monte Carlo standard error of the median; infinite where so few draws cannot tell.

    For copies of independent weighted draws, half the distance between the quantiles at
    ``1/2 -+ 1/(2 sqrt(ESS))``, one standard error on either side, with the ESS of being below the median.
    """
    if values.size < 4 or (ancestor is None and shape[1] < 4):
        return float("inf")
    if np.ptp(values) == 0.0:
        return 0.0
    if ancestor is not None:
        below = (values.ravel() <= np.median(values)).astype(float)
        copies = np.unique(ancestor, return_inverse=True)[1].ravel()
        half = 0.5 / np.sqrt(max(effective_size(below, copies), 1.0))
        low, high = np.quantile(values, [0.5 - half, 0.5 + half])
        return float(high - low) / 2.0
    from arviz_stats.base import array_stats

    error = array_stats.mcse(values.reshape(shape), method="median", chain_axis=0, draw_axis=1)
    return float(error) if np.isfinite(error) else float("inf")


def _prior_texts(fit: "Fit") -> dict[str, str]:
    texts, corr = fit.model.priors.texts(), fit.model.names.corr
    return texts | {label: texts[corr] for label in fit.scalars() if label.startswith(f"{corr}[")}
