"""Tokens know where they stand."""

from bayesmixed.formula import tokenize


def test_tokens_know_their_position():
    tokens = tokenize("y ~ `a b`^2")
    assert [(token.text, token.position) for token in tokens] == [
        ("y", 0),
        ("~", 2),
        ("`a b`", 4),
        ("^", 9),
        ("2", 10),
        ("", 11),
    ]
