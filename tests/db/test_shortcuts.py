"""Objects, or the answer 404."""

from types import SimpleNamespace

import pytest

from spruce.db import get_list_or_404, get_object_or_404
from spruce.errors import NotFound


def test_an_object_or_404(stocked: SimpleNamespace) -> None:
    """Of a model, a manager or a query."""
    assert get_object_or_404(stocked.Maker, name="Steiff") == stocked.steiff
    assert get_object_or_404(stocked.Maker.objects.filter(country="DE")) == stocked.steiff
    with pytest.raises(NotFound) as missing:
        get_object_or_404(stocked.Maker.objects, pk=99)
    assert missing.value.description == "No Maker matches the given query."
    with pytest.raises(stocked.Maker.MultipleObjectsReturned):
        get_object_or_404(stocked.Maker)


def test_a_list_or_404(stocked: SimpleNamespace) -> None:
    """With one row at least."""
    assert get_list_or_404(stocked.Maker, country="DE") == [stocked.steiff]
    with pytest.raises(NotFound) as missing:
        get_list_or_404(stocked.Maker, country="XX")
    assert missing.value.description == "No Maker matches the given query."
