"""Progress in one line, in terminals only."""

import io
from types import SimpleNamespace

from bayesmixed.engines.progress import OneLine, progress_options


def chains(finished, divergences=0):
    return [SimpleNamespace(finished_draws=one, total_draws=100, divergences=divergences) for one in finished]


def test_one_line_is_written_over_and_ends_once():
    stream = io.StringIO()
    line = OneLine(stream)
    for finished in ([0, 0], [50, 34], [100, 100], [100, 100]):
        line(chains(finished, 1))
    pieces = stream.getvalue().split("\r")
    assert [piece.split(",")[0] for piece in pieces[1:]] == [
        "sampling:   0 %",
        "sampling:  42 %",
        "sampling: 100 %",
    ]
    assert stream.getvalue().count("\n") == 1
    assert "2 chains, 2 divergences" in stream.getvalue()
    assert max(map(len, pieces)) < 60


def test_nothing_before_the_sampler_knows_its_chains():
    stream = io.StringIO()
    OneLine(stream)([])
    assert stream.getvalue() == ""


def test_terminals_have_the_line_and_notebooks_the_table(monkeypatch):
    def sample(model, progress_bar=True, progress_callback=None):
        pass

    def older(model, progress_bar=True):
        pass

    assert progress_options(True, sample) == {"progress_bar": True}  # pytest's stream is no terminal
    assert progress_options(False, sample) == {"progress_bar": False}
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: True, write=print))
    assert isinstance(progress_options(True, sample)["progress_callback"], OneLine)
    assert progress_options(True, sample)["progress_bar"] is False
    assert progress_options(True, older) == {"progress_bar": True}
    assert progress_options(False, sample) == {"progress_bar": False}
