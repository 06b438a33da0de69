"""Spruce on the loop that the command line names."""

import sys

from eventlet_names import Library, answers, operations

from spruce import green
from spruce.patching import green_module
from worker import serve

pair = green_module("socket").socketpair
library = Library(green.spawn, green.sleep, green.Queue, green.Event, green.GreenPool, pair)
green.run(lambda: serve(operations(library), lambda: answers(library)), loop=sys.argv[1])
