"""The page of the study, docs/coverage.md: the words of page.md with numbers and tables put in."""

from itertools import product
from pathlib import Path

import pandas as pd

from proof.coverage.facts import beta_table, chosen, markdown, number, of_beta, percent, variance_table, zeros
from proof.coverage.pictures import draw_pictures
from proof.coverage.results import Results
from proof.coverage.study import ALTERNATIVES

LOW, HIGH = (0.05, 0.1, 0.3), (0.6, 0.9)


def write_page(results: Results, docs: Path) -> None:
    """Pictures and page."""
    draw_pictures(results, docs / "pictures")
    (docs / "coverage.md").write_text(page(results), encoding="utf-8")


def page(results: Results) -> str:
    """The page as Markdown."""
    words = Path(__file__).with_name("page.md").read_text(encoding="utf-8")
    return words.format(**_facts(results), **_tables(results))


def _facts(results: Results) -> dict[str, str]:
    """Numbers in the text."""
    few = {J: of_beta(results, "treatment", icc=LOW, groups=J) for J in (3, 5, 8, 15, 30)}
    lone = of_beta(results, "intercept", icc=HIGH)
    sd = chosen(results.intervals, quantity="sd")
    facts = {
        f"{name}_{J}": percent(chosen(found, method=method)["coverage"])
        for J, found in few.items()
        for name, method in (
            ("z", "Wald z"),
            ("satterthwaite", "Satterthwaite"),
            ("kr", "Kenward-Roger"),
            ("posterior", "posterior"),
            ("profile", "profile"),
            ("cr2", "CR2"),
        )
    }
    for name, method in (("posterior", "posterior"), ("kr", "Kenward-Roger"), ("cr2", "CR2")):
        facts[f"{name}_width_3"] = number(chosen(few[3], method=method)["relative_width"])
        facts[f"{name}_width_5"] = number(chosen(few[5], method=method)["relative_width"])
    for J in (3, 5, 8, 15, 30):
        own = chosen(lone, groups=J, method="posterior")
        facts[f"lone_6_{J}"] = percent(chosen(own, icc=0.6)["coverage"])
        facts[f"lone_9_{J}"] = percent(chosen(own, icc=0.9)["coverage"])
        facts[f"above_9_{J}"] = percent(chosen(sd, groups=J, icc=0.9, method="posterior")["truth_above"])
    facts["reml_above_9_3"] = percent(chosen(sd, groups=3, icc=0.9, method="profile REML")["truth_above"])
    controls = chosen(results.intervals, design="treatment", quantity="Intercept", icc=0.9, groups=3)
    facts["controls_9_3"] = percent(chosen(controls, method="posterior")["coverage"])
    facts["kr_lone_3"] = percent(chosen(lone, groups=3, method="Kenward-Roger")["coverage"])
    upper = chosen(sd, icc=LOW)
    for name, method in (("posterior", "posterior"), ("profile", "profile"), ("reml", "profile REML")):
        facts[f"{name}_above"] = percent(chosen(upper, method=method)["truth_above"])
        facts[f"{name}_above_8"] = percent(chosen(upper, method=method, groups=(3, 5, 8))["truth_above"])
    facts["wald_without_3"] = percent(chosen(upper, method="Wald", groups=3)["without"])
    return facts | _other_facts(results)


def _other_facts(results: Results) -> dict[str, str]:
    sigma = chosen(results.intervals, quantity="sigma")
    at_zero = chosen(results.intervals, icc=0.0)
    away = zeros(results)
    cpu = results.cells.filter(like="cpu_")
    plain = ~results.cells["rows"].eq(20) | results.cells["design"].eq("covariate") | ~results.cells["balanced"]
    beta = pd.concat(
        [chosen(at_zero, design=d, quantity=q) for d, q in (("treatment", "x"), ("intercept", "Intercept"))]
    )
    return {
        "cells": str(len(results.cells)),
        "zero_cells": str(len(away)),
        "zero_largest": f"{away['z'].abs().max():.1f}",
        "zero_mean": f"{(away['z'] ** 2).mean():.2f}",
        "cpu": f"{cpu[plain].sum(axis=1).mean():.1f}",
        "cpu_posterior": f"{cpu[plain]['cpu_posteriors'].mean():.1f}",
        "sigma_posterior": percent(chosen(sigma, method="posterior")["coverage"]),
        "sigma_reml": percent(chosen(sigma, method="profile REML")["coverage"]),
        "sigma_profile_3": percent(chosen(sigma, method="profile", groups=3)["coverage"]),
        "sigma_wald_3": percent(chosen(sigma, method="Wald", groups=3)["coverage"]),
        "null_posterior": percent(chosen(beta, method="posterior")["coverage"]),
        "null_kr": percent(chosen(beta, method="Kenward-Roger")["coverage"]),
        "null_satterthwaite": percent(chosen(beta, method="Satterthwaite")["coverage"]),
        "null_z": percent(chosen(beta, method="Wald z")["coverage"]),
        "null_above": percent(chosen(at_zero, quantity="sd")["truth_above"]),
        "shrunk": _shrinkage(results),
        "ratio_3": _ratio(results),
    }


