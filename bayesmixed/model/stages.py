"""What a model is made into: moments, priors, the marginal kernel, its maximum, a PyMC graph."""

from functools import cached_property
from typing import TYPE_CHECKING

from bayesmixed.arguments import check_choice
from bayesmixed.coding import CodedMoments
from bayesmixed.design import Design
from bayesmixed.errors import DesignError, RemlError
from bayesmixed.model.checks import few_groups
from bayesmixed.moments import Moments
from bayesmixed.parameters import ParameterNames
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.presets import resolve_priors
from bayesmixed.priors.request import Priors
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.priors.shown import ModelPriors
from bayesmixed.units import Units

if TYPE_CHECKING:
    import pymc as pm

    from bayesmixed.reml import RemlFit


class ModelStages:
    """The stages of a `MixedModel` behind its design, each computed when it is asked for."""

    design: Design
    units: Units
    _request: Priors
    _resolved: ResolvedPriors | None

    @cached_property
    def names(self) -> ParameterNames:
        """Names, dimensions and coordinates of every parameter."""
        return ParameterNames.of(self.design)

    @cached_property
    def coded(self) -> CodedMoments:
        """Moments in centred and scaled columns, and the way back."""
        return CodedMoments.of(self.design)

    @cached_property
    def moments(self) -> Moments:
        """The sufficient statistics of the rows, and what they belong to; see `Moments.save`."""
        from bayesmixed.streaming.build import with_header

        return with_header(self.design, self.coded)

    @cached_property
    def priors(self) -> ModelPriors:
        """The priors in use; prints what every number means. ``priors.resolved`` has the numbers."""
        if self._resolved is None:
            self._resolved = resolve_priors(self._request, self.design)
        return ModelPriors(self._resolved, self.names, self.units, self.design)

    @cached_property
    def posterior(self) -> MarginalPosterior:
        """The kernel in the coding of the priors."""
        return MarginalPosterior.of(self.coded, self.priors.resolved, self.names)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of any result of this model should know."""
        return (*self.design.warnings, *self.priors.warnings, *few_groups(self.design))

    def reml(self, method: str = "REML") -> "RemlFit":
        """Fit by REML, or by ML with ``method="ML"``; see `RemlFit`."""
        check_choice("method", method, ("REML", "ML"), RemlError)
        if method not in self._reml:
            from bayesmixed.reml import fit_reml

            self._reml[method] = fit_reml(self.design, self.coded, method, self.units)
        return self._reml[method]

    @cached_property
    def _reml(self) -> dict[str, "RemlFit"]:
        return {}

    def to_pymc(self, graph: str = "marginal", parametrisation: str = "noncentered") -> "pm.Model":
        """The model as a PyMC graph, usable with ``pm.sample``.

        Parameters
        ----------
        graph : {"marginal", "hierarchical"}
            ``marginal``: b, and every coefficient with a normal, Student-t or flat prior, integrated out.
            ``hierarchical``: all explicit.
        parametrisation : {"noncentered", "centered"}
            Of b in the hierarchical graph.
        """
        from bayesmixed.graph import hierarchical_graph, marginal_graph

        check_choice("graph", graph, ("marginal", "hierarchical"), DesignError)
        if graph == "marginal":
            return marginal_graph(self.design, self.posterior, self.names)
        return hierarchical_graph(self.design, self.priors.resolved, self.names, parametrisation)
