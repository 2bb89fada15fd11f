"""Names and levels that try to break a page, a terminal, JSON or a spreadsheet."""

import json
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm
from bayesmixed.cli import main
from bayesmixed.printable import printable, printable_json, printable_line
from bayesmixed.report.notebook import fit_html, model_html, reml_html
from bayesmixed.report.page import page
from tests.fits import QUICK
from tests.report.hostile import Page

NAMES = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\"onmouseover='alert(1)' x=\"",
    "mathematics": "$\\frac{1}{0}$_^{\\input{secret}}%&#",
    "escape": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b1m",
    "ends of lines": "one\ntwo\rthree\u2028four",
    "direction": "\u202eevil\u202c\u200f\u2066x\u2069",
    "quotation marks": "a\"b'c",
    "sheet": '=HYPERLINK("http://example.org",1)+@-1',
    "template": "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "template of rich": "[red]x[/red][link=http://example.org]y[/link]",
    "format": "%s%n{0}{x!r}",
    "end of style": "</style></svg></table>--><!--",
    "entity": "&lt;b&gt;&#0;",
}
PAGES = {
    "report": lambda fit: page(fit),
    "fit": fit_html,
    "model": lambda fit: model_html(fit.model),
    "reml": lambda fit: reml_html(fit.model.reml()),
    "priors": lambda fit: fit.model.priors._repr_html_(),
}
TEXTS = {
    "fit": lambda fit: str(fit) + repr(fit),
    "model": lambda fit: str(fit.model),
    "priors": lambda fit: str(fit.model.priors),
    "verdict": lambda fit: str(fit.verdict),
    "reml": lambda fit: str(fit.model.reml()),
}


def named(name):
    rng = np.random.default_rng(3)
    groups = [f"{name}{k}" for k in range(5)]
    return pd.DataFrame(
        {
            f"y{name}": rng.normal(size=40),
            f"x{name}": rng.normal(size=40),
            f"f{name}": np.tile([f"{name}u", f"{name}v"], 20),
            f"g{name}": np.repeat(groups, 8),
        }
    )


def formula(name):
    return f"`y{name}` ~ `x{name}` + `f{name}` + (1 | `g{name}`)"


@cache
def hostile(kind):
    name = NAMES[kind]
    units = {f"x{name}": name[:20], f"y{name}": name[:20]}
    model = bm.MixedModel(formula(name), named(name), units=units)
    return model.fit(random_seed=1, engine="importance", **{k: v for k, v in QUICK.items() if k == "progressbar"})


def harmless(text):
    return all(one.isprintable() or one in "\n\u3000\u200c\u200d" for one in text)


def scripts(html: str) -> list[str]:
    return re.findall(r"<script.*?</script>", html, flags=re.DOTALL | re.IGNORECASE)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
@pytest.mark.parametrize("kind", NAMES)
def test_pages_hold_no_element_of_a_name(kind):
    fit, plain = hostile(kind), hostile("quotation marks")
    for what, of in PAGES.items():
        html, usual = of(fit), of(plain)
        found, expected = Page.of(html), Page.of(usual)
        assert found.unclosed == [], what
        assert set(found.counts) == set(expected.counts), what
        assert scripts(html) == scripts(usual), what  # the report's own, if any
        assert found.counts["script"] == len(scripts(html)) <= 1, what
        assert not [key for _, key, _ in found.attributes if key.startswith("on")], what
        assert not [value for value in (*found.values("href"), *found.values("src")) if "example.org" in value]
        assert "49" not in found.text or "49" in expected.text or kind != "template"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayesmixed.BayesmixedWarning")
@pytest.mark.parametrize("kind", NAMES)
def test_texts_pass_no_control_character_on(kind):
    for what, of in TEXTS.items():
        assert harmless(of(hostile(kind))), what


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_the_command_line_passes_no_control_character_on(kind, tmp_path, capsys):
    path, name = tmp_path / "table.parquet", NAMES[kind]
    named(name).to_parquet(path)
    for arguments in ([], ["--json"], ["--anova", "--test", "no such thing"]):
        with pytest.raises(SystemExit) as ended:
            main(["reml", str(path), formula(name), "--ci", "wald", *arguments])
        written = capsys.readouterr()
        assert ended.value.code == (2 if "--test" in arguments else 0), written.err
        assert harmless(written.out)
        assert harmless(written.err)
        if arguments == ["--json"]:
            assert f"x{name}" in json.dumps(json.loads(written.out), ensure_ascii=False) or json.dumps(
                f"x{name}", ensure_ascii=False
            )[1:-1] in json.dumps(json.loads(written.out), ensure_ascii=False)


@pytest.mark.parametrize("kind", NAMES)
def test_errors_and_warnings_are_one_harmless_line(kind):
    name = NAMES[kind]
    for error in (bm.TableError(name), bm.StorageError(name), bm.FormulaError(name), bm.BayesmixedWarning(name)):
        assert harmless(str(error))
        assert "\n" not in str(error)
        assert error.args == (name,)
    with pytest.raises(bm.BayesmixedError) as caught:
        bm.MixedModel(formula(name), named("other"))
    assert harmless(str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", [*NAMES.values(), "", "plain", "Größe", "性別", "می\u200cخواهم", "a\tb", "\U0001f468\u200d\U0001f33e"]
)
def test_printable_text(text):
    assert harmless(printable(text))
    assert printable(text).count("\n") == text.count("\n")
    assert "\n" not in printable_line(text)
    assert json.loads(printable_json(json.dumps(text, ensure_ascii=False))) == text
    if harmless(text):
        assert printable(text) == text


def test_csv_of_a_result_holds_names_as_they_are():
    """A table for a spreadsheet is written by pandas; what is a formula there is the caller's to quote."""
    found = bm.MixedModel("y ~ `=1+1` + (1 | g)", named("").rename(columns={"x": "=1+1"})).reml()
    assert "=1+1" in found.fixed_effects().to_csv()
