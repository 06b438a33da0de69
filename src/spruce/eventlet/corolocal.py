"""`eventlet.corolocal`: values of each green thread."""

from spruce.green import get_ident, local

__all__ = ["get_ident", "local"]