def _ratio(results: Results) -> str:
    """Widths of posterior intervals over those of Kenward-Roger, three groups."""
    found = of_beta(results, "treatment", groups=3, icc=LOW)
    width = found.pivot_table(index=["rows", "icc", "balanced"], columns="method", values="median_width")
    return f"{percent(width['posterior'] / width['Kenward-Roger'])} %"


def _shrinkage(results: Results) -> str:
    """How far posterior means of a treatment's effect lie from REML estimates on average, in % of 0.5, J = 3."""
    own = chosen(results.intervals, design="treatment", quantity="x", groups=3, icc=LOW)
    bias = own.pivot_table(index=["rows", "icc", "balanced"], columns="method", values="bias")
    return percent((bias["Wald z"] - bias["posterior"]) / 0.5)


def _tables(results: Results) -> dict[str, str]:
    sd, icc = (chosen(results.intervals, quantity=name, icc=LOW) for name in ("sd", "ICC"))
    return {
        "treatment": beta_table(of_beta(results, "treatment", icc=LOW)),
        "widths": beta_table(of_beta(results, "treatment", icc=LOW), "relative_width"),
        "intercept": beta_table(of_beta(results, "intercept", icc=LOW)),
        "covariate": beta_table(of_beta(results, "covariate", icc=LOW)),
        "sd": variance_table(sd, "coverage"),
        "sd_above": variance_table(sd, "truth_above"),
        "icc": variance_table(icc, "coverage"),
        "high": beta_table(of_beta(results, "intercept", icc=HIGH)),
        "high_treatment": beta_table(of_beta(results, "treatment", icc=HIGH)),
        "priors": _priors(results),
        "bias": _bias(results),
    }


def _priors(results: Results) -> str:
    """Coverage and widths of a lone intercept, and misses above the upper limit of sd, by the priors."""
    found = chosen(results.intervals, rows=20, balanced=True)
    rows = []
    for J, method in product((3, 5, 8), ("posterior", *ALTERNATIVES)):
        beta = chosen(found, groups=J, design="intercept", quantity="Intercept")
        own, sd = chosen(beta, method=method), chosen(found, groups=J, quantity="sd", method=method, icc=HIGH)
        line = [method.removeprefix("posterior, ").replace("posterior", "default"), str(J)]
        line += [percent(chosen(own, icc=iccs)["coverage"]) for iccs in (LOW, HIGH)]
        line.append(percent(sd["truth_above"]))
        for iccs in (LOW, HIGH):
            widths = (
                chosen(beta, method=m, icc=iccs).set_index("icc")["median_width"] for m in (method, "posterior")
            )
            ours, default = widths
            line.append(number((ours / default).dropna()))
        rows.append(line)
    header = ["priors", "J", "beta, low ICC", "beta, high ICC", "sd above, high ICC", "width, low", "width, high"]
    return markdown(header, rows)


def _bias(results: Results) -> str:
    """Average estimate of sd in units of the true one, for ICC 0.1 and n = 20, balanced, a treatment of groups."""
    own = chosen(results.intervals, design="treatment", rows=20, balanced=True, icc=0.1, quantity="sd")
    truth = (0.1 / 0.9) ** 0.5
    rows = []
    for J in sorted(own["groups"].unique()):
        of = chosen(own, groups=J).set_index("method")
        posterior = of.loc["posterior"] if "posterior" in of.index else None
        if posterior is not None:
            found = (
                of.loc["profile REML", "bias"],
                of.loc["profile", "bias"],
                posterior["bias"],
                posterior["bias_of_median"],
            )
            rows.append([str(J), *(f"{1.0 + bias / truth:.2f}" for bias in found)])
    return markdown(["J", "REML", "ML", "posterior mean", "posterior median"], rows)
