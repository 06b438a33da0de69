"""What the admin keeps: who changed which object when, and how."""

from typing import Any

from spruce import db

__all__ = ["ADDITION", "CHANGE", "DELETION", "LogEntry"]

ADDITION, CHANGE, DELETION = "add", "change", "delete"

_RIGHTS = [  # of the pages about the running system
    (f"{verb}_{name}", f"Can {verb} {name}")
    for name, verbs in {
        "sessions": ("view", "change"),
        "caches": ("view", "change"),
        "jobs": ("view", "change"),
        "requests": ("view",),
    }.items()
    for verb in verbs
]


class LogEntry(db.Model):
    """A change that somebody made in the admin.

    The object and its user are named by their keys, as text: an entry outlives both. `changes` has for each field its
    label, and what was shown before and after.
    """

    time = db.DateTimeField(auto_now_add=True, db_index=True)
    user_key = db.CharField(max_length=64, db_index=True)
    user_name = db.CharField(max_length=150)
    label = db.CharField(max_length=100)
    model = db.CharField(max_length=100)
    object_key = db.CharField(max_length=200)
    object_name = db.CharField(max_length=200)
    action = db.CharField(max_length=10)
    changes = db.JSONField(default=list)

    class Meta:  # noqa: D106 - options of the model, which the model's docstring is for
        db_table = "admin_log"
        ordering = ("-id",)
        permissions = _RIGHTS
        indexes = (db.Index(fields=["label", "model", "object_key"], name="admin_log_object"),)

    def __str__(self) -> str:
        return f"{self.user_name}: {self.action} {self.object_name}"

    @classmethod
    def write(cls, user: Any, label: str, obj: Any, action: str, changes: list[Any]) -> None:
        """Note a change of an object by a user."""
        cls.objects.create(
            user_key=str(user.pk)[:64],
            user_name=str(user)[:150],
            label=label[:100],
            model=type(obj).__name__.lower()[:100],
            object_key=str(obj.pk)[:200],
            object_name=str(obj)[:200],
            action=action,
            changes=changes,
        )
