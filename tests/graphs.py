"""PyMC graphs without sampling: compiled in plain Python, and evaluated at vectors of the compiled density."""

import numpy as np
import pytensor
from pytensor.compile.mode import Mode

from tests.designs import take_apart

# Plain Python links to no BLAS; looking for one would warn.
pytensor.config.blas__ldflags = ""

#: No compilation by numba or C: slow to run, quick to build.
PYTHON = Mode(linker="py", optimizer="fast_compile")


def constrained_values(posterior, x):
    """Values of the marginal graph's free variables, by name, at an unconstrained vector of `Density`."""
    names, coefficients, parts = posterior.names, posterior.coefficients, take_apart(posterior, x)
    values = {"sigma": parts.sigma}
    for parameter in names.sd:
        values[parameter.name] = parameter.value(parts.sd)
    wide = [block for block in posterior.priors.blocks if len(block) > 1]
    for number, block in enumerate(wide, start=1):
        suffix = "" if len(wide) == 1 else f"_{number}"
        values[f"{names.corr}_chol{suffix}"] = parts.chol[np.ix_(block, block)]
    for terms, found, suffix in (
        (coefficients.explicit_terms, parts.explicit, ""),
        (coefficients.student_terms, parts.lambdas, "_scale"),
    ):
        rest = list(found)
        for parameter in terms:
            own = [rest.pop(0) for _ in parameter.columns]
            values[parameter.name + suffix] = own[0] if parameter.dim is None else own
        assert not rest
    return values


def transformed(model, values):
    """The model's value variables, in their order, from constrained values."""
    result = []
    for variable in model.free_RVs:
        transform = model.rvs_to_transforms[variable]
        value = np.asarray(values[variable.name.removesuffix("_centered")], dtype=float)
        if transform is not None:
            value = np.asarray(transform.forward(value, *variable.owner.inputs).eval(mode=PYTHON))
        result.append(value)
    return result


def flat_values(model, posterior, x):
    """All value variables in one vector."""
    parts = transformed(model, constrained_values(posterior, x))
    return np.concatenate([np.ravel(part) for part in parts])


def log_probability(model):
    """A function of constrained values: the log density of all variables, with Jacobians."""
    function = model.compile_fn(model.logp(), inputs=model.value_vars, mode=PYTHON, point_fn=False)
    return lambda values: float(function(*transformed(model, values)))


def logp_and_gradient(model):
    """A function of one flat vector: the log density and its gradient in PyMC's own transforms."""
    function = model.compile_fn(
        [model.logp(), model.dlogp()], inputs=model.value_vars, mode=PYTHON, point_fn=False
    )
    shapes = [model.initial_point()[variable.name].shape for variable in model.value_vars]
    edges = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])

    def evaluate(flat):
        parts = [flat[a:b].reshape(shape) for a, b, shape in zip(edges[:-1], edges[1:], shapes, strict=True)]
        value, gradient = function(*parts)
        return float(value), np.asarray(gradient)

    return evaluate
