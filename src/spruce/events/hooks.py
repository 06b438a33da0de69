"""Every hook that Spruce emits, declared once; the second string tells the attributes of its events.

Times are in seconds. An attribute named after a thing (`request`, `response`, `exception`) is the thing itself.
"""

from spruce.events.hook import Hook

__all__ = [
    "account_event",
    "app_started",
    "app_stopped",
    "cache_used",
    "cache_waited",
    "csp_violation",
    "db_changed",
    "db_query",
    "db_reading",
    "loop_blocked",
    "request_aborted",
    "request_failed",
    "request_finished",
    "request_started",
    "server_started",
    "server_stopped",
    "server_stopping",
    "task_enqueued",
    "task_finished",
    "task_started",
    "template_rendered",
    "websocket_accepted",
    "websocket_received",
    "websocket_waiting",
]

loop_blocked = Hook("loop.blocked", "seconds, file, line, function, stack: as text; in the sentinel's OS thread")
server_started = Hook("server.started", "addresses: where this process listens, as URLs")
server_stopped = Hook("server.stopped", "addresses: where this process listened, as URLs")
server_stopping = Hook("server.stopping", "grace: how many seconds what is in flight may take; nobody may block here")
app_started = Hook("app.started", "app: which a server is about to serve, in each of its processes")
app_stopped = Hook("app.stopped", "app: which is no longer served")
request_started = Hook("request.started", "request")
request_finished = Hook("request.finished", "request, response, seconds, route: of a hosted app, if it tells that")
request_failed = Hook("request.failed", "request, exception: what no error handler took")
request_aborted = Hook("request.aborted", "request, exception: what came out of the app instead of a response")
account_event = Hook(
    "account.event",
    "kind: login, logout, password_changed, …, user_key: '' for nobody, username, address, agent, details",
)
csp_violation = Hook("csp.violation", "directive, blocked, page, report: what a browser says; anybody may send it")
template_rendered = Hook("template.rendered", "name, seconds")
db_query = Hook(
    "db.query",
    "sql, parameters, seconds, rows: returned or touched, database: its alias, file, line: of "
    "the program's own code (where only plain subscribers are, they ask `db.seeing.place()`), "
    "relation: what is loaded for one object, or '', remedy: what loads it for all",
)
db_reading = Hook(
    "db.reading",
    "database: its alias, tables: that are about to be read, keys: as texts, of the rows of the one table if no others "
    "are looked at, else None, settled: whether what is read has been committed and is the newest",
)
db_changed = Hook(
    "db.changed", "database: its alias, changes: what was committed, each with its `table` and `keys` (see db.Change)"
)
cache_used = Hook("cache.used", "cache: its alias, operation, keys, hits: how many were there, or None, seconds")
cache_waited = Hook(
    "cache.waited", "cache: its alias, key, seconds: that a thread waited for another to make the value"
)
task_enqueued = Hook(
    "task.enqueued",
    "name, queue, id: of the job, headers: a dict of texts that travels with the job, to which subscribers may add, "
    "as `traceparent`; before the job is written",
)
task_started = Hook(
    "task.started", "name, queue, id, attempt: from 1, waited: seconds since it was due, headers, trace_id, schedule"
)
task_finished = Hook(
    "task.finished",
    "name, queue, id, attempt, seconds, status: SUCCESSFUL, FAILED, READY when it will be tried again, or CANCELLED, "
    "exception: or None, headers, trace_id; in the green thread of task.started",
)
websocket_accepted = Hook("websocket.accepted", "websocket, request: of the handshake")
websocket_received = Hook("websocket.received", "websocket, size: of the message, in characters or bytes")
websocket_waiting = Hook("websocket.waiting", "websocket: whose view is done with the last message, and wants another")
