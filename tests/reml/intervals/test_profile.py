"""Profile limits: lme4's, dense profiles, closed forms, grids, boundaries, invariances."""

import numpy as np
import pytest
from scipy import optimize, stats

from bayesmixed.errors import RemlError
from bayesmixed.icc import IccPoint, icc_points
from bayesmixed.reml.intervals.profile import ProfileLikelihood
from tests import dense
from tests.designs import random_table
from tests.reml.test_fit import SINGLE_FACTOR, SLOPE, TABLES, fit
from tests.reml.test_optimize import seeded_table, two_minima

CUT = float(stats.chi2.ppf(0.95, 1))


def limits(found, restricted, label, cut=CUT):
    profile = ProfileLikelihood(found, restricted)
    return profile.limits(profile.quantities.path(label), cut)


# ---------------------------------------------------------------- lme4
def our_label(par, names):
    """Our label of one of lme4's."""
    if par == "sigma":
        return par
    if par.startswith("sd_"):
        term = par[3:].split("|")[0]
        return f"{'1' if term == '(Intercept)' else term}|{names.factor}_sigma"
    if par.startswith("cor_"):
        return f"{names.corr}[Intercept,Days]"
    if par.startswith("Type"):
        return f"Type[{par[4:]}]"
    return par.strip("()")


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", SINGLE_FACTOR)
def test_lme4_profiles_the_ml_deviance_of_either_fit(name, method, lme4, request):
    entry = lme4[name]
    table = request.getfixturevalue(TABLES[entry["data"]])
    ours = fit(entry["formula"], table, method).confint("profile")
    for row in entry[method]["profile"]:
        label = our_label(row["par"], fit(entry["formula"], table).names)
        golden = [row["2.5 %"], row["97.5 %"]]
        np.testing.assert_allclose(ours.loc[label, ["lower", "upper"]], golden, rtol=1e-3, err_msg=label)


# ---------------------------------------------------------------- dense profiles
UNEVEN = random_table((5, 4, 6, 3, 5, 7, 4, 5, 6, 4), 7)


def dense_criterion(found, G, sigma, restricted, held=None):
    """-2 log (restricted) likelihood with V dense; with a coefficient held, of y without its part."""
    design = found.design
    V = dense.covariance(design.Z_rows, design.group, G, sigma, design.weights)
    X, y = design.X, design.y - design.offset
    if held is not None:
        k, value = held
        X, y = np.delete(X, k, axis=1), y - value * X[:, k]
    beta, vcov = dense.gls(y, X, V)
    residual = y - X @ beta
    value = np.linalg.slogdet(V)[1] + residual @ np.linalg.solve(V, residual)
    degrees = len(y) - restricted * X.shape[1]
    return degrees * np.log(2 * np.pi) + value - restricted * np.linalg.slogdet(vcov)[1]


def parameters_of(found):
    sd, corr = found.covariance.sd, found.covariance.corr
    off = [np.arctanh(corr[0, 1])] if len(found.optimum.theta) == 3 else []
    return np.concatenate([np.log(sd), off, [np.log(found.sigma)]])


def G_of(x, q, correlated):
    r = np.tanh(x[q]) if correlated else 0.0
    sd = np.exp(x[:q])
    return np.outer(sd, sd) * (np.eye(q) + r * (1 - np.eye(q))), np.exp(x[-1])


def dense_limits(found, restricted, quantity, size=0.4, held=None):
    """Where the smallest dense criterion under ``quantity = v`` crosses the cut, by SLSQP and brentq.

    ``quantity`` is a function of (log sd, arctanh correlation, log sigma), on a scale without bounds.
    """
    q, correlated = found.design.q, len(found.optimum.theta) == 3
    start = parameters_of(fit(found.design.specification.formula, UNEVEN, "REML" if restricted else "ML"))

    def criterion(x, v):
        return dense_criterion(found, *G_of(x, q, correlated), restricted, None if held is None else (held, v))

    def profile(v):
        if held is not None:
            best = optimize.minimize(criterion, start, (v,), method="BFGS", options={"gtol": 1e-6})
        else:
            best = optimize.minimize(
                criterion,
                start,
                (v,),
                method="SLSQP",
                bounds=[(x - 6, x + 6) for x in start],
                constraints={"type": "eq", "fun": lambda x: quantity(x) - v},
                options={"ftol": 1e-13, "maxiter": 500},
            )
        return best.fun

    lowest = criterion(start, None) if held is None else None
    if held is not None:
        own = fit(found.design.specification.formula, UNEVEN, "ML")
        lowest, centre = own.criterion, own.beta[held]
    else:
        centre = quantity(start)

    def above(v):
        return profile(v) - lowest - CUT

    return [_crossing(above, centre, side * size) for side in (-1, 1)]


