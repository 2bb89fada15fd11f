"""Pictures of a fit as its methods."""

from typing import TYPE_CHECKING, Any, cast

from bayesmixed.fit_draws import FitDraws

if TYPE_CHECKING:
    from bayesmixed.fit import Fit


class Pictures(FitDraws):
    """What `bayesmixed.report.plots` draws of a fit; each takes the options of the function of that name."""

    def plot_ppc(self, **options: Any):
        """The statistics of `check`: of tables drawn from the model (densities), and of the data (lines)."""
        return self._plot("plot_ppc", **options)

    def plot_posterior(self, **options: Any):
        """Posterior of each parameter over its prior."""
        return self._plot("plot_posterior", **options)

    def plot_variance_components(self, **options: Any):
        """Posterior of each sd and of sigma."""
        return self._plot("plot_variance_components", **options)

    def plot_icc(self, **options: Any):
        """The intraclass correlation; where there is a slope, as a curve with a band."""
        return self._plot("plot_icc", **options)

    def plot_correlation(self, at: Any = None, **options: Any):
        """Heat map of `correlation`: how alike two rows of one group are, by where they are."""
        from bayesmixed.report.plots.correlation import plot_correlation

        return plot_correlation(cast("Fit", self), at, **options)

    def plot_random_effects(self, **options: Any):
        """b of every group with its interval, beside the estimate of that group alone."""
        return self._plot("plot_random_effects", **options)

    def plot_compare_reml(self, **options: Any):
        """REML beside the posterior, interval beside interval."""
        return self._plot("plot_compare_reml", **options)

    def plot_data(self, **options: Any):
        """The rows by group, with the lines of the groups and of the population."""
        return self._plot("plot_data", **options)

    def _plot(self, name: str, **options: Any):
        from bayesmixed.report import plots

        return getattr(plots, name)(self, **options)
