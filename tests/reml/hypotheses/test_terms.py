"""Type III tests of terms: lmerTest's numbers, averages of predicted means, and invariance to the coding."""

import itertools

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.encoding import Encoding
from bayesmixed.reml.hypotheses.terms import products, term_hypotheses
from tests.designs import design_of
from tests.reference import load_reference, table_path

FACTORS = pd.read_csv(table_path("factors"))
GOLDEN = load_reference("terms")["anova"]
METHODS = {"satterthwaite": "satterthwaite", "kr": "kenward-roger"}
TOLERANCE = {"satterthwaite": 1e-3, "kr": 1e-4}
TREATMENT = [entry for entry in GOLDEN if entry["contrasts"] == "contr.treatment"]


def reml(formula, table=FACTORS):
    return bm.MixedModel(formula, table).reml()


# ---------------------------------------------------------------- lmerTest::anova(type = "III")
#: lmerTest, which takes f as contained in f:h only if h is a term too, tests it at the first level of h; SAS and
#: we average over the levels, as for f * h, which is the same model.
NESTED = ("y ~ f + f:h + (1 | g)", "f")


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: f"{entry['formula']}-{entry['contrasts']}")
def test_unbalanced_designs_as_lmertest(entry):
    fit = reml(entry["formula"])
    assert fit.singular == entry["singular"]
    # lmerTest's sequential test of a lone term depends on the coding in its Satterthwaite df.
    several, treatment = len(entry["satterthwaite"]) > 1, entry["contrasts"] == "contr.treatment"
    own_basis = several or treatment or "0 +" in entry["formula"]
    for key in METHODS:
        if key not in entry:
            continue
        found = fit.anova(METHODS[key])
        assert set(found.index) == {row["term"] for row in entry[key]}
        for row in entry[key]:
            if (entry["formula"], row["term"]) == NESTED:
                continue
            ours = found.loc[row["term"]]
            assert ours["num_df"] == row["num_df"]
            assert ours["F"] == pytest.approx(row["F"], rel=1e-4)
            if key == "kr" or own_basis:
                assert ours["den_df"] == pytest.approx(row["den_df"], rel=TOLERANCE[key]), row["term"]
                assert ours["p"] == pytest.approx(row["p"], rel=1e-3)


@pytest.mark.parametrize("df", METHODS.values())
def test_nested_terms_are_tested_as_crossed_ones(df):
    """f + f:h is the model f * h, and the main effect of f the same hypothesis."""
    nested, crossed = reml("y ~ f + f:h + (1 | g)").anova(df), reml("y ~ f * h + (1 | g)").anova(df)
    np.testing.assert_allclose(nested.loc["f"], crossed.loc["f"], rtol=1e-8)
    assert nested.loc["f:h", "num_df"] == 6


# ---------------------------------------------------------------- the hypotheses, by predicted means
def grid_means(design, **fixed):
    """Rows of X over the full grid of levels of f and h, shape (3, 3, p), at x and t given."""
    rows = [{"f": f, "h": h, "x": 0.0, "t": 0.0} | fixed for f, h in itertools.product("ABC", "PQR")]
    return design.encode(pd.DataFrame(rows)).X.reshape(3, 3, -1)


def same_rows(first, second):
    """Whether two matrices span the same space of rows."""
    rank = np.linalg.matrix_rank(first)
    assert len(first) == rank == np.linalg.matrix_rank(second)
    return np.linalg.matrix_rank(np.vstack([first, second])) == rank


CODINGS = ["{f} * {h}", "{f} + {f}:{h}", "{h} + {f} + {h}:{f}", "{f} * {h} + x + x:{f}", "0 + {f} * {h} + x"]
FORMS = [("f", "h"), ("C(f, Sum)", "h"), ("C(f, Treatment('B'))", "C(h, Sum)")]


@pytest.mark.parametrize("pattern", CODINGS)
@pytest.mark.parametrize(("f", "h"), FORMS)
def test_main_effects_are_differences_of_averages(pattern, f, h):
    design = design_of(f"y ~ {pattern.format(f=f, h=h)} + (1 | g)", FACTORS)
    found, X = term_hypotheses(design), grid_means(design)
    means_f, means_h = X.mean(axis=1), X.mean(axis=0)
    f_rows = means_f if pattern.startswith("0") else np.diff(means_f, axis=0)
    assert same_rows(f_rows, found[_name(found, "f")])
    if h in found:
        assert same_rows(np.diff(means_h, axis=0), found[h])
    if "x" in found:
        slopes = (grid_means(design, x=1.0) - X).mean(axis=(0, 1))
        assert same_rows(slopes[None], found["x"])
        by_f = (grid_means(design, x=1.0) - X).mean(axis=1)
        for name in set(found) & {f"x:{f}", f"{f}:x"}:
            assert same_rows(np.diff(by_f, axis=0), found[name])
    interaction = next(name for name in found if "f" in name and "h" in name)
    within = np.diff(X, axis=1).reshape(-1, X.shape[2])
    crossed = np.diff(np.diff(X, axis=1), axis=0).reshape(-1, X.shape[2])
    assert same_rows(within if found[interaction].shape[0] == 6 else crossed, found[interaction])


