"""A model with its priors as a ``bambi.Model``."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesmixed.bambi_models.outgoing import check_correlations, formula_for_bambi, is_centred, to_bambi
from bayesmixed.elsewhere.r_table import PARQUET, has_word_for_missing, text_columns
from bayesmixed.elsewhere.words import heading
from bayesmixed.errors import DesignError, PriorError
from bayesmixed.priors.families import PymcPrior

if TYPE_CHECKING:
    from bayesmixed.design import Design
    from bayesmixed.encoding import Column
    from bayesmixed.model import MixedModel


def bambi_text(model: "MixedModel", data: str) -> str:
    """The script: imports, table, ``bambi.Model(...)``, ``fit()``.

    Where Bambi is installed, the columns that it makes of the formula are compared with the design's.

    Raises
    ------
    DesignError, PriorError
        Bambi cannot say it: what `MixedModel.to_bambi` refuses.
    """
    check_correlations(model)
    centred, formula = is_centred(model), formula_for_bambi(model)
    _check_names(model)
    _check_priors(model)
    if find_spec("bambi") is not None:
        to_bambi(model)  # which compares every column, level and group
    options = ["table", "priors=priors", *([] if centred else ["center_predictors=False"])]
    numpy = "sqrt(" in formula
    if numpy:
        options.append('extra_namespace={"sqrt": np.sqrt}')
    priors = "".join(f"    {_quoted(name)}: {text},\n" for name, text in _priors(model))
    lines = [
        *heading(model.design, data, "Python with Bambi"),
        "import bambi",
        *(["import numpy as np"] if numpy else []),
        "import pandas as pd",
        "",
        *_reading_lines(model.design, data),
        f"priors = {{\n{priors}}}",
        f"model = bambi.Model({_quoted(formula)}, {', '.join(options)})",
        "results = model.fit(random_seed=1)",
    ]
    return "\n".join(lines) + "\n"


def _check_names(model: "MixedModel") -> None:
    functions = model.design.encoding.functions
    if functions:
        names = ", ".join(sorted(functions))
        raise DesignError(f"{names} cannot be said elsewhere: a function of your own; make a column of it")
    slash = next((name for name in model.names.all_names if "/" in name), None)
    if slash is not None:
        raise DesignError(f"Bambi cannot name a variable {slash!r}, for its '/': make a column of it")


def _check_priors(model: "MixedModel") -> None:
    resolved = model.priors.resolved
    if resolved.joint:
        raise PriorError(f"the preset {resolved.preset!r} has a joint prior of several sd, which Bambi cannot say")
    for name, prior in resolved.items():
        if isinstance(prior, PymcPrior):
            raise PriorError(f"the prior of {name!r} is a PyMC distribution, {prior}: use model.to_bambi()")


def _reading_lines(design: "Design", data: str) -> list[str]:
    if Path(data).is_dir() or data.lower().endswith(PARQUET):
        return [f"table = pd.read_parquet({_quoted(data)})"]
    text = text_columns(design)
    options = [_quoted(data)]
    if text:
        options.append(f"dtype={{{', '.join(f'{_quoted(name)}: object' for name in text)}}}")
    if has_word_for_missing(design, text):
        options.append("keep_default_na=False")
    lines = [f'table = pd.read_csv({", ".join(options)}, float_precision="round_trip")']
    for column in design.encoding.columns:
        if column.ordered or _is_category_of_numbers(design, column):
            values, levels = f"table[{_quoted(column.name)}]", json.dumps(column.levels, ensure_ascii=False)
            ordered = ", ordered=True" if column.ordered else ""
            lines.append(f"{values} = pd.Categorical({values}, {levels}{ordered})")
    return lines


def _is_category_of_numbers(design: "Design", column: "Column") -> bool:
    """Numbers that are categories in the table, where no ``C()`` says so."""
    is_factor = column.kind == "factor" and not any(isinstance(level, str) for level in column.levels)
    return is_factor and column.name not in design.specification.categorical


def _priors(model: "MixedModel") -> list[tuple[str, str]]:
    priors, names = model.priors.resolved, model.names
    found = [(parameter.name, _prior(priors[parameter.name])) for parameter in names.fixed]
    found += [
        (effect.name, f'bambi.Prior("Normal", mu=0, sigma={_prior(priors[sd.name])})')
        for effect, sd in zip(names.effects, names.sd, strict=True)
    ]
    return [*found, ("sigma", _prior(priors.sigma))]


def _prior(prior: Any) -> str:
    numbers = (f"{key}={_numbers(value)}" for key, value in prior.parameters.items())
    return f"bambi.Prior({', '.join([_quoted(type(prior).__name__), *numbers])})"


def _numbers(value: Any) -> str:
    return repr(np.asarray(value, dtype=float).tolist())


def _quoted(text: str) -> str:
    """A string of Python, in double quotation marks."""
    return json.dumps(text, ensure_ascii=False)
