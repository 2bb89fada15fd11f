"""bayesmixed: Bayesian linear mixed models, with the same model's REML fit beside them.

Public names are imported when first used, so that ``import bayesmixed`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "MixedModel": "model",
    "Fit": "fit",
    "RemlFit": "reml",
    "load": "storage",
    "fit_many": "engines.many",
    "compare_models": "compare",
    "bayes_factor": "evidence",
    "likelihood_ratio_test": "reml.comparison.ratio",
    "simulate": "simulation",
    "between_within": "marginal_effects.between_within",
    "calibrate": "calibration",
    "type_one_error": "planning.size",
    "interval_coverage": "planning.size",
    "power": "planning.power",
    "assurance": "planning.power",
    "plot_type_one_error": "report.plots.sizes",
    "plot_interval_coverage": "report.plots.sizes",
    "from_bambi": "bambi_models",
    "load_dataset": "datasets",
    "list_datasets": "datasets",
    "dataset_info": "datasets",
    "read_table": "table",
    "parse_formula": "formula",
    "build_design": "design",
    "Design": "design",
    "Specification": "specification",
    "Moments": "moments",
    "CodedMoments": "coding",
    "MarginalLikelihood": "likelihood",
    "MarginalPosterior": "posterior",
    "ParameterNames": "parameters",
    "summarise": "streaming",
    "agree": "streaming",
    "sum_moments": "streaming",
    "power_scaling_data": "sensitivity",
    "multiverse": "sensitivity.multiverse",
    "Priors": "priors",
    "resolve_priors": "priors",
    "Normal": "priors",
    "StudentT": "priors",
    "Flat": "priors",
    "HalfNormal": "priors",
    "HalfStudentT": "priors",
    "HalfCauchy": "priors",
    "Exponential": "priors",
    "Gamma": "priors",
    "LKJ": "priors",
    "BayesmixedError": "errors",
    "BayesmixedWarning": "errors",
    "FormulaError": "errors",
    "TableError": "errors",
    "DesignError": "errors",
    "PriorError": "errors",
    "RemlError": "errors",
    "SamplingError": "errors",
    "PredictionError": "errors",
    "PictureError": "errors",
    "StorageError": "errors",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bayesmixed' has no attribute {name!r}")
    value = getattr(import_module(f"bayesmixed.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from bayesmixed.fit import Fit as Fit
    from bayesmixed.model import MixedModel as MixedModel
