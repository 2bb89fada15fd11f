"""Pictures of a fit as its methods."""

from typing import TYPE_CHECKING, Any, cast

from bayesmixed.fit_draws import FitDraws

if TYPE_CHECKING:
    import numpy as np
    from arviz_plots import PlotCollection
    from matplotlib.axes import Axes

    from bayesmixed.fit import Fit


class Pictures(FitDraws):
    """What `bayesmixed.report.plots` draws of a fit; each takes the options of the function of that name."""

    def plot_ppc(self, **options: Any) -> "PlotCollection":
        """The statistics of `check`: of tables drawn from the model (densities), and of the data (lines)."""
        plot: PlotCollection = self._plot("plot_ppc", **options)
        return plot

    def plot_posterior(self, **options: Any) -> "PlotCollection":
        """Posterior of each parameter over its prior."""
        plot: PlotCollection = self._plot("plot_posterior", **options)
        return plot

    def plot_variance_components(self, **options: Any) -> "PlotCollection":
        """Posterior of each sd and of sigma."""
        plot: PlotCollection = self._plot("plot_variance_components", **options)
        return plot

    def plot_icc(self, **options: Any) -> "Axes":
        """The intraclass correlation; where there is a slope, as a curve with a band."""
        axes: Axes = self._plot("plot_icc", **options)
        return axes

    def plot_correlation(self, at: Any = None, **options: Any) -> "Axes":
        """Heat map of `correlation`: how alike two rows of one group are, by where they are."""
        from bayesmixed.report.plots.correlation import plot_correlation

        return plot_correlation(cast("Fit", self), at, **options)

    def plot_random_effects(self, **options: Any) -> "np.ndarray":
        """b of every group with its interval, beside the estimate of that group alone."""
        axes: np.ndarray = self._plot("plot_random_effects", **options)
        return axes

    def plot_compare_reml(self, **options: Any) -> "np.ndarray":
        """REML beside the posterior, interval beside interval."""
        axes: np.ndarray = self._plot("plot_compare_reml", **options)
        return axes

    def plot_data(self, **options: Any) -> "Axes":
        """The rows by group, with the lines of the groups and of the population."""
        axes: Axes = self._plot("plot_data", **options)
        return axes

    def _plot(self, name: str, **options: Any) -> Any:
        from bayesmixed.report import plots

        return getattr(plots, name)(self, **options)
