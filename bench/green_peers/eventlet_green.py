"""eventlet on its default hub."""

import eventlet
from eventlet_names import Library, answers, operations

from worker import serve

library = Library(eventlet.spawn, eventlet.sleep, eventlet.Queue, eventlet.Event, eventlet.GreenPool)
eventlet.spawn(lambda: serve(operations(library), lambda: answers(library))).wait()
