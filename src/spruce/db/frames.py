"""The frame of a window: which of the rows around a row a function or an aggregate sees."""

from spruce.errors import FieldError

__all__ = ["Frame", "RowRange", "ValueRange"]


class Frame:
    """From `start` to `end`, relative to the row: negative before it, positive behind it, None without a limit."""

    unit = ""

    def __init__(self, start: int | None = None, end: int | None = None) -> None:
        for each in (start, end):
            if each is not None and (not isinstance(each, int) or isinstance(each, bool)):
                raise FieldError(f"{type(self).__name__}({start!r}, {end!r}) takes whole numbers or None")
        if start is not None and end is not None and start > end:
            raise FieldError(f"{type(self).__name__}({start}, {end}) begins behind its end")
        self.start = start
        self.end = end

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """What makes two frames the same."""
        return self.unit, self.start, self.end


class RowRange(Frame):
    """So many rows before and behind: `RowRange(-2, 0)` are the row and two before it."""

    unit = "rows"


class ValueRange(Frame):
    """The rows whose value of `order_by` is so much smaller or larger; the default of SQL is `ValueRange(None, 0)`."""

    unit = "range_"
