"""What each prior of a coefficient makes of it: integrated under a normal, with or without lambda, or explicit."""

import numpy as np
import pytest

from bayesmixed.priors import Exponential, Flat, HalfNormal, Normal, StudentT
from bayesmixed.priors.coefficients import IntegratedCoefficients
from bayesmixed.priors.joint import Shared
from tests.designs import random_table, stages

FORMULA = "y ~ t + f + x + (1 | g)"


def coefficients(**fixed):
    """Of Intercept, t, the two of f, and x; normal where nothing else is said."""
    names = stages(FORMULA, random_table()).names
    return names, IntegratedCoefficients.of({p.name: fixed.get(p.name, Normal(7, 2)) for p in names.fixed}, names)


@pytest.mark.parametrize(
    ("prior", "mean", "precision", "nu"),
    [
        (Normal(3, 0.5), [3, 3], [4, 4], [np.inf, np.inf]),
        (Normal((1.0, 2.0), (0.5, 0.1)), [1, 2], [4, 100], [np.inf, np.inf]),
        (StudentT((3.0, 5.0), -1, 2), [-1, -1], [0.25, 0.25], [3, 5]),
        (Flat(), [0, 0], [0, 0], [np.inf, np.inf]),
        (Shared(), [0, 0], [1, 1], [0, 0]),
    ],
    ids=str,
)
def test_numbers_of_an_integrated_coefficient(prior, mean, precision, nu):
    names, found = coefficients(f=prior)
    assert found.columns == (0, 1, 2, 3, 4)
    assert found.explicit == found.explicit_terms == ()
    np.testing.assert_allclose(found.mean, [7, 7, *mean, 7])
    np.testing.assert_allclose(found.precision, [0.25, 0.25, *precision, 0.25])
    np.testing.assert_array_equal(found.nu, [np.inf, np.inf, *nu, np.inf])
    has_lambda = isinstance(prior, StudentT | Shared)
    assert found.student.tolist() == [False, False, has_lambda, has_lambda, False]
    assert found.student_terms == ((names.fixed[2],) if has_lambda else ())


def test_explicit_coefficients_come_out_of_their_columns():
    names, found = coefficients(t=HalfNormal(1), f=StudentT(4, 0, 1), x=Exponential(1))
    assert (found.columns, found.explicit) == ((0, 2, 3), (1, 4))
    assert found.explicit_terms == (names.fixed[1], names.fixed[3])
    assert len(found.mean) == len(found.precision) == len(found.nu) == 3
    assert found.places(names.fixed[0]) == [0]
    assert found.places(names.fixed[2]) == [1, 2]


def test_no_coefficient_may_be_integrated():
    _, found = coefficients(**dict.fromkeys(("Intercept", "t", "f", "x"), HalfNormal(1)))
    assert found.explicit == (0, 1, 2, 3, 4)
    assert found.mean.shape == found.precision.shape == found.student.shape == (0,)