def _crossing(above, centre, step):
    """By brentq, far enough out for the bracket; infinite if 8 steps are not enough."""
    for steps in range(1, 9):
        if above(centre + steps * step) > 0:
            return optimize.brentq(above, centre + (steps - 1) * step, centre + steps * step, xtol=1e-9)
    return step * np.inf


def logit(v):
    return np.log(v / (1 - v))


def icc_of(x, q, correlated, rows):
    G, sigma = G_of(x, q, correlated)
    between = np.einsum("ij,jk,ik->i", rows, G, rows)
    return (between / (between + sigma**2)).mean()


@pytest.mark.slow
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ t + (1 | g)",
        *(pytest.param(f, marks=pytest.mark.slow) for f in ("y ~ t + (t || g)", "y ~ t + (t | g)")),
    ],
)
def test_dense_profiles(formula, restricted):
    found = fit(formula, UNEVEN)
    q, correlated = found.design.q, len(found.optimum.theta) == 3
    profile = ProfileLikelihood(found, restricted)
    cases = [(label, lambda x, k=k: x[k], np.exp) for k, label in enumerate(["1|g_sigma", "t|g_sigma"][:q])]
    cases.append(("sigma", lambda x: x[-1], np.exp))
    if correlated:
        cases.append(("g_corr[Intercept,t]", lambda x: x[q], np.tanh))
    ours = {label: profile.limits(profile.quantities.path(label), CUT) for label, *_ in cases}
    for label, quantity, back in cases:
        np.testing.assert_allclose(ours[label], back(dense_limits(found, restricted, quantity)), rtol=2e-5)
    for point in icc_points(found.design, None if q == 1 else {"t": [3.0]}):
        rows = point.rows
        expected = dense_limits(found, restricted, lambda x, r=rows: logit(icc_of(x, q, correlated, r)))
        own = profile.limits(profile.quantities.icc(point), CUT)
        np.testing.assert_allclose(own, 1 / (1 + np.exp(-np.array(expected))), rtol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["y ~ t + (1 | g)", "y ~ t + (t | g)"])
def test_dense_profiles_of_coefficients(formula):
    found = fit(formula, UNEVEN)
    for k, label in enumerate(found.design.fixed_labels):
        expected = dense_limits(found, False, None, size=3 * found.se[k], held=k)
        np.testing.assert_allclose(limits(found, False, label), expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["y ~ t + (t | g)", "y ~ t + (t || g)"])
def test_the_icc_averaged_over_rows(formula):
    found = fit(formula, UNEVEN)
    correlated = len(found.optimum.theta) == 3
    rows = found.design.Z_rows
    expected = dense_limits(found, True, lambda x: logit(icc_of(x, 2, correlated, rows)))
    own = limits(found, True, "ICC(g | mean over rows)")
    np.testing.assert_allclose(own, 1 / (1 + np.exp(-np.array(expected))), rtol=2e-5)


# ---------------------------------------------------------------- closed forms
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_a_mean_without_groups_to_speak_of(method, dyestuff2):
    """With the sd at zero the deviance of the mean is ``N log(1 + (v - mean)^2 / s^2)``."""
    y = dyestuff2["Yield"].to_numpy()
    lower, upper = limits(fit("Yield ~ 1 + (1 | Batch)", dyestuff2, method), False, "Intercept")
    # The sd of the groups stays at zero, or becomes positive far from the mean, which widens the interval.
    half = y.std() * np.sqrt(np.expm1(CUT / len(y)))
    assert upper - y.mean() >= half - 1e-9
    assert y.mean() - lower == pytest.approx(upper - y.mean(), rel=1e-9)


def test_the_residual_sd_of_a_balanced_one_way_layout(dyestuff):
    """REML: (J - 1) MSB / tau^2 and J (n - 1) MSW / sigma^2 are apart, tau^2 = sigma^2 + n sd^2 >= sigma^2."""
    groups = dyestuff.groupby("Batch")["Yield"]
    within, between = groups.var().mean(), 5 * groups.mean().var()

    def criterion(log_sigma):
        variance = np.exp(2 * log_sigma)
        upper = max(between, variance)
        return 24 * (np.log(variance) + within / variance) + 5 * (np.log(upper) + between / upper)

    best = 0.5 * np.log(within)
    found = limits(fit("Yield ~ 1 + (1 | Batch)", dyestuff), True, "sigma")
    for limit, far in zip(found, (-1.0, 1.0), strict=True):
        expected = optimize.brentq(lambda x: criterion(x) - criterion(best) - CUT, best, best + far, xtol=1e-14)
        assert limit == pytest.approx(np.exp(expected), rel=1e-9)


