"""What becomes of the rows that point to a row when that is deleted."""

from typing import Any

__all__ = ["CASCADE", "DO_NOTHING", "PROTECT", "RESTRICT", "SET", "SET_DEFAULT", "SET_NULL", "OnDelete"]


class OnDelete:
    """What becomes of the rows that point to a row when that is deleted."""

    def __init__(self, name: str, ddl: str) -> None:
        self.name = name
        self.ddl = ddl

    def __repr__(self) -> str:
        return self.name


class SET(OnDelete):
    """Point to another row: the object or key that is given, or what a function gives when it is needed."""

    def __init__(self, value: Any) -> None:
        super().__init__("SET", "NO ACTION")
        self.value = value

    def __call__(self) -> Any:
        """The value to set."""
        return self.value() if callable(self.value) else self.value


CASCADE = OnDelete("CASCADE", "CASCADE")
PROTECT = OnDelete("PROTECT", "RESTRICT")
RESTRICT = OnDelete("RESTRICT", "RESTRICT")
SET_NULL = OnDelete("SET_NULL", "SET NULL")
SET_DEFAULT = OnDelete("SET_DEFAULT", "NO ACTION")
DO_NOTHING = OnDelete("DO_NOTHING", "NO ACTION")
