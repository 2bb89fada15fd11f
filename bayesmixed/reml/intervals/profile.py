"""Profile likelihood: the criterion with one quantity held and the rest at its best, and where it crosses a cut.

With P(tau) the smallest criterion at which the quantity has the value of tau, and ``zeta = sign sqrt(P - P_min)``,
the limits at probability c are where ``zeta = -+ sqrt(chi2_1 quantile of c)``. zeta is nearly linear, its
derivative is that of the criterion by tau at the best free numbers, and so Newton's method inside a bracket
finds a limit to the last digits in a few minimisations, each begun where the last one ended. Venzon and
Moolgavkar (1988), doi:10.2307/2347496, solve the same equations at once, without the bracket.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.errors import RemlError
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.descent import Optimum, descend
from bayesmixed.reml.intervals.quantities import HeldQuantities, Path
from bayesmixed.reml.optimize import minimise

if TYPE_CHECKING:
    import pandas as pd

    from bayesmixed.reml.estimates import Estimates

#: Further from the estimate than this, in units of sigma, a criterion that is still below the cut has no limit.
FARTHEST = 1e8
#: A difference of criteria that rounding may make.
ROUNDING = 1e-7


class Point(NamedTuple):
    """A point of a profile: free numbers, P - P_min and dP / dtau."""

    tau: float
    u: Array
    increase: float
    slope: float

    @property
    def zeta(self) -> float:
        """Square root of the increase, without its sign."""
        return float(np.sqrt(max(self.increase, 0.0)))


@dataclass(frozen=True, eq=False)
class ProfileLikelihood:
    """Profiles of the ML deviance or of the REML criterion of a model.

    Parameters
    ----------
    fit : Estimates
        Fitted by either method: where it is the other one, the minimum is sought again.
    restricted : bool
        The REML criterion if true, the ML deviance if false.
    """

    fit: "Estimates"
    restricted: bool

    @cached_property
    def criterion(self) -> Criterion:
        own, restricted = self.fit.objective, self.restricted
        return own if own.restricted == restricted else Criterion.of(self.fit.coded, own.blocks, restricted)

    @cached_property
    def optimum(self) -> Optimum:
        """Where the criterion is smallest."""
        return self.fit.optimum if self.criterion is self.fit.objective else minimise(self.criterion)

    @cached_property
    def quantities(self) -> HeldQuantities:
        return HeldQuantities(self.fit, self.criterion, self.optimum.theta)

    def limits(self, path: Path, cut: float) -> tuple[float, float]:
        """Smallest and largest value of a quantity with the criterion no more than `cut` above its minimum.

        Returns
        -------
        tuple of float
            A boundary (0 for an sd or ICC, -1 or 1 for a correlation) where the criterion there does not exceed
            the cut; infinity (for an ICC 1) where it never does.

        Raises
        ------
        RemlError
            The criterion was found to be smaller elsewhere, or has no minimum with the quantity held.
        """
        lower, upper = (_Search(self, path, side, cut).limit() for side in (-1.0, 1.0))
        return lower, upper

    def point(self, path: Path, tau: float, u: Array) -> Point:
        """The profile at tau, descending from u.

        Raises
        ------
        RemlError
            The descent ended where there is no minimum, or lower than at the estimate.
        """
        held = path.held(tau)
        found = descend(held, u)
        settled = path.settled(found.theta)
        if settled is not found.theta:
            found = descend(held, settled)
        where = f"with the quantity held at {path.quantity(tau):g}"
        if not found.converged:
            raise RemlError(f"no minimum of the criterion was found {where}")
        increase = found.value - self.optimum.value
        if increase < -ROUNDING * max(1.0, abs(self.optimum.value)):
            raise RemlError(f"{where} the criterion is {-increase:.2g} lower than at the estimates; distrust them")
        return Point(tau, found.theta, increase, path.slope(tau, found.theta))

    def lowest(self, path: Path, tau: float, starts: list[Array]) -> Point:
        """The lowest of the points of the profile at tau that descents from `starts` lead to."""
        points = []
        for u in starts:
            try:
                points.append(self.point(path, tau, u))
            except RemlError as error:
                failed = error
        if not points:
            raise failed
        return min(points, key=lambda point: point.increase)

    def curve(self, path: Path, values: Array) -> "pd.DataFrame":
        """The profile at values of the quantity: `RemlFit.profile`."""
        import pandas as pd

        taus = np.array([path.tau(float(value)) for value in values])
        increase = np.empty(len(taus))
        for side in (taus >= path.estimate, taus < path.estimate):
            u = path.starts[0]
            for k in sorted(np.flatnonzero(side), key=lambda k: abs(taus[k] - path.estimate)):
                point = self.lowest(path, taus[k], [u, *path.starts[1:]])
                u, increase[k] = point.u, max(point.increase, 0.0)
        zeta = np.sign(taus - path.estimate) * np.sqrt(increase)
        return pd.DataFrame({"value": np.asarray(values, dtype=float), "increase": increase, "zeta": zeta})


@dataclass(frozen=True, eq=False)
class _Search:
    """One limit: a boundary that the cut leaves inside, else the outermost crossing that starts lead to."""

    profile: ProfileLikelihood
    path: Path
    side: float
    cut: float

    @property
    def boundary(self) -> float:
        return self.path.highest if self.side > 0 else self.path.lowest

    @property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.boundary))

    def limit(self) -> float:
        if self.bounded and self._reaches_boundary():
            return self.path.quantity(self.boundary)
        estimate = Point(self.path.estimate, self.path.starts[0], 0.0, 0.0)
        inside, first = estimate, self._first_guess()
        for _ in range(20):
            crossing = self._cross(inside, first)
            if crossing is None:
                return self.path.quantity(self.side * np.inf)
            # Where another descent ends below the cut, the interval goes on.
            other = self.profile.lowest(self.path, crossing.tau, self.path.starts[1:])
            if other.increase > self.cut - 1e-6 * max(1.0, self.cut):
                return self.path.quantity(crossing.tau)
            inside, first = other, self._outward(other.tau)
        raise RemlError("the profile crosses the cut again and again; look at its curve")

    def _reaches_boundary(self) -> bool:
        at_estimate = abs(self.boundary - self.path.estimate) < 1e-9
        return at_estimate or self._lowest(self.boundary).increase <= self.cut

    def _lowest(self, tau: float) -> Point:
        return self.profile.lowest(self.path, tau, self.path.starts)

    def _point(self, tau: float, u: Array) -> Point:
        return self.profile.point(self.path, tau, u)

    def _first_guess(self) -> float:
        """Where a parabola with the profile's curvature at the estimate reaches the cut."""
        tau = self.path.estimate
        near = self.side * 1e-4 * max(abs(tau), 1e-2)
        curvature = self._point(tau + near, self.path.starts[0]).slope / near
        widest = 0.5 * (1.0 + abs(tau))
        step = min(widest, np.sqrt(2.0 * self.cut / curvature)) if curvature > 0 else widest
        return self._within(tau, tau + self.side * step)

    def _outward(self, tau: float) -> float:
        """Further away from the estimate."""
        away = abs(tau - self.path.estimate)
        return self._within(tau, tau + self.side * max(away, 0.1 * (1.0 + abs(tau))))

    def _within(self, inside: float, tau: float) -> float:
        """tau, or half way from inside to the boundary where that is nearer."""
        return tau if self.side * (self.boundary - tau) > 0 else 0.5 * (inside + self.boundary)

    def _cross(self, inside: Point, tau: float) -> Point | None:
        """Newton's method on zeta in a bracket; None where the criterion stays below the cut for ever."""
        target, outside = np.sqrt(self.cut), self.boundary
        for _ in range(200):
            if abs(tau - self.path.estimate) > FARTHEST:
                return None
            # From inside, lest a point of a higher valley outside leads the search along that.
            here = self._point(tau, inside.u)
            if abs(here.zeta - target) <= 1e-11 * target:
                return here
            if here.zeta < target:
                inside = here
            else:
                outside = tau
            if np.isfinite(outside) and abs(outside - inside.tau) <= 1e-13 * max(1e-3, abs(outside)):
                return here
            tau = self._next(here, inside.tau, outside, target)
        raise RemlError("the profile is too rough for its crossing to be found; look at its curve")

    def _next(self, here: Point, inside: float, outside: float, target: float) -> float:
        """Newton's step if within the bracket, else its middle, or twice as far where it has no end."""
        zeta_slope = here.slope / (2.0 * here.zeta) if here.zeta > 0 else 0.0
        if self.side * zeta_slope > 0:
            tau = here.tau + (target - here.zeta) / zeta_slope
            if min(inside, outside) < tau < max(inside, outside):
                farthest = inside + self.side * 4.0 * (0.25 + abs(inside - self.path.estimate))
                return tau if np.isfinite(outside) or self.side * (farthest - tau) > 0 else farthest
        if np.isfinite(outside):
            return 0.5 * (inside + outside)
        return self._outward(inside)
