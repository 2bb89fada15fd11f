"""Prediction of rows: for groups that were observed, for new ones, and for the population."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.errors import PredictionError
from bayesmixed.parameters import CovarianceParameters, stored_name
from bayesmixed.prediction.groups import effects_of_groups
from bayesmixed.prediction.rows import index_of, levels_of, observed_groups, rows_of, weights_to_predict
from bayesmixed.priors.draws import draw_priors
from bayesmixed.seeds import seed_sequence
from bayesmixed.simulation import simulate_response
from bayesmixed.summary import describe_each

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayesmixed.design import NewRows
    from bayesmixed.fit.draws import FitDraws
    from bayesmixed.model import MixedModel

TARGETS = ("observed", "new", "population")
KINDS = ("mean", "response")
#: Numbers (draws x rows) that predictive draws may hold at once.
LIMIT = 50_000_000
#: Numbers of one block of replicates.
BLOCK = 2_000_000


def predict_posterior(
    fit: "FitDraws",
    rows: Any = None,
    groups: str = "observed",
    kind: str = "mean",
    ci_prob: float = 0.95,
    ci_kind: str = "eti",
    random_seed: Any = 0,
) -> "pd.DataFrame":
    """Posterior of the mean of rows, or of their next measurement, under one of three meanings of "group".

    With x and z a row's columns, and everything that is not given integrated over its posterior:

    ==============  ===============================  =====================================================
    ``groups``      mean                             integrates over
    ==============  ===============================  =====================================================
    ``observed``    ``x'beta + z'b_i + offset``      beta and b_i of the row's own group, jointly
    ``new``         ``x'beta + z'b + offset``        beta, and ``b ~ N(0, G)`` of a group not seen yet, with G
    ``population``  ``x'beta + offset``              beta: the mean at b = 0, of no group in particular
    ==============  ===============================  =====================================================

    ``kind="response"`` adds noise ``N(0, sigma^2 / w)``, with sigma of the same draw.

    Parameters
    ----------
    fit : Fit
        Draws of b need not have been kept: those of the groups that are asked for are drawn again, exactly.
    rows : table, optional
        New rows; by default those of the model.
    groups : {"observed", "new", "population"}
        ``observed``: an unseen level is an error. ``new``: rows with the same level (all rows, where the table has
        no grouping column) share one b, those of different levels have b independent given G; rows with a missing
        grouping value are of one unnamed group. ``population``: the grouping column is not looked at.
    kind : {"mean", "response"}
        w is the model's column of weights where the rows have it, else 1. An offset must be among the rows.
    ci_prob, ci_kind :
        As in `Fit.summary`.
    random_seed : int, SeedSequence or Generator

    Returns
    -------
    pandas.DataFrame
        mean, sd, median and interval, one row a row, in units of y. The index is that of a pandas table
        of rows; without `rows` it is the position of each used row in the table of the model. `predictive_draws`
        has the draws, for what is joint: the difference of two rows of one new group, say.

    Raises
    ------
    PredictionError
        A predictor is missing, a level was not observed, or there are too many rows for the draws at once.

    Examples
    --------
    >>> import bayesmixed as bm
    >>> model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    >>> fit = model.fit(random_seed=1, progressbar=False)
    >>> rows = {"Days": [9], "Subject": ["308"]}
    >>> targets = ("population", "observed", "new")
    >>> sd = {target: fit.predict(rows, groups=target)["sd"].item() for target in targets}
    >>> sorted(sd, key=sd.get)
    ['observed', 'population', 'new']
    """
    import pandas as pd

    draws = predictive_draws(fit, rows, groups, kind, random_seed)
    return pd.DataFrame(describe_each(draws, ci_prob, ci_kind), index=index_of(fit.model.design, rows))


def predictive_draws(
    fit: "FitDraws", rows: Any = None, groups: str = "observed", kind: str = "mean", random_seed: Any = 0
) -> Array:
    """Draws behind `predict_posterior`, shape (draws, rows)."""
    _check(groups, kind)
    design = fit.model.design
    new = rows_of(design, rows, groups)
    if len(fit.beta) * len(new.X) > LIMIT:
        raise PredictionError(
            f"{len(new.X)} rows times {len(fit.beta)} draws are too many at once: predict in parts"
        )
    rng = np.random.default_rng(seed_sequence(random_seed))
    mean: Array = fit.beta @ new.X.T + new.offset
    if groups == "observed":
        mean = mean + _observed_group_part(fit, new, rng)
    elif groups == "new":
        mean = mean + _new_group_part(fit, new, levels_of(design, rows), rng)
    if kind == "response":
        sigma = fit.covariance.sigma[:, None] / np.sqrt(weights_to_predict(design, rows))
        mean = mean + sigma * rng.standard_normal(mean.shape)
    return mean


def posterior_mean_of_rows(fit: "FitDraws") -> Array:
    """Posterior mean of ``X beta + Z b + offset``, without draws by rows."""
    return fit.model.design.mean(fit.beta.mean(axis=0), fit.effect_moments[0])


def add_posterior_predictive(fit: "FitDraws", groups: str, draws: int | None, random_seed: Any) -> "xr.DataTree":
    """Replicates of the observed table, of the same groups or of new ones, into ``fit.idata``.

    Without `draws`, all draws are used where that is at most 50 million numbers, else evenly spaced ones. Every
    chain gives as many: `draws` is rounded up to a multiple of the number of chains.
    """
    import xarray as xr

    design = fit.model.design
    values = replicates(fit, groups, draws, np.random.default_rng(seed_sequence(random_seed)))
    dims = ("chain", "draw", "__obs__")
    places = (np.arange(len(values)), _evenly_spaced(fit, draws), np.arange(design.n_obs))
    dataset = xr.Dataset(
        {stored_name(design.response_name): (dims, values)},
        coords=dict(zip(dims, places, strict=True)),
        attrs={"groups": groups},
    )
    fit.idata["posterior_predictive"] = xr.DataTree(dataset)
    return fit.idata


def replicates(fit: "FitDraws", groups: str, draws: int | None, rng: np.random.Generator) -> Array:
    """Replicates of the observed table, shape (chains, draws of each, N), in units of y.

    Parameters
    ----------
    fit : Fit
        Stays as it is.
    groups : {"observed", "new", "population"}
        Replicates of the same groups, of new ones, or with b = 0.
    draws : int or None
        How many, over all chains; see `add_posterior_predictive`.
    rng : numpy.random.Generator
    """
    place = places_of_replicates(fit, groups, draws)
    tables = [y for _, y in blocks_of_replicates(fit, groups, place, rng)]
    return np.concatenate(tables).reshape(fit.shape[0], -1, fit.model.design.n_obs)


def places_of_replicates(fit: "FitDraws", groups: str, draws: int | None) -> np.ndarray:
    """The draws, of all chains one after another, that have a replicate; see `add_posterior_predictive`.

    Raises
    ------
    PredictionError
        An argument makes no sense.
    """
    _check(groups, "response")
    if draws is not None:
        _check_draws(draws)
    chains, n = fit.shape
    places: np.ndarray = (np.arange(chains)[:, None] * n + _evenly_spaced(fit, draws)).ravel()
    return places


def blocks_of_replicates(
    fit: "FitDraws", groups: str, place: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[slice, Array]]:
    """Replicates of the table, some draws at a time, so that they need not all be there at once.

    Parameters
    ----------
    fit : Fit
    groups : {"observed", "new", "population"}
    place : ndarray of int, shape (R,)
        The draws that have a replicate.
    rng : numpy.random.Generator

    Yields
    ------
    (slice, ndarray of shape (length of the slice, N))
        Which of the R draws, and their tables; at most two million numbers, unless one table has more.
    """
    design = fit.model.design
    noise_scale = 1.0 / np.sqrt(design.weights)
    step = max(1, BLOCK // (design.n_obs + design.n_groups * design.q))
    for first in range(0, len(place), step):
        part = slice(first, first + step)
        own = place[part]
        y = design.mean(fit.beta[own], _replicated_effects(fit, groups, own, rng))
        sigma = fit.covariance.sigma[own, None]
        yield part, y + sigma * noise_scale * rng.standard_normal(y.shape)


def _replicated_effects(fit: "FitDraws", groups: str, place: np.ndarray, rng: np.random.Generator) -> Array:
    """b of the groups of a replicate, (draws, J, q)."""
    design = fit.model.design
    shape = (len(place), design.n_groups, design.q)
    if groups == "observed":
        return effects_of_groups(fit, np.arange(design.n_groups), place, rng)
    if groups == "new":
        return rng.standard_normal(shape) @ np.swapaxes(_roots(fit, place), 1, 2)
    return np.zeros(shape)


def _evenly_spaced(fit: "FitDraws", draws: int | None) -> np.ndarray:
    """The draws of each chain that replicates use."""
    chains, n = fit.shape
    wanted = n if draws is None else min(n, -(-draws // chains))
    wanted = max(1, min(wanted, LIMIT // (chains * fit.model.design.n_obs)))
    return np.unique(np.linspace(0, n - 1, wanted).astype(int))


def prior_predictive(model: "MixedModel", draws: int = 500, random_seed: Any = 0) -> "xr.DataTree":
    """Parameters drawn from their priors, and the tables that they would give, for new groups.

    Returns
    -------
    xarray.DataTree
        Groups ``prior`` and ``prior_predictive``, one chain.

    Raises
    ------
    PriorError
        A prior is improper, so that it has no draws.
    """
    import xarray as xr

    from bayesmixed.sampling.draws import parameter_dataset, parameter_variables

    _check_draws(draws)
    design, rng = model.design, np.random.default_rng(seed_sequence(random_seed))
    beta, covariance = draw_priors(model.priors.resolved, model.names, draws, rng)
    y = np.empty((1, draws, design.n_obs))
    for d in range(draws):
        own = CovarianceParameters(covariance.sd[d], covariance.corr[d], covariance.sigma[d])
        y[0, d] = simulate_response(design, beta[d], own, rng)
    shape = (1, draws)
    prior = parameter_dataset(parameter_variables(model.names, beta, covariance, shape), model.names, shape)
    coords = {"chain": np.arange(1), "draw": np.arange(draws), "__obs__": np.arange(design.n_obs)}
    replicate = xr.Dataset({stored_name(design.response_name): (("chain", "draw", "__obs__"), y)}, coords=coords)
    return xr.DataTree.from_dict({"prior": prior, "prior_predictive": replicate})


def _roots(fit: "FitDraws", place: np.ndarray) -> Array:
    """Square roots of G of some draws."""
    eigenvalues, vectors = np.linalg.eigh(fit.covariance.G[place])
    return vectors * np.sqrt(np.maximum(eigenvalues, 0.0))[:, None, :]


def _observed_group_part(fit: "FitDraws", new: "NewRows", rng: np.random.Generator) -> Array:
    """``Z b`` with the draws of b of the rows' own groups."""
    chosen, place = np.unique(observed_groups(fit.model.design, new), return_inverse=True)
    b = effects_of_groups(fit, chosen, np.arange(len(fit.beta)), rng)
    part: Array = np.einsum("drq,rq->dr", b[:, place], new.Z_rows)
    return part


def _new_group_part(fit: "FitDraws", new: "NewRows", levels: np.ndarray | None, rng: np.random.Generator) -> Array:
    """``Z b`` with one ``b ~ N(0, G)`` a draw for each level among the rows."""
    if levels is None:
        levels = np.zeros(len(new.X), dtype=np.intp)
    roots = _roots(fit, np.arange(len(fit.beta)))
    noise = rng.standard_normal((len(roots), levels.max(initial=0) + 1, roots.shape[1]))
    b = np.einsum("dqk,dlk->dlq", roots, noise)
    part: Array = np.einsum("drq,rq->dr", b[:, levels], new.Z_rows)
    return part


def _check(groups: str, kind: str) -> None:
    check_choice("groups", groups, TARGETS, PredictionError)
    check_choice("kind", kind, KINDS, PredictionError)


def _check_draws(draws: Any) -> None:
    if not isinstance(draws, int | np.integer) or isinstance(draws, bool) or draws < 1:
        raise PredictionError(f"draws must be a whole number of at least 1, not {draws!r}")
