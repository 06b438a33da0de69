"""eventlet on its default hub."""

import eventlet
from eventlet.green import socket
from eventlet_names import Library, answers, operations

from worker import serve

library = Library(eventlet.spawn, eventlet.sleep, eventlet.Queue, eventlet.Event, eventlet.GreenPool, socket.socketpair)
eventlet.spawn(lambda: serve(operations(library), lambda: answers(library))).wait()
