"""Around all views: sessions, CSRF, CORS, security headers, rate limits; one module per concern."""

__all__: list[str] = []
