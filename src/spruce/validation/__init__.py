"""What a value has to be beside of the right type, for models and forms alike; nothing of either is loaded for it."""

from spruce.validation import validators

__all__ = ["validators"]
