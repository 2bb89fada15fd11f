"""What is ranked, computed another way."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

import bayesmixed as bm
from bayesmixed.calibration.joint import Joint, quantities
from bayesmixed.priors.draws import draw_priors

SLOPE = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture
def model(sleepstudy):
    rows = sleepstudy.assign(w=np.linspace(0.5, 2.0, len(sleepstudy)))
    return bm.MixedModel(SLOPE + " + offset(0.1 * Days)", rows, weights="w")


def drawn(model, draws, rng):
    prior = draw_priors(model.priors.resolved, model.names, draws, rng)
    b = rng.standard_normal((draws, model.design.n_groups, model.design.q))
    return Joint.with_new_group(prior.beta, prior.covariance, b, rng)


def test_every_quantity_by_hand(model, rng):
    joint, design, y = drawn(model, 3, rng), model.design, rng.standard_normal(180)
    found = quantities(model, joint, y)
    G, sigma = joint.covariance.G, joint.covariance.sigma
    for d in range(3):
        here = {label: values[d] for label, values in found.items()}
        mean = design.X @ joint.beta[d] + design.offset
        own = mean + [design.Z_rows[i] @ joint.b[d, design.group[i]] for i in range(180)]
        logp = norm.logpdf(y, own, sigma[d] / np.sqrt(design.weights)).sum()
        first = norm.logpdf(y, design.mean(joint.beta[0], joint.b[0]), sigma[0] / np.sqrt(design.weights)).sum()
        assert here["Days"] == joint.beta[d, 1]
        assert here["G[Intercept,Days]"] == pytest.approx(G[d, 0, 1])
        assert here["1|Subject_sigma"] == pytest.approx(np.sqrt(here["G[Intercept,Intercept]"]))
        assert here["ICC(Subject | Days = 0)"] == pytest.approx(G[d, 0, 0] / (G[d, 0, 0] + sigma[d] ** 2))
        assert here["Days|Subject[308]"] == joint.b[d, 0, 1]
        assert here["1|Subject[308] - [372]"] == joint.b[d, 0, 0] - joint.b[d, 17, 0]
        assert here["mean of the last row"] == pytest.approx(own[-1])
        assert here["mean of a new group"] == pytest.approx(mean[-1] + design.Z_rows[-1] @ joint.new[d])
        assert here["log likelihood"] - found["log likelihood"][0] == pytest.approx(logp - first)


def test_new_groups_have_the_covariance_of_their_own_draw(rng, dyestuff):
    model = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff)
    joint = drawn(model, 4000, rng)
    ratio = joint.new[:, 0] / joint.covariance.sd[:, 0]
    assert ratio.std() == pytest.approx(1.0, abs=0.04)


def test_correlated_effects_of_a_new_group(model, rng):
    prior = draw_priors(model.priors.resolved, model.names, 1, rng)
    again = type(prior.covariance)(*(np.repeat(x, 20_000, axis=0) for x in vars(prior.covariance).values()))
    joint = Joint.with_new_group(np.zeros((20_000, 2)), again, np.zeros((20_000, 1, 2)), rng)
    expected = multivariate_normal(cov=again.G[0]).cov_object.covariance
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(np.cov(joint.new.T) / scale, expected / scale, atol=0.05)


def test_no_covariance_between_blocks(sleepstudy, rng):
    model = bm.MixedModel("Reaction ~ Days + (Days || Subject)", sleepstudy)
    labels = quantities(model, drawn(model, 2, rng), model.design.y)
    assert "G[Intercept,Days]" not in labels
    assert {"G[Intercept,Intercept]", "G[Days,Days]"} <= set(labels)
