"""What would go with an object."""

from spruce import App
from spruce.admin.deletion import preview

from .conftest import Maker, Product, Review


def test_all_that_cascades(app: App) -> None:
    """By model, each object once."""
    with app.app_context():
        going = preview(list(Maker.objects.all()))
        assert going.groups == [
            ("makers", 2, ["Steiff", "熊猫"]), ("products", 2, ["Bear <b>", "Car"]), ("line", 1, ["soft"]),
        ]  # fmt: skip
        assert (going.total, going.protected) == (5, [])
        Review.objects.create(product=Product.objects.get(pk=1))
        assert preview([Product.objects.get(pk=1)]).protected == ["review: a review"]
        assert preview([]).groups == []
