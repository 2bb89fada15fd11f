"""Which coefficients are integrated out, under which normal priors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.parameters import Parameter, ParameterNames
from bayesmixed.priors.families import Family, Flat, Normal, PymcPrior, StudentT
from bayesmixed.priors.joint import Shared


@dataclass(frozen=True, eq=False)
class IntegratedCoefficients:
    """Columns of X whose coefficient is integrated out, and those that stay explicit.

    A Student-t prior is a normal given one auxiliary scale a coefficient,
    ``beta_k | lambda ~ N(mu, sigma^2 lambda)``, ``lambda ~ InverseGamma(nu/2, nu/2)``. A coefficient that
    takes part in a joint prior of variances is ``N(0, lambda)``, and lambda has its share there.

    Parameters
    ----------
    columns, explicit : tuple of int
        Columns of X, in the order in which the kernel takes them.
    mean, precision : ndarray, shape (p_integrated,)
        Prior mean and precision, 0 for a flat prior; those for lambda = 1 where there is one.
    nu : ndarray, shape (p_integrated,)
        Degrees of freedom of a Student-t, 0 where lambda has a joint prior, infinite without lambda.
    explicit_terms, student_terms : tuple of Parameter
        The explicit ones; those that have lambdas.
    """

    columns: tuple[int, ...]
    explicit: tuple[int, ...]
    mean: Array
    precision: Array
    nu: Array
    explicit_terms: tuple[Parameter, ...]
    student_terms: tuple[Parameter, ...]

    @classmethod
    def of(cls, fixed: Mapping[str, Family | PymcPrior], names: ParameterNames) -> "IntegratedCoefficients":
        """Sort the terms of X by whether their prior is normal given a scale: those are integrated out."""
        columns: list[int] = []
        explicit: list[int] = []
        mean: list[float] = []
        precision: list[float] = []
        nu: list[float] = []
        explicit_terms, student_terms = [], []
        for parameter in names.fixed:
            prior, size = fixed[parameter.name], len(parameter.columns)
            if not isinstance(prior, Normal | StudentT | Flat | Shared):
                explicit += parameter.columns
                explicit_terms.append(parameter)
                continue
            columns += parameter.columns
            numbers = {"sigma": 1.0, "nu": 0.0} if isinstance(prior, Shared) else prior.parameters
            sigma = np.broadcast_to(numbers.get("sigma", np.inf), size)
            mean += list(np.broadcast_to(numbers.get("mu", 0.0), size))
            precision += list(1.0 / sigma**2)
            nu += list(np.broadcast_to(numbers.get("nu", np.inf), size))
            if isinstance(prior, StudentT | Shared):
                student_terms.append(parameter)
        return cls(
            columns=tuple(columns),
            explicit=tuple(explicit),
            mean=np.array(mean, dtype=float),
            precision=np.array(precision, dtype=float),
            nu=np.array(nu, dtype=float),
            explicit_terms=tuple(explicit_terms),
            student_terms=tuple(student_terms),
        )

    @property
    def order(self) -> list[int]:
        """Columns of X in the kernel's order: integrated ones first."""
        return [*self.columns, *self.explicit]

    @property
    def student(self) -> Array:
        """Which integrated coefficients have a lambda (boolean)."""
        return np.isfinite(self.nu)

    def places(self, parameter: Parameter) -> list[int]:
        """Where the kernel has the integrated coefficients of a parameter."""
        return [self.columns.index(column) for column in parameter.columns]
