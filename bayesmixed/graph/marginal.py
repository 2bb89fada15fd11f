"""The graph with b, and all coefficients whose prior allows it, integrated out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayesmixed.arrays import Array
from bayesmixed.graph.joint import SCALE, joint_potentials, shared_scale
from bayesmixed.graph.op import MarginalLogLikelihood
from bayesmixed.graph.parameters import (
    CENTERED,
    Holder,
    constant,
    covariance_variables,
    parameter_dims,
    prior_data,
    prior_variable,
)
from bayesmixed.parameters import ParameterNames, stored_name
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.joint import Shared

if TYPE_CHECKING:
    from bayesmixed.design import Design

#: First part of the names of the data variables that hold the moments.
MOMENTS = "moments."


def marginal_graph(design: "Design", posterior: MarginalPosterior, names: ParameterNames) -> pm.Model:
    """PyMC graph of ``p(y | sd, Omega, sigma, explicit coefficients)`` and the priors.

    The free variables are two to four covariance parameters, an auxiliary scale for each coefficient with a
    Student-t prior, and coefficients whose prior is neither normal, Student-t nor flat. Sample it with
    ``pm.sample`` and turn the draws into a fit, with exact draws of beta and b, by ``model.fit_from``.

    ``pm.sample_posterior_predictive`` draws replicates of the whole table for *new* groups: b from N(0, G)
    and the integrated coefficients from their exact conditional given the observed y. That is right after
    sampling from the posterior. To draw from the prior instead, set the data variable
    ``replicate_given_y`` to 0 first: then those coefficients come from their prior, if it is proper.

    The log density is that of the y that the moments were made of, whatever value of the response is asked
    about: the rows cannot be exchanged by ``pm.observe`` or ``pm.set_data``. Build the model on the new table.
    The moments are data variables all the same, ``moments.Rzz`` and so on.
    """
    coords = names.coords() | {"__obs__": np.arange(design.n_obs)}
    with pm.Model(coords=coords) as model:
        variables = _kernel_variables(posterior, names, constant)
        given_y = pm.Data("replicate_given_y", 1.0)
        likelihood = _likelihood_of(posterior, constant)

        def logp(
            value: Any, offset: Any, Lambda: Any, sigma: Any, precision: Any, explicit: Any, given_y: Any
        ) -> Any:
            # The moments hold y and the offset already; the value is the y that they were made of.
            return likelihood(Lambda, sigma, precision, explicit)

        pm.CustomDist(
            stored_name(design.response_name),
            pt.as_tensor_variable(design.offset),
            *variables,
            given_y,
            logp=logp,
            random=_Replicate(design, posterior),
            signature="(n),(q,q),(),(i),(e),()->(n)",
            observed=design.y,
            dims="__obs__",
            class_name="MarginalMixedModel",
        )
    return model


def sampling_graph(posterior: MarginalPosterior, names: ParameterNames) -> pm.Model:
    """The density of `marginal_graph` for a sampler: no response, and all its numbers are data variables.

    Two tables, or two sets of numbers in the same families of priors, then have graphs of one structure, so
    that `bayesmixed.graph.compilation.compiled_graph` compiles one for both. For PyMC's predictive draws the
    numbers of priors must not be data variables: it would take the parameters for changed, and draw them anew.
    """
    with pm.Model(coords=names.coords()) as model:
        variables = _kernel_variables(posterior, names, pm.Data)
        pm.Potential("log_likelihood", _likelihood_of(posterior, pm.Data)(*variables))
    return model


def _kernel_variables(posterior: MarginalPosterior, names: ParameterNames, hold: Holder) -> tuple[Any, ...]:
    """Lambda, sigma, prior precisions and explicit coefficients."""
    covariance = covariance_variables(posterior.priors, names, hold)
    explicit = _explicit_coefficients(posterior, hold)
    precision, scales = _precision(posterior, hold)
    joint_potentials(posterior.priors, names, covariance, scales, hold)
    return covariance.root / covariance.sigma, covariance.sigma, precision, explicit


def _likelihood_of(posterior: MarginalPosterior, hold: Holder) -> Callable[..., Any]:
    """The kernel with its data, as a function of `_kernel_variables`."""
    kernel = posterior.kernel
    data = [pm.Data(MOMENTS + name, value) for name, value in kernel.patterns._asdict().items()]
    mean = hold(prior_data("coefficients", "mean"), kernel.mean)
    shift = hold(MOMENTS + "shift", posterior.shift[kernel.n_integrated :])

    def likelihood(Lambda: Any, sigma: Any, precision: Any, explicit: Any) -> Any:
        return MarginalLogLikelihood()(Lambda, sigma, precision, mean, explicit - shift, *data)

    return likelihood


def _explicit_coefficients(posterior: MarginalPosterior, hold: Holder) -> Any:
    """Free variables of the explicit coefficients, in the kernel's order and the coding of the priors."""
    values, priors = [], posterior.priors
    for parameter in posterior.coefficients.explicit_terms:
        name = stored_name(parameter.name) + (CENTERED if priors.is_moved(parameter) else "")
        size = None if parameter.dim is None else len(parameter.columns)
        value = prior_variable(name, priors.fixed[parameter.name], parameter_dims(parameter), size, hold)
        values.append(pt.atleast_1d(value))
    return pt.concatenate(values) if values else pt.zeros(0)


