"""Around all views: sessions, CSRF, CORS, security headers, rate limits, languages, cached pages, each in a module."""

__all__: list[str] = []
