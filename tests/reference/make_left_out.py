"""Exact log p(y_i | y_-i) of sleepstudy's rows and groups, by differences of log evidence on a grid.

Brute force: the model is built and integrated anew without each unit (engine="quadrature"), 198 times, with the
numbers that the whole table gave the priors. Takes some minutes; writes left_out.json beside this file.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

import bayesmixed as bm

FORMULA = "Reaction ~ Days + (Days | Subject)"
QUICK = {"draws": 100, "chains": 1, "random_seed": 1, "progressbar": False}


def log_evidence(model):
    return model.fit(engine="quadrature", **QUICK).idata.attrs["log_evidence"]


def left_out(data, model, keep):
    rest = bm.MixedModel._with_resolved(FORMULA, data[keep], model.priors.resolved)
    return round(log_evidence(model) - log_evidence(rest), 4)


def main():
    data = bm.load_dataset("sleepstudy")
    model = bm.MixedModel(FORMULA, data)
    found = {
        "versions": {name: version(name) for name in ("bayesmixed", "numpy", "scipy")},
        "formula": FORMULA,
        "group": [left_out(data, model, (data["Subject"] != s).to_numpy()) for s in model.design.levels],
        "row": [left_out(data, model, np.arange(len(data)) != k) for k in range(len(data))],
    }
    Path(__file__).with_name("left_out.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
