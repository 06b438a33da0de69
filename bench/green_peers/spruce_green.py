"""Spruce on the loop that the command line names."""

import sys

from eventlet_names import Library, answers, operations

from spruce import green
from worker import serve

library = Library(green.spawn, green.sleep, green.Queue, green.Event, green.GreenPool)
green.run(lambda: serve(operations(library), lambda: answers(library)), loop=sys.argv[1])
