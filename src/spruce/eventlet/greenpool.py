"""`eventlet.greenpool`: pools of green threads, and piles that yield results in order."""

from spruce.green import GreenPile, GreenPool

__all__ = ["GreenPile", "GreenPool"]
