"""Random effects of every group, and how far pooling moved them."""

from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.quantiles import normal_quantile
from bayesmixed.summary import describe_each, interval_names

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.coding import CodedMoments
    from bayesmixed.design import Design
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel
    from bayesmixed.reml.estimates import Estimates


def random_effects_table(fit: "Fit", ci_prob: float, ci_kind: str) -> "pd.DataFrame":
    """Posterior of b by group and term; normal intervals from exact moments where draws were not kept."""
    alone = no_pooling(fit.model, fit.beta.mean(axis=0))
    if fit.has_effects:
        columns = describe_each(fit.effects, ci_prob, ci_kind)
    else:
        columns = _from_moments(fit, ci_prob, ci_kind)
    return _table(fit.model.design, columns, alone)


def reml_effects_table(fit: "Estimates") -> "pd.DataFrame":
    """Conditional modes (BLUPs), the square roots of their conditional variances, and their standard errors."""
    from bayesmixed.reml.diagnostics.prediction import effect_prediction_se

    mode, variance = fit.effects
    columns = {"mode": mode, "sd": np.sqrt(np.diagonal(variance, axis1=1, axis2=2))}
    columns["prediction_se"] = effect_prediction_se(fit)
    return _table(fit.design, columns, no_pooling_of(fit.coded, fit.beta))


def no_pooling(model: "MixedModel", beta: Array) -> Array:
    """Least-squares random effects of each group's rows alone, (J, q), given the coefficients."""
    return no_pooling_of(model.coded, beta)


def no_pooling_of(coded: "CodedMoments", beta: Array) -> Array:
    """``(Z'WZ)^-1 Z'W (y - X beta)`` group by group; nan where a group's rows do not determine it."""
    moments = coded.moments
    residual = moments.Rza[:, :, -1] - moments.Rza[:, :, :-1] @ (coded.fixed.matrix @ beta - coded.shift)
    size = np.linalg.norm(moments.Rzz, ord=2, axis=(1, 2))
    smallest = np.linalg.svd(moments.Rzz, compute_uv=False)[:, -1]
    known = smallest > 1e-8 * np.maximum(size, 1e-300)
    result = np.full(residual.shape, np.nan)
    if known.any():
        own = np.linalg.solve(moments.Rzz[known], residual[known][..., None])[..., 0]
        result[known] = own @ coded.T_inverse.T
    return result


def _from_moments(fit: "Fit", ci_prob: float, ci_kind: str) -> dict[str, Array]:

    mean, sd = fit.effect_moments
    lower, upper = interval_names(ci_prob, ci_kind)
    half = normal_quantile(0.5 + ci_prob / 2.0) * sd
    return {"mean": mean, "sd": sd, "median": mean, lower: mean - half, upper: mean + half}


def _table(design: "Design", columns: dict[str, Array], alone: Array) -> "pd.DataFrame":
    import pandas as pd

    centre = columns["mode"] if "mode" in columns else columns["mean"]
    with np.errstate(divide="ignore", invalid="ignore"):
        shrinkage = np.where(alone != 0, 1.0 - centre / alone, np.nan)
    columns = columns | {"no_pooling": alone, "shrinkage": shrinkage}
    index = pd.MultiIndex.from_product(
        [design.levels, design.random_labels],
        names=["group" if design.factor_name == "term" else design.factor_name, "term"],
    )
    return pd.DataFrame({name: values.reshape(-1) for name, values in columns.items()}, index=index)
