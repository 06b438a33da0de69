"""eventlet on its default hub."""

from eventlet_names import Library, answers, operations

import eventlet
from worker import serve

library = Library(eventlet.spawn, eventlet.sleep, eventlet.Queue, eventlet.Event, eventlet.GreenPool)
eventlet.spawn(lambda: serve(operations(library), lambda: answers(library))).wait()
