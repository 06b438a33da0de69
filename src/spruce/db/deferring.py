"""When a constraint is looked at: at the end of each statement, or of the transaction."""

import enum
from typing import Any

from spruce.errors import ModelError

__all__ = ["Deferrable", "deferral"]


class Deferrable(enum.Enum):
    """When a constraint that can wait is looked at, unless `SET CONSTRAINTS` says otherwise.

    DEFERRED: when the transaction is committed, so that rows may be in each other's way meanwhile. IMMEDIATE: at the
    end of each statement.
    """

    DEFERRED = "DEFERRED"
    IMMEDIATE = "IMMEDIATE"


def deferral(deferrable: Deferrable | None, what: str) -> dict[str, Any]:
    """What SQLAlchemy's constraints are given for it. Raises ModelError, about `what`, when it is none."""
    if deferrable is None:
        return {}
    if not isinstance(deferrable, Deferrable):
        raise ModelError(
            f"{what}: deferrable is Deferrable.DEFERRED or Deferrable.IMMEDIATE, not {deferrable!r}",
            hint="`from spruce.db import Deferrable`.",
        )
    return {"deferrable": True, "initially": deferrable.value}
