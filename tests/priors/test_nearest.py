"""Names that are no parameter: what the user may have meant."""

import pytest

from bayesmixed.errors import PriorError
from bayesmixed.priors import HalfNormal, Normal
from tests.designs import random_table, stages


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("T", "t"),
        ("t|g", "t|g_sigma"),
        ("1 | G", "1|g_sigma"),
        ("SIGMA", "sigma"),
        ("intercept", "Intercept"),
        ("t[x]", "t"),
        ("g_corr[Intercept,t]", "g_corr"),
        ("corr", "g_corr"),
        ("residual sd", "sigma"),
    ],
)
def test_a_nearest_name_is_always_given(name, meant):
    with pytest.raises(
        PriorError, match=r"no parameter '.*' to set a prior for; there are Intercept, t, f, "
    ) as e:
        stages("y ~ t + f + (t | g)", random_table(), {name: Normal(0, 1)})
    assert str(e.value).endswith(f"did you mean {meant!r}?")


def test_a_name_that_is_like_none_gets_one_too():
    with pytest.raises(PriorError, match=r"did you mean '.+'\?$"):
        stages("y ~ t + f + (t | g)", random_table(), {"####": Normal(0, 1)})


def test_a_vector_has_one_prior_for_all_its_entries():
    text = r"'f\[b\]' .*: 'f' has one prior for its 2 columns .* such as 'f': bm\.Normal\(\(0, 1\), \(1, 2\)\)$"
    with pytest.raises(PriorError, match=text):
        stages("y ~ t + f + (t | g)", random_table(), {"f[b]": Normal(0, 1)})
    with pytest.raises(PriorError, match=r"'f\|g_sigma': bm\.HalfNormal\(\(1, 2\)\)$"):
        stages("y ~ t + (f | g)", random_table(), {"f[b]|g_sigma": HalfNormal(1)})
