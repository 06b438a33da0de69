"""Every key that Spruce itself reads from an app's settings, declared once."""

from os import PathLike

from spruce.config.accounts import ACCOUNTS
from spruce.config.safety import SAFETY
from spruce.config.setting import Setting

__all__ = ["KNOWN"]

_SETTINGS = (
    Setting(
        "DEBUG", bool, False, "True shows a page with the traceback when a view fails; never use it in production."
    ),
    Setting(
        "DEBUG_TOKEN",
        str,
        None,
        "What a browser has to give once to be shown errors in debug mode; None makes one at start-up.",
        secret=True,
    ),
    Setting("TESTING", bool, False, "True lets the errors of views reach the test client."),
    Setting("SECRET_KEY", (str, bytes), None, "What cookies are signed with: a long random text.", secret=True),
    Setting(
        "SECRET_KEY_FALLBACKS",
        (list, tuple),
        [],
        "Former values of SECRET_KEY, the latest first: what they have signed is still read, and signed anew.",
        secret=True,
    ),
    Setting("SERVER_NAME", str, None, "The host, with its port, of URLs that are built outside of a request."),
    Setting("APPLICATION_ROOT", str, "/", "The path below which the app lives, for URLs built outside of a request."),
    Setting("PREFERRED_URL_SCHEME", str, "http", "The scheme of URLs that are built outside of a request."),
    Setting("INSTANCE_PATH", (str, PathLike), None, "The folder of the app's own files; None is `instance` beside it."),
    Setting(
        "MAX_CONTENT_LENGTH", int, None, "The most bytes that a request's body may have; None leaves it to the server."
    ),
    Setting(
        "TEMPLATES_AUTO_RELOAD", bool, None, "Whether changed templates are read again; None does so in debug mode."
    ),
    Setting("LANGUAGE_CODE", str, "en", "The language of whoever asks for none: `en`, `pt-BR`, `zh-Hans`."),
    Setting(
        "LANGUAGES",
        (dict, list, tuple),
        [],
        "The languages that the app speaks, each with its name: a dict or pairs; empty is LANGUAGE_CODE alone.",
    ),
    Setting("LANGUAGE_COOKIE_NAME", str, "language", "The cookie that remembers which language a visitor chose."),
    Setting(
        "LANGUAGE_URL_PREFIX",
        bool,
        False,
        "True puts the language before each path, as in /zh-Hans/shop; that of LANGUAGE_CODE has none.",
    ),
    Setting(
        "LOCALE_PATHS",
        (list, tuple),
        [],
        "Folders of translations that go before `locale` in the app's folder and in those of INSTALLED_APPS.",
    ),
    Setting("TIME_ZONE", str, "UTC", "The zone that times are shown in unless another is activated: `Asia/Shanghai`."),
    Setting(
        "BLOCKED_AFTER",
        (int, float),
        250,
        "After how many milliseconds in which nothing else could run a worker logs what holds it up; 0 turns this off.",
    ),
    Setting("OPENAPI_URL", str, "/openapi.json", "Where the API is described in OpenAPI 3.1; '' turns this off."),
    Setting("DOCS_URL", str, "/docs", "Where the API is described for people; '' turns this off."),
    Setting("API_TITLE", str, "", "The name of the API in its documentation; empty is that of the app."),
    Setting("API_VERSION", str, "1.0.0", "The version of the API in its documentation."),
    Setting(
        "ELASTIC_APM",
        dict,
        {},
        "Performance monitoring: settings with the names of Elastic's agent, as {'SERVICE_NAME': 'shop'}; empty: none.",
        secret=True,
    ),
    Setting(
        "VIEWER",
        (bool, type(None)),
        None,
        "Whether requests, queries and errors can be seen at /_spruce/; None: in debug mode, or with VIEWER_AUTHORIZE.",
    ),
    Setting(
        "VIEWER_AUTHORIZE",
        object,
        None,
        "Who may see /_spruce/ where debug mode is off: a callable that gets the request, or its dotted name.",
    ),
    Setting("VIEWER_FILE", str, "", "The SQLite file with what the viewer shows; empty: viewer.db in INSTANCE_PATH."),
    Setting("VIEWER_MOST", int, 100_000, "So many requests, and errors, are kept for the viewer."),
    Setting("VIEWER_DAYS", (int, float), 7, "For so many days they are kept."),
    Setting("VIEWER_BYTES", int, 200_000_000, "The viewer's file may have about so many bytes; what is oldest leaves."),
    Setting(
        "VIEWER_RATE",
        (int, float),
        50,
        "So many requests a second of each worker are kept for the viewer, and as many that fail or are slow.",
    ),
    Setting("VIEWER_PROFILE_RATE", int, 100, "So many samples a second are taken while the viewer's profiler is on."),
    Setting(
        "INSTALLED_APPS",
        (list, tuple),
        [],
        "Packages with models, templates, static files and commands, or dotted names of their AppConfig.",
    ),
    Setting(
        "MIDDLEWARE", (list, tuple), [], "Middleware from the outermost in: callables, classes, or their dotted names."
    ),
    Setting(
        "CACHES",
        dict,
        {},
        "Caches by alias: URLs, or dicts as Django's; `default` is in the memory of each process if not given.",
        secret=True,
    ),
    Setting(
        "CACHE_DEPENDS",
        list,
        [],
        'The caches (aliases) on Redis or in a database whose values may have depends="auto": each commit tells them.',
    ),
    Setting("CACHE_MIDDLEWARE_ALIAS", str, "default", "The cache that CacheMiddleware keeps pages in."),
    Setting("CACHE_MIDDLEWARE_SECONDS", (int, float), 600, "For how many seconds CacheMiddleware keeps pages."),
    Setting("CACHE_MIDDLEWARE_KEY_PREFIX", str, "", "Goes before the keys of pages, where sites share a cache."),
    Setting(
        "DATABASES", dict, {}, "URLs of databases by alias; empty means SQLite in the instance folder.", secret=True
    ),
    Setting(
        "MEDIA_ROOT", (str, PathLike), None, "The folder of uploaded files; None is `media` in the instance folder."
    ),
    Setting("MEDIA_URL", str, "/media/", "The URL below which browsers find uploaded files."),
    Setting("STORAGES", dict, {}, "Places for files by alias: objects, classes, or {'BACKEND': …, 'OPTIONS': {…}}."),
    Setting("MIGRATIONS_FOLDER", (str, PathLike), "migrations", "The folder of migrations, seen from the app's own."),
    Setting(
        "TASKS",
        str,
        "embedded",
        "Who runs tasks: `embedded` web workers too, `worker` only `spruce worker`, `inline` the call that enqueues; "
        "`dummy` nobody; `celery+redis://host/0` or `celery+amqp://host` workers of Celery.",
    ),
    Setting(
        "TASKS_RESULTS",
        str,
        "",
        "The URL of the Redis with states and results of jobs that Celery carries; empty is that of the broker.",
    ),
    Setting("WEBHOOK_ALLOW_PRIVATE", bool, False, "Whether webhooks may go to hosts that are not on the Internet."),
    Setting("TASKS_CONCURRENCY", int, 20, "How many jobs each process runs at one time, in green threads."),
    Setting("TASKS_QUEUES", (list, tuple), [], "The queues whose jobs web workers run; empty is every queue."),
    Setting(
        "TASKS_KEEP",
        (int, float),
        7 * 86400,
        "For how many seconds jobs are kept once they have ended; those that failed, thirteen times as long.",
    ),
    Setting(
        "DATABASE_ROUTERS", (list, tuple), [], "Objects, classes or dotted names that choose a database per query."
    ),
    Setting(
        "ATOMIC_REQUESTS",
        (bool, list, tuple),
        False,
        "True makes each view a transaction on `default`; a list of aliases, on those.",
    ),
    Setting(
        "DATABASE_REPLICAS",
        (list, tuple, dict),
        [],
        "URLs of read-only copies of a PostgreSQL database, which then answer reads: of `default`, or lists by alias.",
        secret=True,
    ),
    Setting("DATABASE_REPLICA_LAG", (int, float), 10, "How many seconds a replica may be behind and still answer."),
)

KNOWN: dict[str, Setting] = {setting.name: setting for setting in (*_SETTINGS, *ACCOUNTS, *SAFETY)}
