"""formulae is silent while it works for us, in every thread, and only then."""

import threading

import pytest
from formulae import design_matrices

from bayesmixed.errors import DesignError
from tests.encoding.example import learn, make_table

FAULT = "C(Type, Treatment('T9'))"


def test_a_thread_stays_silent_when_another_is_done(capsys):
    started, other_is_done = threading.Event(), threading.Event()
    caught = []

    def slow(x):
        started.set()
        assert other_is_done.wait(timeout=60)
        return x

    def fail():
        with pytest.raises(DesignError, match="there is no level 'T9'") as error:
            learn(f"y ~ slow(x) + {FAULT} + (1 | g)", functions={"slow": slow})
        caught.append(error)

    thread = threading.Thread(target=fail)
    thread.start()
    assert started.wait(timeout=60)
    learn("y ~ x + (1 | g)")
    other_is_done.set()
    thread.join(timeout=60)
    assert len(caught) == 1
    assert capsys.readouterr().out == ""


def test_others_still_hear_formulae(capsys):
    with pytest.raises(DesignError):
        learn(f"y ~ {FAULT} + (1 | g)")
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="reference not in levels"):
        design_matrices(f"y ~ {FAULT}", make_table())
    assert "Unexpected error" in capsys.readouterr().out
