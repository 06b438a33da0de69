"""The command `spruce`: run an app, list its routes, open a shell in it."""

__all__: list[str] = []
