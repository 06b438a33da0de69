"""What the admin keeps."""

from spruce import App
from spruce.admin.models import CHANGE, LogEntry
from spruce.auth.user import User

from .conftest import Product


def test_an_entry_names_user_and_object(app: App) -> None:
    """By key and as text, so that it outlives both."""
    with app.app_context():
        LogEntry.write(User.objects.get(pk=1), "adminshop", Product.objects.get(pk=1), CHANGE, [{"field": "Name"}])
        entry = LogEntry.objects.get()
    assert str(entry) == "root: change Bear <b>"
    assert (entry.user_key, entry.label, entry.model, entry.object_key) == ("1", "adminshop", "product", "1")
    assert entry.changes == [{"field": "Name"}]
