"""lme4, lmerTest, pbkrtest and nlme: estimates, tests and intervals of REML and ML fits."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import bayesmixed as bm
from proof.truth.numbers import Number, compared
from tests.reference import load_reference, table_path


def table_of(name: str) -> pd.DataFrame:
    known = {own.lower(): own for own in bm.list_datasets()}
    if name.lower() in known:
        return bm.load_dataset(known[name.lower()])
    return pd.read_csv(table_path(name), dtype={"Subject": "str"})


def of_lme4() -> Iterator[Number]:
    """Every fit with one grouping factor."""
    reference = load_reference("lme4")
    versions = reference["versions"]
    for name, entry in reference.items():
        if name == "versions" or "crossed" in name or "nested" in name:
            continue
        model = bm.MixedModel(entry["formula"], table_of(entry["data"]))
        for method in ("REML", "ML"):
            text = f"{entry['data']}: `{entry['formula']}`, {method}"
            yield from _fit(model.reml(method), entry[method], text, versions)


def _fit(ours: "bm.RemlFit", golden: dict[str, Any], model: str, versions: dict[str, str]) -> Iterator[Number]:
    lme4, tests = f"lme4 {versions['lme4']}", f"lmerTest {versions['lmerTest']}"
    labels = [label for parameter in ours.names.fixed for label in parameter.labels]
    beta, se = golden["beta"].values(), golden["se"].values()
    yield from compared(lme4, model, "criterion", {"": (golden["criterion"], ours.criterion)}, 1e-5)
    yield from compared(lme4, model, "coefficient", _pairs(labels, beta, ours.beta), 1e-5)
    yield from compared(lme4, model, "standard error", _pairs(labels, se, ours.se), 1e-5)
    yield from _covariance(ours, golden, lme4, model)
    yield from _effects(ours, golden, lme4, model)
    table = ours.fixed_effects()
    for column, key, tolerance in (("df", "df", 1e-3), ("t", "t value", 1e-4), ("p", "Pr(>|t|)", 2e-2)):
        theirs = [row[key] for row in golden["coef"]]
        pairs = _pairs(labels, theirs, table[column])
        yield from compared(tests, model, f"Satterthwaite {column}", pairs, tolerance)
    yield from _anova(ours.anova(), golden.get("anova_satt", ()), tests, model, "F test, Satterthwaite")
    if "kr" in golden:
        source = f"pbkrtest {versions['pbkrtest']}"
        table = ours.fixed_effects(df="kenward-roger")
        for column, key in (("se", "Std. Error"), ("df", "df"), ("t", "t value")):
            pairs = _pairs(labels, [row[key] for row in golden["kr"]], table[column])
            yield from compared(source, model, f"Kenward-Roger {column}", pairs, 1e-4)
        found = ours.anova(df="kenward-roger")
        yield from _anova(found, golden.get("anova_kr", ()), source, model, "F test, Kenward-Roger")
    yield from _profile(ours, golden, lme4, model)


def _pairs(labels: Any, theirs: Any, ours: Any) -> dict[str, tuple[float, float]]:
    return {str(label): (a, b) for label, a, b in zip(labels, theirs, ours, strict=True)}


def _covariance(ours: "bm.RemlFit", golden: dict[str, Any], source: str, model: str) -> Iterator[Number]:
    rows = [row for row in golden["varcorr"] if row["grp"] != "Residual"]
    sd = [row["sdcor"] for row in rows if row["var2"] is None]
    labels = [label for parameter in ours.names.sd for label in parameter.labels]
    yield from compared(source, model, "sd", _pairs(labels, sd, ours.covariance.sd), 1e-4, ours.sigma)
    yield from compared(source, model, "sigma", {"": (golden["sigma"], ours.sigma)}, 1e-5)
    corr = {row["var1"] + "," + row["var2"]: row["sdcor"] for row in rows if row["var2"] is not None}
    if len(corr) == 1:
        own = float(ours.covariance.corr[0, 1])
        yield from compared(source, model, "correlation", {next(iter(corr)): (*corr.values(), own)}, 1e-4, 1.0)


def _effects(ours: "bm.RemlFit", golden: dict[str, Any], source: str, model: str) -> Iterator[Number]:
    ((factor, rows),) = golden["ranef"].items()
    levels, (mean, variance) = list(ours.design.levels), ours.effects
    for row in rows:
        numbers = {key: value for key, value in row.items() if key not in ("level", "_row")}
        pairs = _pairs(numbers, numbers.values(), mean[levels.index(row["level"])])
        pairs = {f"{label} of {row['level']}": pair for label, pair in pairs.items()}
        yield from compared(source, model, "random effect", pairs, 1e-4, ours.sigma)
    first, own = golden["condvar"][factor], variance[levels.index(rows[0]["level"])]
    theirs = np.diag(list(first.values())) if isinstance(first, dict) else np.atleast_2d(first)
    pairs = {f"({k},{k})": (theirs[k, k], own[k, k]) for k in range(len(own))}
    yield from compared(source, model, "conditional variance", pairs, 2e-4, 1e-6)


def _anova(table: pd.DataFrame, rows: Any, source: str, model: str, kind: str) -> Iterator[Number]:
    for row, (term, own) in zip(rows, table.iterrows(), strict=True) if rows else ():
        pairs = {f"{term} F": (row["F value"], own["F"]), f"{term} den. df": (row["DenDF"], own["den_df"])}
        yield from compared(source, model, kind, pairs, 1e-3)


def _profile(ours: "bm.RemlFit", golden: dict[str, Any], source: str, model: str) -> Iterator[Number]:
    table = ours.confint("profile")
    for row in golden["profile"]:
        label, sigma = _label(row["par"], ours), ours.sigma
        pairs = {
            f"{label} {side}": (row[key], table.loc[label, side])
            for side, key in (("lower", "2.5 %"), ("upper", "97.5 %"))
            if row[key] is not None and np.isfinite(row[key])
        }
        yield from compared(source, model, "profile limit", pairs, 1e-3, 1e-3 * sigma)


def _label(theirs: str, ours: "bm.RemlFit") -> str:
    """Our label of a parameter of lme4's profile."""
    if theirs == "sigma":
        return "sigma"
    if theirs.startswith("sd_"):
        term = theirs[3:].split("|")[0]
        return f"{'1' if term == '(Intercept)' else term}|{ours.names.factor}_sigma"
    if theirs.startswith("cor_"):
        return f"{ours.names.corr}[Intercept,Days]"
    return f"Type[{theirs[4:]}]" if theirs.startswith("Type") else theirs.strip("()")


def of_nlme() -> Iterator[Number]:
    """Residual compound symmetry is our ``icc(method="cs")``; the package has no other residual correlation."""
    reference = load_reference("nlme")
    golden = reference["fits"]["cs_gls"]
    source = f"nlme {reference['versions']['nlme']}"
    fit = bm.MixedModel("Reaction ~ Days + (1 | Subject)", table_of("sleepstudy")).reml()
    ours, model = fit.compound_symmetry(), "sleepstudy: `Reaction ~ Days`, compound symmetry"
    se, beta = np.sqrt(np.diag(ours.vcov)), ours.beta
    labels = list(golden["beta"])
    yield from compared(source, model, "criterion", {"": (golden["criterion"], ours.criterion)}, 1e-6)
    yield from compared(source, model, "coefficient", _pairs(labels, golden["beta"].values(), beta), 1e-6)
    yield from compared(source, model, "standard error", _pairs(labels, golden["se"].values(), se), 1e-5)
    yield from compared(source, model, "ICC", {"": (golden["cor"]["Rho"], ours.icc)}, 1e-5)
    yield from compared(source, model, "sd of y", {"": (golden["sigma"], ours.sigma)}, 1e-5)
