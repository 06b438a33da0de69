"""`eventlet.tpool`: OS threads for calls that block."""

from spruce.green.tpool import Proxy, execute, killall, set_num_threads

__all__ = ["Proxy", "execute", "killall", "set_num_threads"]