def _name(found, factor):
    return next(
        name for name in found if factor in name.replace("Treatment", "") and "h" not in name and ":" not in name
    )


# ---------------------------------------------------------------- coding
@pytest.mark.parametrize("df", METHODS.values())
@pytest.mark.parametrize(
    "pattern",
    [
        "{f} * h + x + (x | g)",
        "{f} * x + (x | g)",
        "{f} + (1 | g)",
        "0 + {f} + h + (1 | g)",
        "{f} / x + (1 | g)",
        "{f} * h * x + (1 | g)",
    ],
)
def test_nothing_depends_on_contrasts_or_reference_levels(pattern, df):
    expected = reml(f"y ~ {pattern.format(f='f')}").anova(df)
    for coding in ("C(f, Sum)", "C(f, Treatment('B'))", "C(f, Treatment('C'))", "C(f)"):
        found = reml(f"y ~ {pattern.format(f=coding)}").anova(df)
        np.testing.assert_allclose(found, expected, rtol=2e-5, err_msg=coding)
    ordered = FACTORS.assign(f=pd.Categorical(FACTORS["f"], categories=["C", "A", "B"], ordered=True))
    np.testing.assert_allclose(reml(f"y ~ {pattern.format(f='f')}", ordered).anova(df), expected, rtol=2e-5)


def test_F_and_kenward_roger_survive_new_names(rng):
    formula = "y ~ f * h + (1 | g)"
    renamed = FACTORS.assign(f=FACTORS["f"].map({"A": "z", "B": "y", "C": "x"}))
    np.testing.assert_allclose(
        reml(formula, renamed).anova("kenward-roger"), reml(formula).anova("kenward-roger"), rtol=1e-6
    )
    np.testing.assert_allclose(reml(formula, renamed).anova()["F"], reml(formula).anova()["F"], rtol=1e-6)


@pytest.mark.parametrize("df", METHODS.values())
def test_the_order_of_terms_and_rows_does_not_matter(df):
    expected = reml("y ~ f * h + x + f:x + (1 | g)").anova(df)
    found = reml("y ~ x + h + f + h:f + x:f + (1 | g)", FACTORS.sample(frac=1, random_state=1)).anova(df)
    found = found.rename({"x:f": "f:x", "h:f": "f:h"}).loc[expected.index]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("df", METHODS.values())
def test_units_and_a_far_away_time(sleepstudy, df):
    formula = "Reaction ~ Days * half + (Days | Subject)"
    table = sleepstudy.assign(half=np.where(sleepstudy.index % 3 > 0, "a", "b"))
    expected = reml(formula, table).anova(df)
    scaled = reml(formula, table.assign(Reaction=1e-3 * table["Reaction"], Days=1e6 * table["Days"])).anova(df)
    np.testing.assert_allclose(scaled, expected, rtol=1e-5)
    formula = "Reaction ~ Days + half + (Days | Subject)"
    far = reml(formula, table.assign(Days=table["Days"] + 1e6)).anova(df)
    np.testing.assert_allclose(far, reml(formula, table).anova(df), rtol=1e-5)


@pytest.mark.parametrize("df", METHODS.values())
def test_numeric_terms_are_t_squared(df):
    fit = reml("y ~ x * t + (x | g)")
    found, table = fit.anova(df), fit.fixed_effects(df=df).loc[["x", "t", "x:t"]]
    np.testing.assert_allclose(found["F"], table["t"] ** 2, rtol=1e-9)
    np.testing.assert_allclose(found["den_df"], table["df"], rtol=1e-9)
    np.testing.assert_allclose(found["p"], table["p"], rtol=1e-8)


