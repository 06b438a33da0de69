"""Every hook that Spruce emits, declared once; the second string tells the attributes of its events.

Times are in seconds. An attribute named after a thing (`request`, `response`, `exception`) is the thing itself.
"""

from spruce.events.hook import Hook

__all__ = [
    "cache_used",
    "cache_waited",
    "csp_violation",
    "db_query",
    "loop_blocked",
    "request_failed",
    "request_finished",
    "request_started",
    "server_started",
    "server_stopped",
    "template_rendered",
]

loop_blocked = Hook("loop.blocked", "seconds, file, line, function, stack: as text; in the sentinel's OS thread")
server_started = Hook("server.started", "addresses: where this process listens, as URLs")
server_stopped = Hook("server.stopped", "addresses: where this process listened, as URLs")
request_started = Hook("request.started", "request")
request_finished = Hook("request.finished", "request, response, seconds")
request_failed = Hook("request.failed", "request, exception: what no error handler took")
csp_violation = Hook("csp.violation", "directive, blocked, page, report: what a browser says; anybody may send it")
template_rendered = Hook("template.rendered", "name, seconds")
db_query = Hook(
    "db.query",
    "sql, parameters, seconds, rows: returned or touched, database: its alias, file, line: of "
    "the program's own code, relation: what is loaded for one object, or '', remedy: what loads it for all",
)
cache_used = Hook("cache.used", "cache: its alias, operation, keys, hits: how many were there, or None, seconds")
cache_waited = Hook(
    "cache.waited", "cache: its alias, key, seconds: that a thread waited for another to make the value"
)
