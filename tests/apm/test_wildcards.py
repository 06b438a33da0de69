"""Patterns as Elastic's agents agreed on them."""

import json
from pathlib import Path

import pytest

from spruce.apm.wildcards import Patterns

EXAMPLES = json.loads((Path(__file__).parents[1] / "data" / "elastic_wildcards.json").read_text("utf-8"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shared_examples(name: str) -> None:
    """Each text fits its pattern, or doesn't, as the examples say."""
    for pattern, texts in EXAMPLES[name].items():
        assert {text: Patterns([pattern]).match(text) for text in texts} == texts


def test_one_of_several_is_enough() -> None:
    """And none are none."""
    assert Patterns(["/health", "/static/*"]).match("/static/a.css")
    assert not Patterns([]).match("")
    assert not Patterns([])
    assert repr(Patterns(["a*", "b"])) == "<Patterns a*, b>"