# ---------------------------------------------------------------- the equations are solved
@pytest.mark.parametrize("method", ["profile", "profile-reml"])
@pytest.mark.parametrize("formula", [SLOPE, "Reaction ~ Days + (Days || Subject)"])
def test_the_criterion_at_each_limit_is_the_cut(formula, method, sleepstudy_unbalanced):
    found = fit(formula, sleepstudy_unbalanced)
    table = found.confint(method)
    for label in table.index[2 if method == "profile-reml" else 0 :]:
        curve = found.profile(label, table.loc[label, ["lower", "upper"]], method)
        np.testing.assert_allclose(curve["increase"], CUT, rtol=1e-8, err_msg=label)
        assert curve["zeta"].tolist() == pytest.approx([-np.sqrt(CUT), np.sqrt(CUT)])


@pytest.mark.parametrize("seed", [2059, 3127, 2647, 3457, *range(12)])
def test_every_theta_of_a_grid_within_the_cut_lies_within_the_limits(seed):
    """One variance component: the set of theta within the cut, which need not be one interval, by a scan."""
    found = fit("y ~ t + (0 + t | g)", two_minima(seed))
    profile = ProfileLikelihood(found, True)
    path = profile.quantities.icc(IccPoint(None, np.array([[1.0]])))
    lower, upper = (path.tau(value) if value < 1 else np.inf for value in profile.limits(path, CUT))
    grid = np.append(0.0, np.exp(np.linspace(-7, 7, 4001)))
    inside = [g for g in grid if profile.criterion.value(np.array([g])) <= profile.optimum.value + CUT]
    scale = path.sizes[0]
    assert lower <= scale * inside[0] * (1 + 1e-9)
    assert upper >= scale * inside[-1] * (1 - 1e-9)
    if inside[0] > 0:
        assert lower == pytest.approx(scale * inside[0], rel=0.005)
    assert lower == 0 or inside[0] > 0
    if inside[-1] < grid[-1]:
        assert upper == pytest.approx(scale * inside[-1], rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_no_point_within_the_cut_lies_beyond_a_limit(seed, slope):
    """Random covariance parameters, most of them near the border of the confidence set."""
    found = fit("y ~ t + (t | g)", seeded_table(seed, slope))
    profile = ProfileLikelihood(found, True)
    labels = ["1|g_sigma", "t|g_sigma", "sigma", "g_corr[Intercept,t]"]
    table = {label: profile.limits(profile.quantities.path(label), CUT) for label in labels}
    rng = np.random.default_rng(seed)
    within = 0
    for _ in range(1500):
        theta = profile.optimum.theta + rng.normal(size=3) * np.exp(rng.uniform(-3, 0.5))
        if profile.criterion.value(theta) > profile.optimum.value + CUT:
            continue
        within += 1
        covariance = found.covariance_at(theta, profile.criterion.estimates(theta)[0])
        values = [*covariance.sd, covariance.sigma, covariance.corr[0, 1]]
        for label, value in zip(labels, values, strict=True):
            assert table[label][0] - 1e-7 <= value <= table[label][1] + 1e-7, label
    assert within > 100


# ---------------------------------------------------------------- boundaries
def test_a_limit_of_zero_and_estimates_at_zero(dyestuff2):
    found = fit("Yield ~ 1 + (1 | Batch)", dyestuff2)
    for restricted in (True, False):
        for label in ("1|Batch_sigma", "ICC(Batch)"):
            lower, upper = limits(found, restricted, label)
            assert lower == 0.0
            assert upper > 0.1


def test_correlations_without_an_sd_can_be_anything():
    noise = np.random.default_rng(0).normal(size=len(UNEVEN))
    found = fit("y ~ t + (t | g)", UNEVEN.assign(y=noise))
    assert limits(found, True, "1|g_sigma")[0] == 0.0
    assert limits(found, True, "g_corr[Intercept,t]") == (-1.0, 1.0)


def test_a_correlation_of_one():
    rng = np.random.default_rng(1)
    J, n = 12, 5
    g, t = np.repeat(np.arange(J), n), np.tile(np.arange(n) - 2.0, J)
    y = 4 * rng.normal(size=J)[g] * (1 + t) + 3 * rng.normal(size=J * n)
    found = fit("y ~ t + (t | g)", {"y": y, "t": t, "g": g})
    lower, upper = limits(found, True, "g_corr[Intercept,t]")
    assert upper == 1.0
    assert 0.5 < lower < 1
    curve = found.profile("g_corr[Intercept,t]", [lower, 1.0], "profile-reml")
    assert curve["increase"].tolist() == pytest.approx([CUT, 0.0], abs=1e-6)


def test_no_upper_limit_where_means_of_groups_are_all_fitted():
    """As many between-group coefficients as groups: REML knows nothing of the sd."""
    rng = np.random.default_rng(3)
    table = {"y": rng.normal(size=12), "x": np.repeat([0.0, 1.0], 6), "g": np.repeat([0, 1], 6)}
    found = fit("y ~ x + (1 | g)", table)
    assert limits(found, True, "1|g_sigma") == (0.0, np.inf)
    assert limits(found, True, "ICC(g)") == (0.0, 1.0)


def test_an_icc_that_is_zero_whatever_the_sd():
    found = fit("y ~ t + (0 + t | g)", seeded_table(1))
    profile = ProfileLikelihood(found, True)
    assert profile.limits(profile.quantities.icc(IccPoint(None, np.zeros((1, 1)))), CUT) == (0.0, 0.0)


def test_the_average_icc_cannot_exceed_the_share_of_rows_with_a_slope():
    found = fit("y ~ t + (0 + t | g)", seeded_table(1))
    share = (found.design.Z_rows[:, 0] != 0).mean()
    assert share < 1
    path = ProfileLikelihood(found, True).quantities.path("ICC(g | mean over rows)")
    assert path.quantity(np.inf) == pytest.approx(share)
    assert limits(found, True, "ICC(g | mean over rows)")[1] < share


@pytest.mark.slow
# ---------------------------------------------------------------- invariances
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize(("a", "b", "c"), [(1e6, 1.0, 0.0), (1.0, 1e6, 0.0), (1e-6, 365.25, 0.0), (1.0, 1.0, 1e4)])
def test_units_and_origins(a, b, c, restricted, sleepstudy_unbalanced):
    table = sleepstudy_unbalanced
    before, after = (
        ProfileLikelihood(found, restricted)
        for found in (
            fit(SLOPE, table),
            fit(SLOPE, table.assign(Reaction=a * table["Reaction"], Days=b * (table["Days"] + c))),
        )
    )
    units = {"Days|Subject_sigma": a / b, "sigma": a}
    if c == 0:
        units |= {"1|Subject_sigma": a, "Subject_corr[Intercept,Days]": 1.0, "ICC(Subject | mean over rows)": 1.0}
    if not restricted:
        units["Days"] = a / b
    for label, unit in units.items():
        one, two = (profile.limits(profile.quantities.path(label), CUT) for profile in (before, after))
        np.testing.assert_allclose(two, unit * np.array(one), rtol=1e-6, err_msg=label)


def test_wider_with_more_probability(sleepstudy):
    found = fit(SLOPE, sleepstudy)
    before = (np.inf, -np.inf)
    for ci_prob in (0.5, 0.9, 0.99, 0.9999):
        here = limits(found, True, "Subject_corr[Intercept,Days]", stats.chi2.ppf(ci_prob, 1))
        assert here[0] < before[0]
        assert here[1] > before[1]
        before = here


# ---------------------------------------------------------------- what is told
def test_a_minimum_that_is_none_is_told(sleepstudy):
    found = fit(SLOPE, sleepstudy)
    profile = ProfileLikelihood(found, True)
    wrong = type(found.optimum)(found.optimum.theta, found.criterion + 1.0, found.optimum.gradient, np.eye(3))
    object.__setattr__(profile, "optimum", wrong)
    with pytest.raises(RemlError, match="lower than at the estimates"):
        profile.limits(profile.quantities.path("sigma"), CUT)


def test_the_restricted_likelihood_has_no_coefficients(sleepstudy):
    found = fit(SLOPE, sleepstudy)
    with pytest.raises(RemlError, match="no profile of 'Days': use method='profile'"):
        found.profile("Days", method="profile-reml")
    with pytest.raises(RemlError, match="no quantity 'Nights' to profile; there are Intercept, Days, "):
        found.profile("Nights")
