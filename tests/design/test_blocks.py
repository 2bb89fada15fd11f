"""Blocks of G from brackets."""

from tests.design.example import build, make_table


def test_blocks_of_brackets():
    table = make_table()
    (one,) = build("y ~ t + (t | g)", table).blocks
    assert (one.columns, one.labels, one.has_intercept) == ((0, 1), ("Intercept", "t"), True)
    for formula in ("y ~ t + (t || g)", "y ~ t + (1 | g) + (0 + t | g)"):
        design = build(formula, table)
        assert [block.columns for block in design.blocks] == [(0,), (1,)]
        assert [term.name for term in design.random_terms] == ["Intercept", "t"]
        assert design.warnings == ()


def test_double_bar_with_a_factor():
    design = build("y ~ f + (f || g)", make_table())
    assert [block.labels for block in design.blocks] == [("Intercept",), ("f[b]",), ("f[c]",)]
    assert [block.terms[0].name for block in design.blocks] == ["Intercept", "f", "f"]
    assert [(t.name, t.coords) for t in design.random_terms] == [
        ("Intercept", None),
        ("f", ("b", "c")),
    ]
    (warning,) = design.warnings
    assert "lme4 1.x keeps those" in warning
