"""Many models, each with its own table, formula or priors: importance sampling of all of them, on all cores."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.errors import BayesmixedWarning, SamplingError
from bayesmixed.parallel import in_threads
from bayesmixed.seeds import child_seed, seed_sequence

if TYPE_CHECKING:
    from bayesmixed.fit import Fit
    from bayesmixed.model import MixedModel

#: Chains by which the draws of a fit are laid out; NUTS, where it takes over, runs as many.
CHAINS = 4


def fit_many(
    models: "Sequence[MixedModel]",
    draws: int = 1000,
    random_seed: Any = None,
    cores: int | None = None,
    keep_groups: bool | str = False,
) -> "list[Fit]":
    """The posterior of each of many models by importance sampling: groups left out, other priors or formulas.

    Every model is one ``model.fit(engine="importance")`` with a seed of its own. NUTS takes over where importance
    weights have k-hat > 0.7; ``fit.warnings`` and ``fit.idata.attrs["engine"]`` say so, and one warning counts
    them. Where only the response differs, `MixedModel.refit` is faster.

    Parameters
    ----------
    models : sequence of MixedModel
    draws : int
        Of each model, a multiple of 4 (chains).
    random_seed : int, SeedSequence or Generator, optional
        The same seed gives the same draws, on any number of cores; model k has the k-th child of it, whatever
        the other models are.
    cores : int, optional
        Models that are fitted at once; all cores if None.
    keep_groups : {False, True, "auto"}
        Keep draws of b, as for `MixedModel.fit`; exact moments if False.

    Returns
    -------
    list of Fit

    Raises
    ------
    SamplingError
        There are no models, or what is given is none.

    Examples
    --------
    Leave out one batch at a time:

    >>> import bayesmixed as bm
    >>> data = bm.load_dataset("Dyestuff")
    >>> models = [bm.MixedModel("Yield ~ 1 + (1 | Batch)", data[data["Batch"] != batch]) for batch in "ABCDEF"]
    >>> fits = bm.fit_many(models, draws=400, random_seed=1)
    >>> len(fits), fits[0].shape
    (6, (4, 100))
    """
    models = _checked(models, draws)
    seed = seed_sequence(random_seed)

    def fit(k: int) -> "Fit":
        return models[k].fit(
            draws // CHAINS,
            chains=CHAINS,
            cores=1,
            random_seed=child_seed(seed, k),
            progressbar=False,
            engine="importance",
            keep_groups=keep_groups,
        )

    # What a model warns of is in its fit's `warnings`: a thousand models would say it a thousand times.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BayesmixedWarning)
        fits = in_threads(fit, range(len(models)), cores)
    by_nuts = sum(one.idata.attrs["engine"] != "importance" for one in fits)
    if by_nuts:
        warnings.warn(
            f"{by_nuts} of {len(fits)} models have importance weights with k-hat > 0.7: their draws are those of "
            "NUTS instead",
            BayesmixedWarning,
            stacklevel=2,
        )
    return fits


def _checked(models: Any, draws: Any) -> "list[MixedModel]":
    from bayesmixed.model import MixedModel

    found: list[MixedModel] = [models] if isinstance(models, MixedModel) else list(models)
    if not found:
        raise SamplingError("there are no models to fit")
    for k, model in enumerate(found):
        if not isinstance(model, MixedModel):
            raise SamplingError(f"models must be MixedModel objects; number {k} is a {type(model).__name__}")
    if not isinstance(draws, int | np.integer) or isinstance(draws, bool) or draws < CHAINS or draws % CHAINS:
        raise SamplingError(f"draws must be a whole number and a multiple of {CHAINS}, not {draws!r}")
    return found
