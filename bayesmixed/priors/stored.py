"""Priors as plain data, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayesmixed.coding import Coding
from bayesmixed.priors.families import FAMILIES, Family, PymcPrior
from bayesmixed.priors.joint import JointPrior, Member, RootR2, Shared

_FAMILIES: dict[str, type[Family]] = FAMILIES | {"Shared": Shared, "RootR2": RootR2}


def prior_to_dict(prior: Family | PymcPrior) -> dict[str, Any]:
    """Family and numbers; of a PyMC distribution the printed form only."""
    if isinstance(prior, PymcPrior):
        return {"family": "pymc", "text": prior.text}
    numbers = {key: np.asarray(value).tolist() for key, value in prior.parameters.items()}
    return {"family": type(prior).__name__, **numbers}


def prior_from_dict(data: Mapping[str, Any]) -> Family | PymcPrior:
    """The inverse of `prior_to_dict`, but a PyMC distribution can no longer be evaluated."""
    if data["family"] == "pymc":
        return PymcPrior(None, data["text"])
    numbers = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key != "family"}
    return _FAMILIES[data["family"]](**numbers)


def coding_to_dict(coding: Coding) -> dict[str, Any]:
    """The arrays of a coding as lists."""
    return {
        "constant": coding.constant.tolist(),
        "centre": coding.centre.tolist(),
        "scale": coding.scale.tolist(),
        **({} if coding.rotation is None else {"rotation": coding.rotation.tolist()}),
    }


def coding_from_dict(data: Mapping[str, Any]) -> Coding:
    """The inverse of `coding_to_dict`."""
    keys = ("constant", "centre", "scale", "rotation")
    return Coding(*(np.array(data[key], dtype=float) for key in keys if key in data))


def joint_to_dict(joint: JointPrior) -> dict[str, Any]:
    """A joint prior of variances with its members and the prior of their total."""
    return {
        "title": joint.title,
        "members": [[member.name, member.entry, member.weight] for member in joint.members],
        "concentration": list(joint.concentration),
        "total": prior_to_dict(joint.total),
        "relative": joint.relative,
    }


def joint_from_dict(data: Mapping[str, Any]) -> JointPrior:
    """The inverse of `joint_to_dict`."""
    members = tuple(Member(name, entry, weight) for name, entry, weight in data["members"])
    total = prior_from_dict(data["total"])
    assert isinstance(total, Family)
    return JointPrior(data["title"], members, tuple(data["concentration"]), total, bool(data["relative"]))
