"""Pictures of data, fits and checks.

Each function returns what its library returns, so that one can go on: an arviz-plots ``PlotCollection``
(`plot_posterior`, `plot_variance_components`, `plot_ppc`) or matplotlib Axes (the others).
`figure_of` gives the matplotlib figure of either.
"""

from bayesmixed.report.plots.check import plot_ppc
from bayesmixed.report.plots.comparison import plot_compare_reml
from bayesmixed.report.plots.correlation import plot_correlation
from bayesmixed.report.plots.curve import plot_icc
from bayesmixed.report.plots.ellipse import plot_ellipse
from bayesmixed.report.plots.groups import plot_random_effects
from bayesmixed.report.plots.implied import plot_priors
from bayesmixed.report.plots.lattice import plot_lattice, plot_shrinkage
from bayesmixed.report.plots.marginals import plot_posterior, plot_variance_components
from bayesmixed.report.plots.matrices import plot_G, plot_V, plot_Z
from bayesmixed.report.plots.partition import plot_variance_over, plot_variance_partition
from bayesmixed.report.plots.profile import plot_profile
from bayesmixed.report.plots.rows import plot_data
from bayesmixed.report.plots.style import figure_of

__all__ = [
    "figure_of",
    "plot_G",
    "plot_V",
    "plot_Z",
    "plot_compare_reml",
    "plot_correlation",
    "plot_data",
    "plot_ellipse",
    "plot_icc",
    "plot_lattice",
    "plot_posterior",
    "plot_ppc",
    "plot_priors",
    "plot_profile",
    "plot_random_effects",
    "plot_shrinkage",
    "plot_variance_components",
    "plot_variance_over",
    "plot_variance_partition",
]
