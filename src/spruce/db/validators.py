"""Validators under the name that users of models look for: those of `spruce.validation`."""

from spruce.validation import validators
from spruce.validation.validators import *  # noqa: F403 - the module's own __all__ is the list of its names

__all__: list[str] = []
__all__ += validators.__all__
