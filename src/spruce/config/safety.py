"""The settings of sessions, signing, CSRF, CORS, security headers and rate limits; `known` takes them in.

Names are Django's and django-cors-headers'. Times are in seconds.
"""

from types import FunctionType

from spruce.config.setting import Setting

__all__ = ["SAFETY"]

_WEEKS_2 = 14 * 24 * 3600
_YEAR = 365 * 24 * 3600

_STACK = (
    Setting(
        "DEFAULT_MIDDLEWARE",
        (list, tuple),
        [
            "spruce.apm.startup.ApmMiddleware",
            "spruce.middleware.security.SecurityMiddleware",
            "spruce.middleware.csp.ContentSecurityPolicyMiddleware",
            "spruce.middleware.cors.CorsMiddleware",
            "spruce.middleware.ratelimits.RateLimitMiddleware",
            "spruce.middleware.replicas.ReplicaMiddleware",
            "spruce.middleware.sessions.SessionMiddleware",
            "spruce.middleware.csrf.CsrfViewMiddleware",
            "spruce.apm.startup.viewer_middleware",
        ],
        "The usual middleware, outside of those in MIDDLEWARE; one that MIDDLEWARE names too has its place there.",
    ),
    Setting(
        "JINJA_EXTENSIONS",
        (list, tuple),
        ["spruce.middleware.templatetags.SafetyExtension", "spruce.middleware.cachetags.CacheExtension"],
        "Extensions of Jinja2 that templates may use: classes, or their dotted names.",
    ),
)

_SESSIONS = (
    Setting(
        "SESSION_ENGINE",
        (str, type),
        None,
        "Where sessions are: `cookie` (signed), `database`, `cache`, `cached_database`, or your class's dotted name; "
        "None is `cookie`, and `database` where spruce.auth is installed.",
    ),
    Setting("SESSION_CACHE_ALIAS", str, "default", "The cache for the engines `cache` and `cached_database`."),
    Setting("SESSION_COOKIE_NAME", str, "session", "The cookie of sessions; under HTTPS `__Host-` goes before it."),
    Setting("SESSION_COOKIE_AGE", int, _WEEKS_2, "Seconds that a session lives after its last change."),
    Setting("SESSION_COOKIE_DOMAIN", str, None, "The domain of the session's cookie; None is the host alone."),
    Setting("SESSION_COOKIE_PATH", str, "/", "The path of the session's cookie."),
    Setting(
        "SESSION_COOKIE_SECURE", bool, None, "Whether the session's cookie is for HTTPS only; None: if it came so."
    ),
    Setting("SESSION_COOKIE_HTTPONLY", bool, True, "Whether scripts in pages cannot read the session's cookie."),
    Setting("SESSION_COOKIE_SAMESITE", str, "Lax", "SameSite of the session's cookie: `Lax`, `Strict`, `None`."),
    Setting("SESSION_COOKIE_PARTITIONED", bool, False, "Whether a page that frames this one has a cookie of its own."),
    Setting("SESSION_EXPIRE_AT_BROWSER_CLOSE", bool, False, "Whether sessions end with the browser."),
    Setting("SESSION_SAVE_EVERY_REQUEST", bool, False, "Whether each request prolongs the session, not only changes."),
    Setting(
        "SESSION_ABSOLUTE_AGE",
        int,
        None,
        "Seconds after which a session ends however much it is used; None: never.",
    ),
)

_CSRF = (
    Setting(
        "CSRF_MODE",
        str,
        "origin",
        "How forms of other sites are told: `origin` by what browsers say, `token` by a secret in each form.",
    ),
    Setting(
        "CSRF_TRUSTED_ORIGINS", (list, tuple), [], "Other origins whose forms are taken: `https://*.shop.example`."
    ),
    Setting(
        "CSRF_FAILURE_VIEW",
        (str, FunctionType),
        None,
        "What answers a refused form, called with request and reason; None is the error handler of 403.",
    ),
    Setting("CSRF_USE_SESSIONS", bool, False, "Whether the secret of CSRF_MODE `token` is kept in the session."),
    Setting("CSRF_COOKIE_NAME", str, "csrftoken", "The cookie with the secret; under HTTPS `__Host-` goes before it."),
    Setting("CSRF_COOKIE_AGE", int, _YEAR, "Seconds that the cookie with the secret lives."),
    Setting("CSRF_COOKIE_DOMAIN", str, None, "The domain of the cookie with the secret; None is the host alone."),
    Setting("CSRF_COOKIE_PATH", str, "/", "The path of the cookie with the secret."),
    Setting("CSRF_COOKIE_SECURE", bool, None, "Whether that cookie is for HTTPS only; None: if it came so."),
    Setting("CSRF_COOKIE_HTTPONLY", bool, False, "Whether scripts in pages cannot read the cookie with the secret."),
    Setting("CSRF_COOKIE_SAMESITE", str, "Lax", "SameSite of the cookie with the secret."),
    Setting("CSRF_HEADER_NAME", str, "X-CSRFToken", "The header in which scripts send the token."),
    Setting("CSRF_FIELD_NAME", str, "csrfmiddlewaretoken", "The field of forms that holds the token."),
)

