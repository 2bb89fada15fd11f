"""What the user may have meant by a name that is no parameter."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bayesmixed.parameters import Parameter, ParameterNames, find_name


def unknown_parameter(name: object, names: ParameterNames) -> str:
    """Say that there is no parameter `name` to set a prior for, and which one comes nearest."""
    whole = _whole(name, names)
    if whole is not None:
        values = _example(whole, names)
        return (
            f"no parameter {name!r} to set a prior for: {whole.name!r} has one prior for its "
            f"{len(whole.columns)} columns and may take a value for each, such as {whole.name!r}: {values}"
        )
    return (
        f"no parameter {name!r} to set a prior for; there are {', '.join(names.all_names)}; "
        f"did you mean {nearest_name(str(name), names.all_names)!r}?"
    )


def nearest_name(name: str, among: Sequence[str]) -> str:
    """The likeliest of some names: case, spaces, coordinates and a missing ``_sigma`` count least.

    Examples
    --------
    >>> nearest_name("T|g", ["t", "1|g_sigma", "t|g_sigma", "sigma"])
    't|g_sigma'
    """
    folded = {other.casefold(): other for other in reversed(among)}
    wanted = _without_coordinates(name).casefold()
    for candidate in (wanted, f"{wanted}_sigma"):
        found = find_name(candidate, folded)
        if found is not None:
            return folded[found]
    return folded[get_close_matches(wanted, folded, n=1, cutoff=0.0)[0]]


def _without_coordinates(name: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", name)


def _whole(name: object, names: ParameterNames) -> Parameter | None:
    """The vector parameter of which `name` is one entry, such as ``f[b]``."""
    if not isinstance(name, str) or "[" not in name:
        return None
    vectors = {p.name: p for p in (*names.fixed, *names.sd) if p.dim is not None}
    found = find_name(_without_coordinates(name), vectors)
    return None if found is None else vectors[found]


def _example(parameter: Parameter, names: ParameterNames) -> str:
    size = len(parameter.columns)
    scales = ", ".join(map(str, range(1, size + 1))) + ("," if size == 1 else "")
    if parameter in names.sd:
        return f"bm.HalfNormal(({scales}))"
    means = ", ".join(map(str, range(size))) + ("," if size == 1 else "")
    return f"bm.Normal(({means}), ({scales}))"
