"""The state of an object as a hash."""

from spruce import App
from spruce.admin.locking import version_of

from .conftest import Product


def test_it_changes_with_any_field_and_tie(app: App) -> None:
    """And with nothing else."""
    with app.app_context():
        bear = Product.objects.get(pk=1)
        first = version_of(bear)
        assert version_of(Product.objects.get(pk=1)) == first
        bear.stock += 1
        assert version_of(bear) != first
        bear.stock -= 1
        bear.tags.set([1])
        assert version_of(bear) != first
