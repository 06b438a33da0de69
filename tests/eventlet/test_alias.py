"""`import eventlet` finds Spruce's, in programs of their own."""

import subprocess
import sys


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)


def test_libraries_that_import_eventlet_get_this_one() -> None:
    """The same modules by both names, submodules too, the green ones as well; calling it twice does nothing more."""
    program = """
import sys
from spruce.eventlet import install_as_eventlet
install_as_eventlet()
install_as_eventlet()
import eventlet
from eventlet import greenpool, wsgi
from eventlet.green import socket, urllib
import eventlet.green.urllib.request
import eventlet.websocket
import spruce.eventlet.websocket
import spruce.eventlet.green.socket
assert eventlet is spruce.eventlet and wsgi is spruce.eventlet.wsgi
assert eventlet.websocket is spruce.eventlet.websocket
assert socket is spruce.eventlet.green.socket
assert eventlet.__spec__.name == "spruce.eventlet" and wsgi.__spec__.name == "spruce.eventlet.wsgi"
try:
    import eventlet.zipkin
except ModuleNotFoundError as error:
    print(error)
eventlet.monkey_patch()
pool = greenpool.GreenPool()
print(list(pool.imap(abs, range(3))), len([finder for finder in sys.meta_path if "alias" in type(finder).__module__]))
"""
    ended = run(program)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "No module named 'eventlet.zipkin'\n[0, 1, 2] 1\n"


def test_eventlet_itself_may_not_be_there_yet() -> None:
    program = """
import sys, types
sys.modules["eventlet"] = types.ModuleType("eventlet")
from spruce.eventlet import install_as_eventlet
try:
    install_as_eventlet()
except RuntimeError as error:
    print(error)
"""
    ended = run(program)
    assert ended.stdout == (
        "eventlet has been imported already, from nowhere. Call install_as_eventlet() before whatever imports it\n"
    ), ended.stderr
