"""Pictures of a fit as its methods."""

from typing import TYPE_CHECKING, Any, cast

from bayesmixed.fit.draws import FitDraws

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    def plot_posterior(self, names: "Sequence[str] | None" = None, **options: Any) -> "PlotCollection":
        """Posterior of each parameter over its prior."""
        plot: PlotCollection = self._plot("plot_posterior", names, **options)
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

    def plot_compare_reml(self, names: "Sequence[str] | None" = None, **options: Any) -> "np.ndarray":
        """REML beside the posterior, interval beside interval."""
        axes: np.ndarray = self._plot("plot_compare_reml", names, **options)
        return axes

    def plot_data(self, **options: Any) -> "Axes":
        """The rows by group, with the lines of the groups and of the population."""
        axes: Axes = self._plot("plot_data", **options)
        return axes

    def plot_lattice(self, **options: Any) -> "np.ndarray":
        """One panel a group: its rows, its own line, the shrunken line and the population's."""
        axes: np.ndarray = self._plot("plot_lattice", **options)
        return axes

    def plot_shrinkage(self, **options: Any) -> "np.ndarray":
        """Lines of the groups without pooling, and beside them those of the model."""
        axes: np.ndarray = self._plot("plot_shrinkage", **options)
        return axes

    def plot_ellipse(self, first: str | None = None, second: str | None = None, **options: Any) -> "Axes":
        """Two random effects of every group, with contours of N(0, G) and arrows of shrinkage."""
        axes: Axes = self._plot("plot_ellipse", first, second, **options)
        return axes

    def plot_variance_partition(self, **options: Any) -> "Axes":
        """Shares of the variance of predictors, groups and residual, with intervals."""
        axes: Axes = self._plot("plot_variance_partition", **options)
        return axes

    def plot_variance_over(self, variable: str | None = None, **options: Any) -> "Axes":
        """Variance between groups and residual along the variable of a random slope."""
        axes: Axes = self._plot("plot_variance_over", variable, **options)
        return axes

    def plot_V(self, group: Any = None, **options: Any) -> "Axes":
        """Heat map of the covariance matrix of the rows of one group, or of several."""
        axes: Axes = self._plot("plot_V", group, **options)
        return axes

    def plot_Z(self, groups: Any = None, **options: Any) -> "Axes":
        """Heat map of the rows of Z of a few groups."""
        axes: Axes = self._plot("plot_Z", groups, **options)
        return axes

    def plot_G(self, **options: Any) -> "Axes":
        """Heat map of the correlations of random effects, with their sd."""
        axes: Axes = self._plot("plot_G", **options)
        return axes

    def _plot(self, name: str, *arguments: Any, **options: Any) -> Any:
        from bayesmixed.report import plots

        return getattr(plots, name)(self, *arguments, **options)
