"""Code for Bambi: it runs, and its graph has the columns and the log density of ours."""

import numpy as np
import pytest

import bayesmixed as bm
from bayesmixed.errors import DesignError, PriorError
from tests.elsewhere.cases import CASES, mixed_table, model

pytestmark = pytest.mark.filterwarnings("ignore")  # of Bambi's dependencies

#: Cases that Bambi has not: weights of another mean than 1, correlated, names with a slash, empty groups.
NOT_IN_BAMBI = (
    *("weights", "other columns than R's", "arithmetic", "powers", "groups with signs", "categories of numbers"),
)
NAMES = [name for name in CASES if name not in NOT_IN_BAMBI]
NAMES = [name for name in NAMES if all(block.size == 1 for block in model(name).design.blocks)]


def run(script, folder, monkeypatch):
    """The model that the text makes; sampling is left out."""
    monkeypatch.chdir(folder)
    script.write_table()
    space: dict = {}
    exec(script.text.replace("results = model.fit(random_seed=1)\n", ""), space)
    built = space["model"]
    built.build()
    return built


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_text_makes_the_same_model(tmp_path, monkeypatch, name):
    """As `to_bambi`, whose density is held to be ours elsewhere, at random points."""
    same_model(model(name, priors="bambi"), tmp_path, monkeypatch)


@pytest.mark.slow
def test_categories_of_numbers(tmp_path, monkeypatch):
    """A file does not tell them from numbers."""
    rows = mixed_table()
    ours = bm.MixedModel("y ~ grade + band * t + (1 | g)", rows, priors="bambi")
    same_model(ours, tmp_path, monkeypatch)


def same_model(ours, tmp_path, monkeypatch):
    expected = ours.to_bambi()
    expected.build()
    found = run(ours.code("bambi"), tmp_path, monkeypatch)
    point = expected.backend.model.initial_point()
    assert list(found.backend.model.initial_point()) == list(point)
    ours_at, theirs_at = expected.backend.model.compile_logp(), found.backend.model.compile_logp()
    rng = np.random.default_rng(1)
    for _ in range(3):
        moved = {key: value + 0.1 * rng.normal(size=np.shape(value)) for key, value in point.items()}
        assert theirs_at(moved) == pytest.approx(ours_at(moved), rel=1e-10)


@pytest.mark.slow
def test_the_text_samples(tmp_path, monkeypatch):
    script = model("uncorrelated", priors="brms").code("bambi", data="sleep.csv")
    monkeypatch.chdir(tmp_path)
    script.write_table()
    space: dict = {}
    few = "random_seed=1, draws=20, tune=20, chains=1, progressbar=False"
    exec(script.text.replace("random_seed=1", few), space)
    assert "Days|Subject_sigma" in space["results"].posterior


def test_the_text():
    assert model("uncorrelated", priors="brms").code("bambi").text == (
        "# Reaction ~ Days + (Days || Subject) in Python with Bambi: 180 rows, 18 groups of Subject\n"
        "import bambi\n"
        "import pandas as pd\n"
        "\n"
        'table = pd.read_csv("table.csv", dtype={"Subject": object}, float_precision="round_trip")\n'
        "priors = {\n"
        '    "Intercept": bambi.Prior("StudentT", nu=3.0, mu=288.7, sigma=59.3),\n'
        '    "Days": bambi.Prior("Flat"),\n'
        '    "1|Subject": bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfStudentT", nu=3.0, sigma=59.3)),\n'
        '    "Days|Subject": bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfStudentT", nu=3.0, sigma=59.3)),\n'
        '    "sigma": bambi.Prior("HalfStudentT", nu=3.0, sigma=59.3),\n'
        "}\n"
        'model = bambi.Model("Reaction ~ 1 + Days + (1 + Days | Subject)", table, priors=priors)\n'
        "results = model.fit(random_seed=1)\n"
    )


def test_what_cannot_be_said():
    with pytest.raises(DesignError, match="correlated, which Bambi does not have"):
        model("slope").code("bambi")
    with pytest.raises(DesignError, match="has no rows, which Bambi keeps"):
        model("groups with signs", priors="bambi").code("bambi")
    weighted = bm.MixedModel("y ~ t + (1 | g)", model("weights").design.frame, weights="w", priors="bambi")
    with pytest.raises(DesignError, match="divide them by it"):
        weighted.code("bambi")
    with pytest.raises(PriorError, match="use priors='bambi'"):
        model("factor").code("bambi")
    with pytest.raises(PriorError, match="joint prior"):
        model("intercept", priors="rstanarm").code("bambi")
    with pytest.raises(DesignError, match=r"Bambi cannot name a variable .* for its '/': make a column"):
        model("powers", priors="bambi").code("bambi")
    table = bm.load_dataset("sleepstudy")
    own = bm.MixedModel("Reaction ~ half(Days) + (1 | Subject)", table, functions={"half": lambda x: x / 2})
    with pytest.raises(DesignError, match="half cannot be said elsewhere"):
        own.code("bambi")
