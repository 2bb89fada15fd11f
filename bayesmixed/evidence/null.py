"""The posterior of a null model from that of the full one: fewer columns, the same numbers in the priors.

No row is touched. With K and T the codings of the full model's priors, and K0, T0 those of the columns that are
kept, ``X0 K0^-1 = (X K^-1) K_kept K0^-1`` and ``Z0 T0^-1 = (Z T^-1) T_kept T0^-1``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np

from bayesmixed.arrays import Array
from bayesmixed.coding import Coding
from bayesmixed.density import Density
from bayesmixed.errors import DesignError, PriorError
from bayesmixed.evidence.marginal import Target
from bayesmixed.moments import Moments, Patterns
from bayesmixed.parameters import Parameter, ParameterNames, find_name
from bayesmixed.posterior import MarginalPosterior
from bayesmixed.priors.joint import JointPrior
from bayesmixed.priors.resolved import ResolvedPriors
from bayesmixed.reml.comparison.submodel import submodel


class Collapsed(NamedTuple):
    """What a density needs of moments."""

    patterns: Patterns
    q: int
    p: int


@dataclass(frozen=True, eq=False)
class Null:
    """What a null model leaves out.

    Parameters
    ----------
    fixed : tuple of Parameter
        Coefficients that are 0.
    random : tuple of Parameter
        Random effects whose sd is 0, by the names of their sd.
    words : str
        ``"no random Days of Subject"``.
    """

    fixed: tuple[Parameter, ...]
    random: tuple[Parameter, ...]
    words: str

    @classmethod
    def of(cls, names: ParameterNames, null: str | Sequence[str]) -> "Null":
        """Read names: ``"Days|Subject"``, ``"1|Subject"``, ``"Days"``; ``"Subject"`` for all its random effects.

        Raises
        ------
        DesignError
            The model has no such parameter.
        """
        fixed: dict[str, Parameter] = {}
        random: dict[str, Parameter] = {}
        for text in [null] if isinstance(null, str) else list(null):
            own_fixed, own_random = _named(names, text)
            fixed |= {p.name: p for p in own_fixed}
            random |= {p.name: p for p in own_random}
        if not fixed and not random:
            raise DesignError("the null model must leave something out, such as null='Days|Subject'")
        own = tuple(p for p in names.sd if p.name in random)
        return cls(tuple(fixed.values()), own, _words(names, tuple(fixed.values()), own))

    @property
    def tested(self) -> tuple[str, ...]:
        """Names of the parameters that the null model lacks."""
        return tuple(p.name for p in (*self.fixed, *self.random))


def _named(names: ParameterNames, text: object) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...]]:
    if not isinstance(text, str):
        raise DesignError(f"null must be a name such as 'Days|Subject', several of them, or a model, not {text!r}")
    if "~" in text:
        raise DesignError(
            "null names what is left out, such as null='Days|Subject'; for any other formula give a second model, "
            "bm.bayes_factor(model, bm.MixedModel(...))"
        )
    if text.strip() == names.factor:
        return (), names.sd
    effects = {p.name.removesuffix("_sigma"): p for p in names.sd} | {p.name: p for p in names.sd}
    coefficients = {p.name: p for p in names.fixed}
    if (name := find_name(text, coefficients)) is not None:
        return (coefficients[name],), ()
    if (name := find_name(text, effects)) is not None:
        return (), (effects[name],)
    there = [*coefficients, *(p.name.removesuffix("_sigma") for p in names.sd), names.factor]
    raise DesignError(f"null={text!r} names nothing in this model; it has {', '.join(map(repr, there))}")


def _words(names: ParameterNames, fixed: tuple[Parameter, ...], random: tuple[Parameter, ...]) -> str:
    parts = [f"{p.name} = 0" for p in fixed]
    if len(random) == len(names.sd):
        parts.append(f"no random effects of {names.factor}")
    else:
        labels = (p.name.removesuffix(f"|{names.factor}_sigma") for p in random)
        each = ["intercept" if label == "1" else label for label in labels]
        parts += [f"no random {label} of {names.factor}" for label in each]
    return ", ".join(parts)


def null_target(full: Target, null: Null) -> Target:
    """The null model's posterior, under the priors that the full model has for what remains.

    Raises
    ------
    PriorError
        What is left out shares a joint prior with what remains.
    """
    posterior = full.posterior
    X, Z = _kept(posterior.names.fixed, null.fixed), _kept(posterior.names.sd, null.random)
    names = _names(posterior.names, X, Z, null)
    priors = _priors(posterior.priors, names, X, Z, null)
    coefficients = priors.integrated(names)
    order = [*coefficients.columns, *coefficients.explicit]
    X_map = (posterior.priors.fixed_coding.matrix[:, X] @ priors.fixed_coding.inverse)[posterior.order][:, order]
    shift = np.linalg.lstsq(X_map, posterior.shift, rcond=None)[0]
    Z_map = posterior.priors.T[:, Z] @ priors.T_inverse
    patterns = _reduced(full.density.patterns, X_map, posterior.shift - X_map @ shift, Z_map)
    moments = cast(Moments, Collapsed(patterns, len(Z), len(X)))
    density = Density(MarginalPosterior(priors, names, coefficients, moments, shift))
    return Target(density, _start(full, density, Z))


def _kept(parameters: tuple[Parameter, ...], dropped: tuple[Parameter, ...]) -> list[int]:
    out = {column for p in dropped for column in p.columns}
    return [column for p in parameters for column in p.columns if column not in out]


def _names(names: ParameterNames, X: list[int], Z: list[int], null: Null) -> ParameterNames:
    def renumbered(parameters: tuple[Parameter, ...], kept: list[int]) -> tuple[Parameter, ...]:
        own = (p for p in parameters if p.columns[0] in kept)
        return tuple(replace(p, columns=tuple(kept.index(column) for column in p.columns)) for p in own)

    return replace(
        names,
        fixed=renumbered(names.fixed, X),
        sd=renumbered(names.sd, Z),
        effects=renumbered(names.effects, Z),
        random_labels=tuple(names.random_labels[column] for column in Z),
    )


def _priors(
    priors: ResolvedPriors, names: ParameterNames, X: list[int], Z: list[int], null: Null
) -> ResolvedPriors:
    """The same numbers, for what remains."""
    blocks, codings = [], []
    for block, coding in zip(priors.blocks, priors.block_codings, strict=True):
        kept = [k for k, column in enumerate(block) if column in Z]
        if kept:
            blocks.append(tuple(Z.index(block[k]) for k in kept))
            codings.append(_coding(coding, kept))
    return replace(
        priors,
        fixed={p.name: priors.fixed[p.name] for p in names.fixed},
        sd={p.name: priors.sd[p.name] for p in names.sd},
        corr=priors.corr if any(len(block) > 1 for block in blocks) else None,
        fixed_coding=_coding(priors.fixed_coding, X),
        block_codings=tuple(codings),
        blocks=tuple(blocks),
        joint=_joint(priors, null),
    )


def _coding(coding: Coding, kept: list[int]) -> Coding:
    """The coding of some columns, the others zero; no centres where the constant is not among them."""
    constant = coding.constant[kept]
    whole = constant.sum() == coding.constant.sum()
    rotation = None if coding.rotation is None else coding.rotation[np.ix_(kept, kept)]
    base = Coding(constant, coding.centre[kept], coding.scale[kept]) if whole else Coding.identity(len(kept))
    return replace(base, rotation=rotation)


def _joint(priors: ResolvedPriors, null: Null) -> tuple[JointPrior, ...]:
    out = set(null.tested)
    for joint in priors.joint:
        own = set(joint.names)
        if own & out and not own <= out:
            raise PriorError(
                f"the prior of {', '.join(sorted(own & out))} is a share of the {joint.title}, with "
                f"{', '.join(sorted(own - out))}: the null model's prior is not part of it; compare two models, "
                "bm.bayes_factor(model, other), or use another preset"
            )
    return tuple(joint for joint in priors.joint if not set(joint.names) & out)


def _reduced(patterns: Patterns, X_map: Array, remainder: Array, Z_map: Array) -> Patterns:
    """Collapsed moments in fewer columns; `remainder` is what the other shift leaves in y."""
    p, kept = X_map.shape
    columns = np.zeros((p + 1, kept + 1))
    columns[:p, :kept], columns[:p, kept], columns[p, kept] = X_map, remainder, 1.0
    Raa = _triangle(patterns.Raa @ columns)
    changed = patterns._replace(Rza=np.ascontiguousarray(patterns.Rza @ columns), Raa=Raa)
    if not Z_map.shape[1]:
        return _without_groups(changed)
    if Z_map.shape[0] == Z_map.shape[1]:
        return changed._replace(Rzz=np.ascontiguousarray(changed.Rzz @ Z_map))
    return _contiguous(submodel(changed, Z_map))


def _without_groups(patterns: Patterns) -> Patterns:
    """All rows as if there were no groups: one pattern without columns."""
    width = patterns.Raa.shape[1]
    return patterns._replace(
        Rzz=np.zeros((1, 0, 0)),
        count=np.ones(1),
        start=np.array([0, 1], dtype=np.int64),
        Rza=np.zeros((1, 0, width)),
        Raa=_triangle(np.concatenate([patterns.Rza.reshape(-1, width), patterns.Raa])),
    )


def _triangle(rows: Array) -> Array:
    width = rows.shape[1]
    result, found = np.zeros((width, width)), np.linalg.qr(rows, mode="r")
    result[: len(found)] = found
    return result


def _contiguous(patterns: Patterns) -> Patterns:
    return patterns._replace(
        Rzz=np.ascontiguousarray(patterns.Rzz),
        Rza=np.ascontiguousarray(patterns.Rza),
        Raa=np.ascontiguousarray(patterns.Raa),
    )


def _start(full: Target, density: Density, Z: list[int]) -> Array:
    found = full.density.constrain(full.start[None]).covariance
    T = density.posterior.priors.T
    G = T @ found.G[0][np.ix_(Z, Z)] @ T.T
    return density.unconstrain(np.sqrt(np.diag(G)), float(found.sigma[0]))