_CORS = (
    Setting("CORS_ALLOWED_ORIGINS", (list, tuple), [], "Origins whose scripts may read: `https://app.example`."),
    Setting("CORS_ALLOWED_ORIGIN_REGEXES", (list, tuple), [], "Patterns of such origins, which fit them wholly."),
    Setting("CORS_ALLOW_ALL_ORIGINS", bool, False, "Whether the scripts of every site may read."),
    Setting("CORS_ORIGIN_ALLOW_ALL", bool, False, "The old name of CORS_ALLOW_ALL_ORIGINS."),
    Setting("CORS_ORIGIN_WHITELIST", (list, tuple), [], "The old name of CORS_ALLOWED_ORIGINS."),
    Setting("CORS_ORIGIN_REGEX_WHITELIST", (list, tuple), [], "The old name of CORS_ALLOWED_ORIGIN_REGEXES."),
    Setting("CORS_ALLOW_CREDENTIALS", bool, False, "Whether such scripts may send cookies, and read what they bring."),
    Setting("CORS_ALLOW_PRIVATE_NETWORK", bool, False, "Whether sites of the internet may ask a private network."),
    Setting(
        "CORS_ALLOW_HEADERS",
        (list, tuple, str),
        ["accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with"],
        "Headers that such scripts may send.",
    ),
    Setting(
        "CORS_ALLOW_METHODS",
        (list, tuple, str),
        ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
        "Methods that such scripts may use.",
    ),
    Setting("CORS_EXPOSE_HEADERS", (list, tuple, str), [], "Headers of answers that such scripts may read."),
    Setting("CORS_PREFLIGHT_MAX_AGE", int, 86400, "Seconds that a browser keeps the answer to a preflight; 0: none."),
    Setting("CORS_URLS_REGEX", str, "", "The paths that CORS is for, from their beginning; empty is all."),
)

_HEADERS = (
    Setting(
        "ALLOWED_HOSTS",
        (list, tuple),
        [],
        "Hosts that the app answers for: `shop.example`, `.shop.example` with those below, `*`; empty: not checked.",
    ),
    Setting(
        "SECURE_PROXY_SSL_HEADER",
        (list, tuple),
        None,
        "A header and its value by which a proxy says HTTPS; the proxy must take it away from what clients send.",
    ),
    Setting(
        "SECURE_SSL_REDIRECT",
        bool,
        False,
        "Whether HTTP is sent on to HTTPS; not in debug mode, and not on localhost, 127.0.0.1 and [::1].",
    ),
    Setting("SECURE_SSL_HOST", str, None, "The host that HTTP is sent on to; None is the one that was asked."),
    Setting("SECURE_REDIRECT_EXEMPT", (list, tuple), [], "Patterns of paths, without the slash, that stay on HTTP."),
    Setting("SECURE_HSTS_SECONDS", int, 0, "Seconds that browsers use HTTPS only (HSTS), told under HTTPS; 0: not."),
    Setting("SECURE_HSTS_INCLUDE_SUBDOMAINS", bool, None, "Whether HSTS is for subdomains too; None: undecided, no."),
    Setting("SECURE_HSTS_PRELOAD", bool, None, "Whether browsers may ship with this HSTS; None: undecided, no."),
    Setting("SECURE_CONTENT_TYPE_NOSNIFF", bool, True, "Whether browsers take content types as they are said."),
    Setting(
        "SECURE_REFERRER_POLICY",
        (str, list, tuple),
        "strict-origin-when-cross-origin",
        "What links tell other sites about the page that they are on; empty sends nothing about it.",
    ),
    Setting(
        "SECURE_CROSS_ORIGIN_OPENER_POLICY",
        str,
        "same-origin",
        "Which windows of other sites can reach this one; empty sends nothing about it.",
    ),
    Setting("X_FRAME_OPTIONS", str, "DENY", "Who may frame pages: DENY, SAMEORIGIN; empty sends nothing about it."),
    Setting("SECURE_CSP", dict, {}, "The Content-Security-Policy: lists of sources by directive; empty: none."),
    Setting("SECURE_CSP_REPORT_ONLY", dict, {}, "A policy that is reported against, and not enforced."),
    Setting("SECURE_CSP_REPORT_URL", str, "", "The path at which violations of policies are taken; empty: none."),
)

_LIMITS = (
    Setting(
        "RATE_LIMIT",
        str,
        None,
        "What each client may ask for, all views together: `100/minute`; None is as much as it likes.",
    ),
    Setting(
        "RATE_LIMIT_CACHE_ALIAS",
        str,
        None,
        "The cache in which all workers count requests together; None: each worker counts by itself.",
    ),
)

SAFETY = (*_STACK, *_SESSIONS, *_CSRF, *_CORS, *_HEADERS, *_LIMITS)
"""All of them."""
