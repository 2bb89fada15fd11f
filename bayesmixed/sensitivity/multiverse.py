"""The same model under other priors and on other rows: where the effect, the sd and the ICC move to."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.arrays import Array
from bayesmixed.engines.many import CHAINS, fit_many
from bayesmixed.errors import BayesmixedError, BayesmixedWarning, SamplingError
from bayesmixed.priors.request import Priors
from bayesmixed.quantities.by_label import coefficients_by_label, covariance_by_label, icc_by_label
from bayesmixed.reml.resampling.bootstrap import progress
from bayesmixed.seeds import child_seed, seed_sequence
from bayesmixed.sensitivity.subsets import Rows, subsets_of_rows

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

#: Analyses that are fitted at once, between two steps of the progress bar.
BATCH = 8


@dataclass(frozen=True, eq=False)
class Multiverse:
    """Posteriors of one model under combinations of priors and rows.

    Parameters
    ----------
    model : MixedModel
    table : pandas.DataFrame
        One row a quantity of an analysis: ``analysis`` (counted from 0), ``priors``, ``rows``, ``n_rows``,
        ``quantity``, posterior ``mean, median, sd, lower, upper``, ``reml`` (of the same rows; nan where
        REML has none), ``engine`` and ``k_hat`` (nan where NUTS took over).
    fits : tuple of Fit
        By analysis.
    ci_prob : float
        Of the equal-tailed intervals ``lower`` to ``upper``.
    """

    model: "MixedModel"
    table: "pd.DataFrame"
    fits: "tuple[Fit, ...]" = field(repr=False)
    ci_prob: float = 0.95

    def __repr__(self) -> str:
        first = self.table.drop_duplicates("analysis")
        return (
            f"Multiverse({len(first)} analyses: {first['priors'].nunique()} priors x {first['rows'].nunique()} "
            f"sets of rows, {self.table['quantity'].nunique()} quantities)"
        )

    def ranges(self) -> "pd.DataFrame":
        """How far each quantity moves: smallest and largest median, and the span in sd of the first analysis."""
        import pandas as pd

        by = self.table.groupby("quantity", sort=False)
        first = by[["median", "sd"]].first()
        columns = {"first": first["median"], "smallest": by["median"].min(), "largest": by["median"].max()}
        found = pd.DataFrame(columns)
        return found.assign(span=(found["largest"] - found["smallest"]) / first["sd"])

    def plot(self, quantities: Sequence[str] | None = None, order: str = "given", axes: Any = None) -> np.ndarray:
        """One line an analysis, one panel a quantity; see ``bayesmixed.report.plots.multiverse``."""
        from bayesmixed.report.plots.multiverse import plot_multiverse

        return plot_multiverse(self, quantities, order, axes)


class _Analysis(NamedTuple):
    priors: str
    rows: str
    model: "MixedModel"


def multiverse(
    model: "MixedModel",
    priors: Sequence[Any] | Mapping[str, Any] | None = None,
    rows: Rows = None,
    *,
    resolve: str = "once",
    draws: int = 1000,
    ci_prob: float = 0.95,
    random_seed: Any = None,
    cores: int | None = None,
    progressbar: bool = True,
) -> Multiverse:
    """Fit a model again under every combination of priors and rows, by importance sampling.

    Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), doi:10.1177/1745691616658637.

    Parameters
    ----------
    model : MixedModel
    priors : sequence or mapping of str to priors, optional
        Each as for `MixedModel`: a preset's name, a dict by parameter, or `Priors`; a mapping labels them.
        By default those of the model alone.
    rows : optional
        Subsets beside all rows, which always come first: a mapping of labels to subsets, a list of subsets, or
        one. A subset is a mask (N,) over the used rows (``model.design.frame``), a callable that takes that table
        and gives a mask, or a query such as ``"Days >= 2"``. ``"each group left out"`` stands for J subsets.
    resolve : {"once", "each"}
        Numbers that a preset takes from data are taken once, from all rows, and stay; or from each subset.
    draws : int
        Of each analysis, a multiple of 4.
    ci_prob : float
    random_seed : int, SeedSequence or Generator, optional
        The same seed gives the same numbers, on any number of cores.
    cores : int, optional
    progressbar : bool
        On standard error.

    Returns
    -------
    Multiverse

    Raises
    ------
    SamplingError
        A subset is no mask, has no rows, or does not have all columns of the model.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (1 | Subject)", bm.load_dataset("sleepstudy"))
    >>> found = bm.multiverse(
    ...     model, priors=["default", "brms"], rows=["Days >= 2"], draws=400, random_seed=1, progressbar=False
    ... )
    >>> found
    Multiverse(4 analyses: 2 priors x 2 sets of rows, 5 quantities)
    """
    import pandas as pd

    _check(model, resolve, ci_prob)
    analyses = _analyses(model, _labelled_priors(model, priors), subsets_of_rows(model, rows), resolve)
    fits = _fits([one.model for one in analyses], draws, random_seed, cores, progressbar)
    reml: dict[str, dict[str, float]] = {}
    table = []
    for k, (one, fit) in enumerate(zip(analyses, fits, strict=True)):
        if one.rows not in reml:
            reml[one.rows] = _reml(one.model)
        for label, values in _quantities(fit).items():
            lower, median, upper = np.quantile(values, [(1 - ci_prob) / 2, 0.5, (1 + ci_prob) / 2])
            table.append(
                {
                    "analysis": k,
                    "priors": one.priors,
                    "rows": one.rows,
                    "n_rows": one.model.design.n_obs,
                    "quantity": label,
                    "mean": values.mean(),
                    "median": median,
                    "sd": values.std(ddof=1),
                    "lower": lower,
                    "upper": upper,
                    "reml": reml[one.rows].get(label, np.nan),
                    "engine": fit.idata.attrs["engine"],
                    "k_hat": _k_hat(fit),
                }
            )
    return Multiverse(model, pd.DataFrame(table), tuple(fits), ci_prob)


def _check(model: Any, resolve: str, ci_prob: float) -> None:
    from bayesmixed.model import MixedModel

    if not isinstance(model, MixedModel):
        raise SamplingError(f"multiverse takes a MixedModel, not {type(model).__name__}")
    if model.design.streamed is not None:
        raise SamplingError("the rows of this table were not kept: build the model from a table in memory")
    check_choice("resolve", resolve, ("once", "each"), SamplingError)
    check_probability("ci_prob", ci_prob, SamplingError)


def _labelled_priors(model: "MixedModel", priors: Any) -> dict[str, Priors]:
    if priors is None:
        return {_label_of(model._request): model._request}
    if isinstance(priors, str | Priors):
        priors = [priors]
    if not isinstance(priors, Mapping | Sequence) or not len(priors):
        raise SamplingError(
            f"priors must be several, such as ['default', 'brms'], or a dict of them by label, not {priors!r}"
        )
    if isinstance(priors, Mapping):
        return {str(label): Priors.of(own) for label, own in priors.items()}
    requests = [Priors.of(own) for own in priors]
    labels = [_label_of(request) for request in requests]
    if len(set(labels)) < len(labels):
        raise SamplingError("priors must be different ones; label them by a dict to tell them apart")
    return dict(zip(labels, requests, strict=True))


def _label_of(request: Priors) -> str:
    """``default``, ``icc(alpha=2, beta=8)`` or ``default, sigma: Exponential(lam=1)``."""
    numbers = ", ".join(f"{name}={value:g}" for name, value in request.options.items() if value is not None)
    given = "".join(f", {name}: {own}" for name, own in request.given.items())
    return (f"{request.preset}({numbers})" if numbers else request.preset) + given


def _analyses(
    model: "MixedModel", priors: dict[str, Priors], subsets: dict[str, NDArray[np.bool_]], resolve: str
) -> list[_Analysis]:
    found = []
    for name, request in priors.items():
        whole = _on(model, np.ones(model.design.n_obs, dtype=bool), priors=request)
        for label, mask in subsets.items():
            try:
                if mask.all():
                    own = whole
                elif resolve == "once":
                    own = _on(model, mask)
                    own._resolved = whole.priors.resolved
                else:
                    own = _on(model, mask, priors=request)
            except BayesmixedError as error:
                raise SamplingError(f"rows {label!r}: {error}") from error
            if own.design.fixed_labels != model.design.fixed_labels:
                lost = sorted(set(model.design.fixed_labels) - set(own.design.fixed_labels))
                raise SamplingError(f"rows {label!r} lose coefficients: {', '.join(lost)}")
            found.append(_Analysis(name, label, own))
    return found


def _on(model: "MixedModel", mask: NDArray[np.bool_], priors: Any = None) -> "MixedModel":
    """The model on some of its rows."""
    from bayesmixed.model import MixedModel

    design = model.design
    return MixedModel(
        design.specification.formula,
        design.frame[mask].reset_index(drop=True),
        priors=priors,
        weights=design.weights_name,
        functions=model._functions,
    )


def _fits(models: "list[MixedModel]", draws: int, random_seed: Any, cores: Any, progressbar: bool) -> "list[Fit]":
    seed = seed_sequence(random_seed)
    starts = range(0, len(models), BATCH)

    def batch(start: int) -> "list[Fit]":
        return fit_many(models[start : start + BATCH], draws, child_seed(seed, start), cores)

    with warnings.catch_warnings():  # one at the end says it of all
        warnings.simplefilter("ignore", BayesmixedWarning)
        parts = list(progress((batch(start) for start in starts), len(starts), progressbar))
    fits = [fit for part in parts for fit in part]
    by_nuts = sum(fit.idata.attrs["engine"] != "importance" for fit in fits)
    if by_nuts:
        warnings.warn(
            f"{by_nuts} of {len(fits)} analyses have importance weights with k-hat > 0.7: their draws are those "
            f"of NUTS instead ({CHAINS} chains)",
            BayesmixedWarning,
            stacklevel=3,
        )
    return fits


def _quantities(fit: "Fit") -> dict[str, Array]:
    """Draws of every free number and of the ICC by label."""
    found = {label: values.ravel() for label, values in fit.scalars().items()}
    return found | icc_by_label(fit.model.design, fit.covariance)


def _k_hat(fit: "Fit") -> float:
    statistics = fit.statistics
    return float("nan") if statistics is None else float(statistics.attrs.get("k_hat", np.nan))


def _reml(model: "MixedModel") -> dict[str, float]:
    """REML estimates by the same labels; none where REML does not exist."""
    try:
        fit = model.reml()
        if not fit.converged:
            return {}
        covariance = fit.covariance
        found = coefficients_by_label(model.names, fit.beta)
        found |= covariance_by_label(model.design, model.names, covariance)
        found |= icc_by_label(model.design, covariance)
    except BayesmixedError:
        return {}
    return {label: float(value) for label, value in found.items()}
