"""The numbers of a (restricted) maximum likelihood fit, in the user's coding."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bayesmixed.arguments import check_choice
from bayesmixed.arrays import Array
from bayesmixed.coding import CodedMoments
from bayesmixed.effects.exact_draws import conditional_effects
from bayesmixed.errors import RemlError
from bayesmixed.moments.triangles import Triangles, coded_columns
from bayesmixed.parameters import CovarianceParameters, ParameterNames
from bayesmixed.reml.criterion import Criterion
from bayesmixed.reml.derivatives import Derivatives
from bayesmixed.reml.descent import Optimum
from bayesmixed.reml.kenward_roger import KenwardRoger
from bayesmixed.reml.optimize import is_singular
from bayesmixed.reml.satterthwaite import satterthwaite_df
from bayesmixed.units import Units

if TYPE_CHECKING:
    from bayesmixed.design import Design


@dataclass(frozen=True, eq=False)
class Estimates:
    """Where the criterion of a design is smallest, and what follows from it.

    Parameters
    ----------
    design : Design
    coded : CodedMoments
        Moments of the design's rows, and the way back to the user's coding.
    objective : Criterion
        The criterion as a function of theta; its value at the estimates is `criterion`.
    optimum : Optimum
    units : Units, optional
        Of the model, for labels of pictures.
    """

    design: "Design"
    coded: CodedMoments
    objective: Criterion
    optimum: Optimum
    units: Units = field(default=Units({}, ""), repr=False)

    @property
    def method(self) -> str:
        """``"REML"`` or ``"ML"``."""
        return "REML" if self.objective.restricted else "ML"

    @property
    def criterion(self) -> float:
        """-2 log (restricted) likelihood as lme4 reports it, in the user's coding of X."""
        return self.optimum.value

    @property
    def converged(self) -> bool:
        """Whether gradient and Hessian at the estimates are those of a minimum."""
        return self.optimum.converged

    @property
    def singular(self) -> bool:
        """Whether G has less than full rank: a valid estimate, at the boundary."""
        return is_singular(self.Lambda)

    @property
    def Lambda(self) -> Array:
        """Square root of ``G / sigma^2`` in centred and scaled columns of Z."""
        return self.objective.Lambda(self.optimum.theta)

    @cached_property
    def derivatives(self) -> Derivatives:
        """The criterion's derivatives by (theta, sigma) at the estimates."""
        return self.objective.derivatives(self.optimum.theta)

    @cached_property
    def coded_estimates(self) -> tuple[float, Array]:
        """sigma, and beta in the coding of the criterion, before the shift."""
        return self.objective.estimates(self.optimum.theta)

    @property
    def coded_beta(self) -> Array:
        """Coefficients of the centred and scaled columns, shape (p,)."""
        return self.coded_estimates[1] + self.coded.shift

    @property
    def sigma(self) -> float:
        """Residual standard deviation of a row of weight 1, in units of y."""
        return self.coded_estimates[0]

    @property
    def beta(self) -> Array:
        """Coefficients in the order of the columns of X, shape (p,)."""
        return self.coded.fixed.inverse @ self.coded_beta

    @cached_property
    def vcov(self) -> Array:
        """``(X'V^-1X)^-1`` at the estimates, shape (p, p)."""
        p, back = self.objective.p, self.coded.fixed.inverse
        Q = self.objective.cross_products(self.optimum.theta)
        return self.sigma**2 * back @ np.linalg.solve(Q[:p, :p], back.T)

    @property
    def se(self) -> Array:
        """Standard errors of beta."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def G(self) -> Array:
        """Covariance matrix of one group's random effects, shape (q, q)."""
        root = self.coded.T_inverse @ self.Lambda
        return self.sigma**2 * root @ root.T

    @property
    def names(self) -> ParameterNames:
        """Names of every parameter, as tables have them."""
        return ParameterNames.of(self.design)

    @property
    def covariance(self) -> CovarianceParameters:
        """sd, correlations and sigma in the user's coding."""
        return self.covariance_at(self.optimum.theta, self.sigma)

    def covariance_at(self, theta: Array, sigma: float) -> CovarianceParameters:
        """sd, correlations and sigma in the user's coding, of any theta."""
        root = sigma * self.coded.T_inverse @ self.objective.Lambda(theta)
        return CovarianceParameters.from_G(root @ root.T, np.float64(sigma))

    @cached_property
    def coded_effects(self) -> tuple[Array, Array]:
        """Conditional means, shape (J, q), and variances, (J, q, q), of the effects of coded columns of Z."""
        return conditional_effects(self.coded.moments, self.Lambda, *self.coded_estimates)

    def estimated_mean(self, X: Array, Z_rows: Array, group: Array | None) -> Array:
        """``X betahat + Z bhat`` of rows, b = 0 without `group`, shape (n,).

        In coded columns: far from zero the terms of ``x'beta`` are large and cancel.
        """
        X_coded, Z_coded = coded_columns(self.design, X, Z_rows)
        mean = X_coded @ self.coded_beta
        return mean if group is None else mean + (Z_coded * self.coded_effects[0][group]).sum(axis=1)

    def fitted(self) -> Array:
        """``X beta + Z b + offset`` of every row, shape (N,)."""
        design = self.design
        mean: Array = self.estimated_mean(design.X, design.Z_rows, design.group) + design.offset
        return mean

    @cached_property
    def effects(self) -> tuple[Array, Array]:
        """Conditional means (BLUPs), shape (J, q), and variances, shape (J, q, q), in the user's coding."""
        back = self.coded.T_inverse
        mean, variance = self.coded_effects
        return mean @ back.T, back @ variance @ back.T

    @cached_property
    def df(self) -> Array:
        """Satterthwaite's degrees of freedom of each coefficient."""
        return satterthwaite_df(self.derivatives, self.coded.fixed.inverse)

    @cached_property
    def kenward_roger(self) -> KenwardRoger:
        """Kenward and Roger's adjustment, in the coding of the criterion; for REML fits only."""
        if not self.objective.restricted:
            raise RemlError("Kenward-Roger adjusts REML fits: fit with method='REML'")
        return KenwardRoger.at(self.objective, self.optimum.theta, self.sigma)

    def standard_errors(self, df: str = "satterthwaite") -> tuple[Array, Array]:
        """Standard errors of beta and their degrees of freedom, each of shape (p,).

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger"}
            Kenward and Roger's degrees of freedom come with the standard errors of their adjusted covariance.

        Raises
        ------
        RemlError
            Another name, or Kenward and Roger's adjustment of an ML fit.

        Examples
        --------
        >>> import bayesmixed as bm
        >>> fit = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy")).reml()
        >>> [numbers.round(3).tolist() for numbers in fit.standard_errors()]
        [[6.825, 1.546], [17.0, 17.0]]
        """
        check_choice("df", df, ("satterthwaite", "kenward-roger"), RemlError)
        if df == "satterthwaite":
            return self.se, self.df
        back = self.coded.fixed.inverse
        degrees = np.array([self.kenward_roger.test(contrast[None])[0] for contrast in back])
        return np.sqrt(np.diag(back @ self.kenward_roger.adjusted @ back.T)), degrees

    @property
    def log_likelihood(self) -> float:
        """Log (restricted) likelihood at the estimates."""
        return -0.5 * self.criterion

    @property
    def n_parameters(self) -> int:
        """Coefficients, entries of theta, and sigma: what AIC counts, as lme4 does."""
        return self.objective.p + len(self.optimum.theta) + 1

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``criterion + 2 n_parameters``, also of a REML fit, as lme4 counts it."""
        return self.criterion + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, ``criterion + log(N) n_parameters``."""
        return self.criterion + float(np.log(self.design.n_obs)) * self.n_parameters

    @cached_property
    def triangles(self) -> Triangles:
        """The rows of each group as an upper triangle, in the coding of the criterion."""
        return Triangles.of(self.design, self.coded)

    @cached_property
    def variance_se(self) -> dict[str, float]:
        """Asymptotic standard errors of sd, correlations and sigma by their labels; nan at the boundary.

        By the delta method from the observed information of (theta, sigma).
        """
        from bayesmixed.reml.intervals.standard_errors import variance_standard_errors

        return variance_standard_errors(self)
