"""A fit written up: its page, the tables of the page, and the words of a methods section."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bayesmixed.errors import BayesmixedError
from bayesmixed.fit.draws import FitDraws

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.checks.replicated import ReplicatedStatistics
    from bayesmixed.fit import Fit
    from bayesmixed.report.tables import Tables


class Reports(FitDraws):
    """What goes to a colleague, a reviewer or a journal."""

    def report(self, path: str | Path) -> None:
        """Write one self-contained HTML page with every table and picture; it asks the network for nothing."""
        from bayesmixed.report.page import write_report

        write_report(cast("Fit", self), path)

    def tables(self) -> "Tables":
        """The tables of the report by name, each as data frame, CSV, Markdown, LaTeX and HTML.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> tables = model.fit(draws=250, random_seed=1, progressbar=False, engine="importance").tables()
        >>> list(tables["icc"].frame.columns)
        ['at', 'mean', 'sd', 'median', '2.5 %', '97.5 %']
        >>> files = tables.save("tables", ["csv", "tex"])  # doctest: +SKIP
        """
        from bayesmixed.report.tables import tables_of

        return tables_of(cast("Fit", self))

    def explain_methods(self) -> str:
        """What was done and how it went, as one paragraph for a methods section, with the numbers of this fit.

        It follows the Bayesian analysis reporting guidelines (Kruschke 2021, doi:10.1038/s41562-021-01177-7) and
        the WAMBS checklist (Depaoli and van de Schoot 2017, doi:10.1037/met0000065);
        ``fit.tables()["methods"]`` says point by point what is left for the author.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"))
        >>> text = model.fit(draws=250, random_seed=1, progressbar=False, engine="importance").explain_methods()
        >>> print(text[:94])
        A linear mixed model of Yield was fitted by Bayesian inference to 30 rows in 6 groups of Batch
        """
        from bayesmixed.report.methods_text import methods_text

        return methods_text(cast("Fit", self))

    @cached_property
    def _predictive_check(self) -> "ReplicatedStatistics | None":
        """The check of the report; None where the rows are gone."""
        from bayesmixed.checks.replicated import replicated_statistics
        from bayesmixed.report.check_contents import replicates_of_report

        design = self.model.design
        if design.streamed is not None:
            return None
        return replicated_statistics(self, draws=replicates_of_report(design.n_obs))

    @cached_property
    def _implied_by_priors(self) -> "pd.DataFrame | str":
        """Quantiles of what the priors imply, or why there are none."""
        try:
            return self.model.priors.implied()
        except BayesmixedError as error:
            return str(error)

    @cached_property
    def _power_scaling(self) -> "pd.DataFrame | str":
        """The sensitivities of the report, or why there are none."""
        from bayesmixed.sensitivity import power_scaling

        try:
            return power_scaling(cast("Fit", self))
        except (BayesmixedError, ValueError, ArithmeticError, KeyError) as error:
            # A report must not fail for want of one table: an odd prior, or too few draws.
            return str(error) or type(error).__name__