@pytest.mark.parametrize("df", METHODS.values())
@pytest.mark.parametrize("coding", ["{}", "C({}, Sum)"])
def test_a_balanced_split_plot_by_sums_of_squares(df, coding, rng):
    """a between groups, b within: both F and both degrees of freedom are those of the textbook."""
    groups, a = np.arange(7).repeat(4), np.arange(7).repeat(4) % 3
    groups, a, b = np.tile(groups, 2), np.tile(a, 2), np.tile(np.arange(4), 14)
    keep = groups < 6
    groups, a, b = groups[keep], a[keep], b[keep]
    y = 3.0 * rng.normal(size=6)[groups] + a + rng.normal(size=len(a))
    names = {"a": np.array(["u", "v", "w"])[a], "b": np.array(list("klmn"))[b]}
    formula = f"y ~ {coding.format('a')} * b + (1 | g)"
    found = reml(formula, {"y": y, "g": groups} | names).anova(df)
    by_group, by_a = (np.array([y[k == level].mean() for level in np.unique(k)]) for k in (groups, a))
    within = 8 * ((by_group - by_a[np.arange(6) % 3]) ** 2).sum() / 3
    between = 16 * ((by_a - y.mean()) ** 2).sum() / 2
    assert found.iloc[0]["F"] == pytest.approx(between / within, rel=1e-6)
    assert found.iloc[0]["den_df"] == pytest.approx(3.0, rel=1e-5)
    assert found.iloc[1:]["den_df"].tolist() == pytest.approx([48 - 6 - 9] * 2, rel=1e-5)


def test_polynomials_and_splines():
    fit = reml("y ~ poly(x, 2) + bs(t, df=3) + (1 | g)")
    found = fit.anova("kenward-roger")
    assert found["num_df"].tolist() == [2, 3]
    start = 1
    for name, size in (("poly(x, 2)", 2), ("bs(t, df=3)", 3)):
        L = np.eye(fit.design.p)[start : start + size]
        assert found.loc[name, "F"] == pytest.approx(
            fit.test(L, "kenward-roger", joint=True)["F"].item(), rel=1e-9
        )
        start += size
    raw = reml("y ~ x + I(x**2) + bs(t, df=3) + (1 | g)")
    joint = raw.test("x, I(x ** 2)", "kenward-roger", joint=True)
    np.testing.assert_allclose(joint.iloc[0], found.loc["poly(x, 2)"], rtol=1e-5)


# ---------------------------------------------------------------- products
@pytest.mark.parametrize("formula", ["poly(x, 2) * f * C(h, Sum)", "f:x:h + f*h + x", "poly(x,2)*poly(t,2)*f"])
def test_products_rebuild_the_columns(formula):
    design = design_of(f"y ~ {formula} + (1 | g)", FACTORS)
    found = products(design)
    alone = {next(iter(one.widths)): design.X[:, one.columns] for one in found if len(one.widths) == 1}
    codes = {
        name: pd.factorize(FACTORS["f" if name == "f" else "h"], sort=True)[0]
        for one in found
        for name in one.contrasts
    }
    for one in found:
        rows = np.ones((len(FACTORS), 1))
        for name in one.widths:
            own = one.contrasts[name][codes[name]] if name in one.contrasts else alone[name]
            rows = np.einsum("na,nb->nab", rows, own).reshape(len(rows), -1)
        np.testing.assert_allclose(rows, design.X[:, one.columns], atol=1e-12)


def test_a_restored_encoding_has_the_same_hypotheses():
    from dataclasses import replace

    design = design_of("y ~ C(f, Sum) * h * poly(x, 2) + (1 | g)", FACTORS)
    again = replace(design, encoding=Encoding.from_dict(design.encoding.to_dict()))
    for first, second in zip(term_hypotheses(design).values(), term_hypotheses(again).values(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-12)


def test_unknown_widths_are_refused():
    with pytest.raises(bm.RemlError, match=r"add poly\(x, 2\) and poly\(t, 2\) to the formula"):
        reml("y ~ poly(x, 2):poly(t, 2) + (1 | g)").anova()
    assert reml("y ~ t:poly(x, 2) + (1 | g)").anova()["num_df"].tolist() == [2]


def test_shape_of_the_table(dyestuff):
    empty = bm.MixedModel("Yield ~ 1 + (1 | Batch)", dyestuff).reml().anova()
    assert list(empty.columns) == ["num_df", "den_df", "F", "p"]
    assert len(empty) == 0
    found = reml("y ~ f + h + (1 | g)").anova()
    assert found.index.name == "term"
    assert list(found.index) == ["f", "h"]


def test_empty_cells_do_not_get_this_far():
    with pytest.raises(bm.DesignError):
        reml("y ~ f * h + (1 | g)", FACTORS[(FACTORS["f"] != "C") | (FACTORS["h"] != "R")]).anova()


def test_what_is_refused():
    with pytest.raises(bm.RemlError, match="df must be"):
        reml("y ~ f + (1 | g)").anova("residual")
    ml = bm.MixedModel("y ~ f + h + (1 | g)", FACTORS).reml("ML")
    assert ml.anova().shape == (2, 4)
    with pytest.raises(bm.RemlError, match="Kenward-Roger adjusts REML fits"):
        ml.anova("kenward-roger")
