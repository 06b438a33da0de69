"""`eventlet.green`: modules of the standard library whose blocking calls let other green threads run.

`from spruce.eventlet.green import socket`, `import spruce.eventlet.green.urllib.request`: any module that Python has is
found here. It is made when it is first imported, and the module itself stays as it is.
"""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from spruce.eventlet.convenience import wrap_ssl
from spruce.eventlet.greenio import GreenSocket
from spruce.patching import green_module

__all__: list[str] = []

_PREFIX: Final = f"{__name__}."
_RENAMED: Final = {  # what eventlet has under the names of Python 2
    "BaseHTTPServer": "http.server",
    "CGIHTTPServer": "http.server",
    "Queue": "queue",
    "SimpleHTTPServer": "http.server",
    "SocketServer": "socketserver",
    "builtin": "builtins",
    "httplib": "http.client",
    "thread": "_thread",
    "urllib2": "urllib.request",
}


def get_fileno(file: Any) -> int:
    """The descriptor of a file, or the number itself. TypeError for what is none."""
    number = file.fileno() if hasattr(file, "fileno") else file
    if not isinstance(number, int):
        raise TypeError(f"Expected int or long, got {type(number)}")
    return number


_OWN: Final[dict[str, dict[str, Any]]] = {  # what eventlet has in its module, and Python hasn't
    "select": {"get_fileno": get_fileno},
    "socket": {"socket": GreenSocket},
    "ssl": {"wrap_socket": wrap_ssl},
}


class _Finder(MetaPathFinder, Loader):
    """Makes `spruce.eventlet.green.x` out of the standard library's `x`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec if there is such a module in the standard library."""
        if not fullname.startswith(_PREFIX):
            return None
        name = _real(fullname)
        if name.partition(".")[0] not in sys.stdlib_module_names:
            return None
        real = importlib.util.find_spec(name)
        if real is None:
            return None
        return ModuleSpec(
            fullname, self, origin=f"patched {name}", is_package=real.submodule_search_locations is not None
        )

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with the attributes of the patched one."""
        module = ModuleType(spec.name)
        patched: Any = vars(green_module(_real(spec.name)))
        names = [name for name in patched if not name.startswith("__") or name == "__all__"]
        vars(module).update({name: patched[name] for name in names})
        vars(module).update(_OWN.get(_real(spec.name), {}))
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""


def _real(fullname: str) -> str:
    name = fullname.removeprefix(_PREFIX)
    return _RENAMED.get(name, name)


sys.meta_path.append(_Finder())
