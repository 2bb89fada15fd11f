"""One planned study: its table, its truth, and how its data sets are analysed."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.arguments import check_choice, check_probability
from bayesmixed.errors import DesignError
from bayesmixed.formula import parse_formula
from bayesmixed.parallel import check_cores
from bayesmixed.parameters import find_name
from bayesmixed.planning.layout import planned_table
from bayesmixed.planning.trials import Outcome, Trials
from bayesmixed.planning.truth import truth_of
from bayesmixed.seeds import generator

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.model import MixedModel

METHODS = ("reml", "posterior")


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is done with every data set; see `power`."""

    method: str
    alpha: float
    margin: float | None
    priors: Any
    draws: int
    replications: int
    cores: int | None

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS, DesignError)
        check_probability("alpha", self.alpha, DesignError)
        if self.margin is not None and not (isinstance(self.margin, Real) and np.isfinite(self.margin)):
            raise DesignError(f"margin must be a number, in units of y, not {self.margin!r}")
        if self.priors is not None and self.method == "reml":
            raise DesignError("REML has no priors: with priors= say method='posterior'")
        check_cores(self.cores)
        for name, value in (("replications", self.replications), ("draws", self.draws)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise DesignError(f"{name} must be a whole number of at least 1, not {value!r}")

    @property
    def claim(self) -> str:
        """What counts as finding the effect."""
        kind = "REML, Kenward-Roger" if self.method == "reml" else "posterior"
        what = "excludes 0" if self.margin is None else f"lies above {self.margin:g}"
        return f"the {100 * (1 - self.alpha):g} % interval ({kind}) {what}"

    def found(self, outcome: Outcome) -> np.ndarray:
        """In which data sets the effect is found."""
        if self.margin is not None:
            return outcome.lower > self.margin
        return (outcome.lower > 0.0) | (outcome.upper < 0.0)


def wilson(found: int, count: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval of a share, doi:10.1080/01621459.1927.10502953."""
    if not count:
        return float("nan"), float("nan")
    share, extra = found / count, z**2 / count
    middle, half = share + extra / 2, z * np.sqrt(share * (1 - share) / count + extra / (4 * count))
    return max(0.0, (middle - half) / (1 + extra)), min(1.0, (middle + half) / (1 + extra))


@dataclass(frozen=True, eq=False)
class Study:
    """A table of predictors with the truth of every data set, and what is done with them."""

    formula: str
    table: "pd.DataFrame"
    trials: Trials
    analysis: Analysis

    @property
    def layout(self) -> dict[str, Any]:
        """``groups`` and ``n``, the mean number of rows of a group."""
        design = self.trials.model.design
        n = design.n_obs / design.n_groups
        return {"groups": design.n_groups, "n": int(n) if n == int(n) else n}

    def outcomes(self) -> Iterator[Outcome]:
        """Intervals of the effect, batch by batch."""
        if self.analysis.method == "reml":
            return self.trials.by_reml()
        return self.trials.by_posterior(self._typical(), self.analysis.draws)

    def shares(self, quantity: str, outcomes: list[Outcome]) -> dict[str, Any]:
        """The row of a table: how often the effect was found, and how sure that is."""
        kept = ~np.concatenate([outcome.failed for outcome in outcomes])
        found = np.concatenate([self.analysis.found(outcome) for outcome in outcomes])[kept]
        singular = np.concatenate([outcome.singular for outcome in outcomes])[kept]
        lower, upper = wilson(int(found.sum()), len(found))
        reml = self.analysis.method == "reml"
        return {
            quantity: float(found.mean()) if len(found) else float("nan"),
            "lower": lower,
            "upper": upper,
            "replications": len(found),
            "singular": float(singular.mean()) if reml and len(found) else float("nan"),
            "failed": int((~kept).sum()),
        }

    def _typical(self) -> "MixedModel":
        """The model whose priors all data sets share, of the simulated data set of median spread."""
        y = self.trials.responses(self.trials.batches[0])
        middle = np.argsort(y.std(axis=1), kind="stable")[len(y) // 2]
        return _model(self.formula, self.table, y[middle], self.analysis.priors)


def planned(
    formula: str,
    groups: Any,
    n: Any,
    effects: Any,
    term: str,
    options: dict[str, Any],
    analysis: Analysis,
    seed: np.random.SeedSequence,
) -> Study:
    """The study of one combination of groups, n and sd; see `bayesmixed.power`."""
    _check_response(formula)
    table = _table(formula, groups, n, options)
    # What is drawn takes the place of this response.
    model = _model(formula, table, np.random.default_rng(0).standard_normal(len(table)))
    count = analysis.replications
    rng = generator(seed, 2 * count + 1)  # replications and their refits have the others
    truth = truth_of(model, effects, options["sd"], options["icc"], options["sigma"], count, rng)
    trials = Trials(model, truth, _column(model, term), analysis.alpha, seed, analysis.cores)
    return Study(formula, table, trials, analysis)


def _column(model: "MixedModel", term: str) -> int:
    labels = [label for parameter in model.names.fixed for label in parameter.labels]
    columns = [column for parameter in model.names.fixed for column in parameter.columns]
    found = find_name(term, labels)
    if found is None:
        raise DesignError(f"no coefficient {term!r}; there are {', '.join(labels)}")
    return columns[labels.index(found)]


def _table(formula: str, groups: Any, n: Any, options: dict[str, Any]) -> "pd.DataFrame":
    """Predictors and groups, as planned or as given."""
    from bayesmixed.table import model_frame

    if options["design"] is None:
        return planned_table(formula, groups, n, options["between"], options["within"])
    specification = parse_formula(formula)
    columns = [name for name in specification.columns if name != specification.response_name]
    return model_frame(options["design"], columns, labels=specification.only_groups)[0]


def _model(formula: str, table: "pd.DataFrame", y: np.ndarray, priors: Any = None) -> "MixedModel":
    from bayesmixed.model import MixedModel

    name = parse_formula(formula).response_name
    return MixedModel(formula, table.assign(**{name: y}), priors=priors)


def _check_response(formula: str) -> None:
    specification = parse_formula(formula)
    if specification.response_name not in specification.columns:
        raise DesignError(
            f"the response {specification.response_name!r} is a transformation: plan for a plain column instead"
        )
