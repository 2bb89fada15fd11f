"""Pictures of a REML fit as its methods."""

from typing import TYPE_CHECKING, Any, cast

from bayesmixed.reml.estimates import Estimates

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

    from bayesmixed.reml.fit import RemlFit


class PicturesOfReml(Estimates):
    """What `bayesmixed.report.plots` draws of a REML fit; each takes the options of the function of that name."""

    @property
    def _self(self) -> "RemlFit":
        return cast("RemlFit", self)

    def plot_data(self, **options: Any) -> "Axes":
        """The rows by group, with the lines of the groups and of the population."""
        from bayesmixed.report.plots.rows import plot_data

        return plot_data(self._self, **options)

    def plot_lattice(self, **options: Any) -> "np.ndarray":
        """One panel a group: its rows, its own line, the shrunken line and the population's."""
        from bayesmixed.report.plots.lattice import plot_lattice

        return plot_lattice(self._self, **options)

    def plot_shrinkage(self, **options: Any) -> "np.ndarray":
        """Lines of the groups without pooling, and beside them those of the model."""
        from bayesmixed.report.plots.lattice import plot_shrinkage

        return plot_shrinkage(self._self, **options)

    def plot_random_effects(self, **options: Any) -> "np.ndarray":
        """Conditional modes of every group with their intervals, beside the estimate of that group alone."""
        from bayesmixed.report.plots.groups import plot_random_effects

        return plot_random_effects(self._self, **options)

    def plot_ellipse(self, first: str | None = None, second: str | None = None, **options: Any) -> "Axes":
        """Two random effects of every group, with contours of N(0, G) and arrows of shrinkage."""
        from bayesmixed.report.plots.ellipse import plot_ellipse

        return plot_ellipse(self._self, first, second, **options)

    def plot_profile(self, *names: str, **options: Any) -> "np.ndarray":
        """Profile of the ML deviance, also of a REML fit; of the REML criterion by ``method="profile-reml"``."""
        from bayesmixed.report.plots.profile import plot_profile

        return plot_profile(self._self, *names, **options)

    def plot_variance_partition(self, **options: Any) -> "Axes":
        """Shares of the variance of predictors, groups and residual."""
        from bayesmixed.report.plots.partition import plot_variance_partition

        return plot_variance_partition(self._self, **options)

    def plot_icc(self, **options: Any) -> "Axes":
        """ICC(t) at the estimates, with the band of an interval; for models with a random slope."""
        from bayesmixed.report.plots.correlation import plot_reml_icc

        return plot_reml_icc(self._self, **options)

    def plot_correlation(self, at: Any = None, **options: Any) -> "Axes":
        """Heat map of `correlation`: how alike two rows of one group are, by where they are."""
        from bayesmixed.report.plots.correlation import plot_correlation

        return plot_correlation(self._self, at, **options)

    def plot_V(self, group: Any = None, **options: Any) -> "Axes":
        """Heat map of the covariance matrix of the rows of one group, or of several."""
        from bayesmixed.report.plots.matrices import plot_V

        return plot_V(self._self, group, **options)

    def plot_Z(self, groups: Any = None, **options: Any) -> "Axes":
        """Heat map of the rows of Z of a few groups."""
        from bayesmixed.report.plots.matrices import plot_Z

        return plot_Z(self._self, groups, **options)

    def plot_G(self, **options: Any) -> "Axes":
        """Heat map of the correlations of random effects, with their sd."""
        from bayesmixed.report.plots.matrices import plot_G

        return plot_G(self._self, **options)