def _precision(posterior: MarginalPosterior, hold: Holder) -> tuple[Any, dict[str, Any]]:
    """Prior precisions, and the lambda of terms that share a joint prior.

    Constants, but ``1 / (s^2 lambda)`` for a Student-t, lambda ~ InverseGamma(nu/2, nu/2); 1 / lambda of
    those that share.
    """
    coefficients = posterior.coefficients
    unscaled = pt.as_tensor_variable(hold(prior_data("coefficients", "precision"), coefficients.precision))
    precision, shared = unscaled, {}
    for parameter in coefficients.student_terms:
        place = coefficients.places(parameter)
        if isinstance(posterior.priors.fixed[parameter.name], Shared):
            shared[parameter.name] = pt.atleast_1d(shared_scale(parameter))
            precision = precision[place].set(1.0 / shared[parameter.name])
            continue
        name = stored_name(parameter.name) + SCALE
        half = hold(prior_data(name, "alpha"), coefficients.nu[place] / 2.0)
        if parameter.dim is None:
            scale = pm.InverseGamma(name, half[0], half[0])[None]
        else:
            scale = pm.InverseGamma(name, half, half, dims=parameter_dims(parameter))
        precision = precision[place].set(unscaled[place] / scale)
    return precision, shared


class _Replicate:
    """Draws a table like the observed one: what `pm.CustomDist` calls for predictive draws."""

    def __init__(self, design: "Design", posterior: MarginalPosterior):
        self.design, self.posterior = design, posterior

    def __call__(
        self,
        offset: Array,
        Lambda: Array,
        sigma: Array,
        precision: Array,
        explicit: Array,
        given_y: Array,
        rng: Any = None,
        size: Any = None,
    ) -> Array:
        from bayesmixed.effects.exact_draws import draw_coefficients

        posterior, design = self.posterior, self.design
        n = len(posterior.coefficients.columns)
        if given_y:
            shifted = np.atleast_1d(explicit)[None] - posterior.shift[n:]
            sigma_, Lambda_ = np.atleast_1d(np.asarray(sigma, dtype=float)), np.asarray(Lambda)[None]
            gamma = draw_coefficients(posterior.kernel, Lambda_, sigma_, precision[None], shifted, rng)[0]
            integrated = gamma + posterior.shift[:n]
        else:
            if not (precision > 0).all():
                raise ValueError("a flat prior of a coefficient has no draws: give it a proper prior")
            integrated = posterior.coefficients.mean + rng.standard_normal(n) / np.sqrt(precision)
        prior_coded = np.empty(design.p)
        prior_coded[posterior.order] = np.concatenate([integrated, np.atleast_1d(explicit)])
        beta = posterior.priors.fixed_coding.inverse @ prior_coded
        root = sigma * posterior.priors.T_inverse @ Lambda
        b = rng.standard_normal((design.n_groups, design.q)) @ root.T
        noise = sigma * rng.standard_normal(design.n_obs) / np.sqrt(design.weights)
        mean = design.X @ beta + np.einsum("nq,nq->n", design.Z_rows, b[design.group]) + offset
        drawn: Array = mean + noise
        return drawn
