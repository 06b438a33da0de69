"""How much of what happens is kept when more happens than anybody can look at: a rate, and who was left out."""

from math import inf

__all__ = ["Budget"]

_BURST = 10.0  # seconds of the rate that may come at once
_KEYS = 10_000


class Budget:
    """Lets `rate` things a second pass, more for a moment after a quiet time; of the others only their number is known.

    What passes tells how many like it, by their key, it stands for; so counts stay right though not all is kept.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._most = rate * _BURST
        self._left = self._most
        self._at = 0.0
        self._others: dict[object, int] = {}

    @property
    def has_room(self) -> bool:
        """Whether another one may pass, as far as was seen."""
        return self._left >= 1.0

    @property
    def opens(self) -> float:
        """The time at which another one may pass."""
        return self._at + max(1.0 - self._left, 0.0) / self.rate if self.rate > 0 else inf

    def weight(self, key: object, now: float) -> int:
        """How many things the one with this key stands for, at a time in seconds; 0: it is left out."""
        self.refill(now)
        if self._left >= 1.0:
            self._left -= 1.0
            return 1 + self._others.pop(key, 0) if self._others else 1
        self.leave_out(key)
        return 0

    def refill(self, now: float) -> None:
        """Let as many pass again as the time that has gone by allows."""
        if now > self._at:
            self._left = min(self._left + (now - self._at) * self.rate, self._most)
            self._at = now

    def leave_out(self, key: object) -> None:
        """Count one that does not pass."""
        if key in self._others:
            self._others[key] += 1
        elif len(self._others) < _KEYS:
            self._others[key] = 1
