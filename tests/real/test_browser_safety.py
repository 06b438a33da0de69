"""What protects visitors, as a real Chromium enforces it: two sites on a real server, and the browser between them.

The browser takes every name below `localhost` for this machine, and each for a site of its own; it treats them as
secure, so it says in Sec-Fetch-Site where requests come from.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import trustme
from playwright.sync_api import Browser, BrowserContext, Page, expect

from spruce import App, Request, Response, events, flash, redirect, render_template_string, request, session
from spruce.middleware.csp import CSP
from spruce.testing import LiveServer

FORM = """<!doctype html><title>shop</title>
{% for message in get_flashed_messages() %}<p class=message>{{ message }}</p>{% endfor %}
<p id=amount>{{ session.get("amount", 0) }}</p>
<meta name=csrf content="{{ csrf_token() }}">
<form method=post action="/pay"><input name=amount value=5>{% csrf_token %}<button>Pay</button></form>"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with no cookies yet, which takes certificates of the tests' own authority."""
    context = browser.new_context(ignore_https_errors=True)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def live() -> Iterator[Callable[[App, str], str]]:
    """Serve an app under a name below localhost while the test runs; return its URL."""
    with ExitStack() as stack:

        def serve(app: App, name: str) -> str:
            return f"http://{name}.localhost:{stack.enter_context(LiveServer(app)).port}"

        yield serve


@pytest.fixture
def payments() -> "Iterator[Queue[int]]":
    """The statuses by which servers have answered who wanted to pay."""
    statuses: Queue[int] = Queue()

    def note(event: events.Event) -> None:
        request, response = event["request"], event["response"]
        if isinstance(request, Request) and isinstance(response, Response) and request.path == "/pay":
            statuses.put(response.status_code)

    end = events.request_finished.subscribe(note)
    yield statuses
    end()


def shop(**settings: Any) -> App:
    """Return a shop in which one can pay, with what it was paid."""
    app = App(__name__, **{"SECRET_KEY": "a long random text that nobody guesses", "static_folder": None, **settings})
    app.extensions["paid"] = []

    @app.get("/")
    def index() -> str:
        return render_template_string(FORM)

    @app.post("/pay")
    def pay() -> Any:
        session["amount"] = session.get("amount", 0) + int(request.form["amount"])
        app.extensions["paid"].append(int(request.form["amount"]))
        flash("Paid")
        return redirect("/", 303)

    @app.get("/me")
    def me() -> dict[str, Any]:
        return {"amount": session.get("amount", 0)}

    @app.put("/api")
    def api(request: Request) -> dict[str, Any]:
        app.extensions["paid"].append(request.get_json()["amount"])
        return {"ok": True}

    return app


def site(pages: dict[str, str], **headers: str) -> App:
    """Return an app with pages as they are given, and nothing that protects them."""
    app = App(__name__, DEFAULT_MIDDLEWARE=[], static_folder=None)

    @app.get("/<name>")
    def page(name: str) -> Any:
        return pages.get(name, ""), 200, headers

    @app.get("/referrer")
    def referrer() -> str:
        return request.referrer or "nothing"

    return app


# Forms of other sites

PAY = "<form method=post action='{url}/pay'><input name=amount value=99></form>"
SUBMIT = "<script>document.forms[0].submit()</script>"
SEND = """([name, value]) => fetch("/api", {
    method: "PUT", body: '{"amount": 3}',
    headers: {"Content-Type": "application/json", ...(name ? {[name]: value} : {})},
}).then(answer => answer.status)"""


def test_a_visitor_pays_and_sees_it_asvs_3_5_1(page: Page, live: Callable[..., str]) -> None:
    """One's own form works with nothing in it, and the session and the flashed message come back."""
    page.goto(live(shop(), "shop"))
    for amount in ("5", "10"):
        page.get_by_role("button", name="Pay").click()
        expect(page.locator("#amount")).to_have_text(amount)
        expect(page.locator(".message")).to_have_text("Paid")
    page.reload()
    expect(page.locator(".message")).to_have_count(0)


@pytest.mark.parametrize(
    "attack",
    [
        f"{PAY}{SUBMIT}",
        f"{PAY}<script>document.forms[0].enctype = 'text/plain'</script>{SUBMIT}",
        "<iframe sandbox='allow-scripts allow-forms' srcdoc=\"<form method=post action='{url}/pay'><input name=amount "
        'value=99></form><script>document.forms[0].submit()</script>"></iframe>',
        f"<meta name=referrer content=no-referrer>{PAY}{SUBMIT}",
        "<script>fetch('{url}/pay', {{method: 'POST', mode: 'no-cors', credentials: 'include', "
        "body: new URLSearchParams({{amount: 99}})}}).finally(() => document.title = 'done')</script>",
        "<script>navigator.sendBeacon('{url}/pay', new URLSearchParams({{amount: 99}}))</script>",
    ],
    ids=["form", "text form", "sandboxed frame", "no referrer", "fetch", "beacon"],
)
@pytest.mark.parametrize("mode", ["origin", "token"])
def test_another_sites_page_cannot_pay_asvs_3_5_1(
    page: Page, live: Callable[..., str], payments: "Queue[int]", attack: str, mode: str
) -> None:
    """Whatever way it sends the form; the shop is asked, and refuses with 403."""
    app = shop(CSRF_MODE=mode)
    url = live(app, "shop")
    page.goto(url)
    evil = live(site({"attack": attack.format(url=url)}), "evil")
    page.goto(f"{evil}/attack", wait_until="commit")
    assert payments.get(timeout=60) == 403
    assert app.extensions["paid"] == []


def test_a_sister_site_cannot_pay_either_asvs_3_5_1(page: Page, live: Callable[..., str]) -> None:
    """Of the same domain: the browser calls it same-site, and sends it the cookies."""
    app = shop()
    url = live(app, "www.shop")
    sister = live(site({"attack": f"{PAY}{SUBMIT}".format(url=url)}), "blog.shop")
    with page.expect_response(f"{url}/pay") as answer:
        page.goto(f"{sister}/attack")
    assert (answer.value.status, answer.value.request.headers.get("origin")) == (403, sister)
    assert app.extensions["paid"] == []


def test_a_trusted_site_can_pay(page: Page, live: Callable[..., str]) -> None:
    app = shop()
    url = live(app, "shop")
    other = live(site({"pay": f"{PAY}{SUBMIT}".format(url=url)}), "pay")
    app.config["CSRF_TRUSTED_ORIGINS"] = [other]
    page.goto(f"{other}/pay")
    page.wait_for_url(f"{url}/")
    assert app.extensions["paid"] == [99]


def test_with_tokens_a_form_and_a_script_have_to_hold_one_asvs_3_5_1(page: Page, live: Callable[..., str]) -> None:
    app = shop(CSRF_MODE="token")
    page.goto(live(app, "shop"))
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#amount")).to_have_text("5")
    token = page.locator("meta[name=csrf]").get_attribute("content")
    assert page.evaluate(SEND, ["", ""]) == 403
    assert page.evaluate(SEND, ["X-CSRFToken", "0" * 64]) == 403
    assert page.evaluate(SEND, ["X-CSRFToken", token]) == 200
    assert app.extensions["paid"] == [5, 3]


# Scripts of other sites

READ = """url => fetch(url, {credentials: "include"}).then(answer => answer.json(), error => String(error))"""
WRITE = """url => fetch(url, {method: "PUT", body: '{"amount": 4}', headers: {"Content-Type": "application/json"}})
    .then(answer => answer.status, error => String(error))"""
FAILED = "TypeError: Failed to fetch"


def test_a_site_that_is_allowed_may_read_and_others_may_not_asvs_3_4_2(page: Page, live: Callable[..., str]) -> None:
    app = shop()
    url, friend, evil = live(app, "shop"), live(site({"x": ""}), "friend"), live(site({"x": ""}), "evil")
    app.config.update(CORS_ALLOWED_ORIGINS=[friend], CORS_ALLOW_CREDENTIALS=True)
    page.goto(f"{friend}/x")
    assert page.evaluate(READ, f"{url}/me") == {"amount": 0}
    page.goto(f"{evil}/x")
    assert page.evaluate(READ, f"{url}/me") == FAILED


def test_a_preflight_is_asked_and_answered_asvs_3_5_2(page: Page, live: Callable[..., str]) -> None:
    """What is not allowed is not even sent; and who may read may still not write unless CSRF trusts it too."""
    app = shop()
    url, friend, evil = live(app, "shop"), live(site({"x": ""}), "friend"), live(site({"x": ""}), "evil")
    app.config.update(CORS_ALLOWED_ORIGINS=[friend])
    page.goto(f"{evil}/x")
    assert page.evaluate(WRITE, f"{url}/api") == FAILED
    page.goto(f"{friend}/x")
    assert page.evaluate(WRITE, f"{url}/api") == 403
    assert app.extensions["paid"] == []
    app.config.update(CSRF_TRUSTED_ORIGINS=[friend])
    app.changed()
    assert page.evaluate(WRITE, f"{url}/api") == 200
    assert app.extensions["paid"] == [4]


def test_all_origins_may_read_but_as_nobody(page: Page, live: Callable[..., str]) -> None:
    """A star goes without cookies; with credentials the browser refuses it."""
    url, other = live(shop(CORS_ALLOW_ALL_ORIGINS=True), "shop"), live(site({"x": ""}), "other")
    page.goto(url)
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#amount")).to_have_text("5")
    page.goto(f"{other}/x")
    assert page.evaluate("url => fetch(url).then(answer => answer.json())", f"{url}/me") == {"amount": 0}
    assert page.evaluate(READ, f"{url}/me") == FAILED


def test_a_session_does_not_come_with_requests_of_other_sites_asvs_3_3_2(page: Page, live: Callable[..., str]) -> None:
    """SameSite=Lax: even for a site that may read with credentials, it is nobody's."""
    app = shop(CORS_ALLOW_CREDENTIALS=True, CORS_ALLOW_ALL_ORIGINS=True)
    url, other = live(app, "shop"), live(site({"x": ""}), "other")
    page.goto(url)
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#amount")).to_have_text("5")
    page.goto(f"{other}/x")
    assert page.evaluate(READ, f"{url}/me") == {"amount": 0}


# Cookies


def test_scripts_cannot_read_the_session_asvs_3_3_4(page: Page, live: Callable[..., str]) -> None:
    page.goto(live(shop(), "shop"))
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#amount")).to_have_text("5")
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("session", True, "Lax")


def test_under_https_the_cookie_is_bound_to_the_host_asvs_3_3_1_3_3_3(
    page: Page, serve: Callable[..., Any], tmp_path: Path
) -> None:
    """Secure, `__Host-`, and HSTS; and a cookie that was planted by HTTP doesn't count."""
    authority = trustme.CA()
    certificate = authority.issue_cert("shop.localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    with (tmp_path / "cert.pem").open("wb") as file:
        for part in certificate.cert_chain_pems:
            file.write(part.bytes())
    (tmp_path / "app.py").write_text(
        "from spruce import App, session\n"
        "app = App(__name__, SECRET_KEY='k' * 40, SECURE_HSTS_SECONDS=60)\n"
        "@app.get('/')\n"
        "def index():\n"
        "    session['n'] = session.get('n', 0) + 1\n"
        "    return str(session['n'])\n"
    )
    served = serve("app.py", "--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
    url = f"https://shop.localhost:{served.port}"
    page.context.add_cookies([{"name": "session", "value": "planted", "domain": "shop.localhost", "path": "/"}])
    for visit in ("1", "2"):
        answer = page.goto(url)
        expect(page.locator("body")).to_have_text(visit)
        assert answer is not None
        assert answer.headers["strict-transport-security"] == "max-age=60"
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["__Host-session"]["secure"]
    assert page.evaluate("document.cookie") == "session=planted"


# Policies

PROGRAM = "document.body.append('{}')"
POLICED = (
    """<!doctype html><body><script>"""
    + PROGRAM.format("inline ")
    + """</script><script nonce="{{ csp_nonce() }}">"""
    + PROGRAM.format("nonced ")
    + """</script><script src="{{ elsewhere }}/program"></script><img src=x onerror=\""""
    + PROGRAM.format("handler ")
    + """\"><a href="javascript:"""
    + PROGRAM.format("link")
    + """">link</a>"""
)


def test_a_policy_stops_scripts_that_are_not_ones_own_asvs_3_4_3(page: Page, live: Callable[..., str]) -> None:
    """The script with the nonce runs; what was injected doesn't, and the browser reports it."""
    elsewhere = live(site({"program": PROGRAM.format("elsewhere")}, **{"Content-Type": "text/javascript"}), "cdn")
    app = App(__name__, SECURE_CSP={"script-src": [CSP.NONCE]}, SECURE_CSP_REPORT_URL="/csp", static_folder=None)
    app.get("/")(lambda: render_template_string(POLICED, elsewhere=elsewhere))
    reports: list[tuple[object, object]] = []
    end = events.csp_violation.subscribe(lambda event: reports.append((event["directive"], event["blocked"])))
    url = live(app, "shop")
    try:
        with page.expect_response(f"{url}/csp"):
            page.goto(url)
        page.get_by_text("link").click()
        expect(page.locator("body")).to_contain_text("nonced")
        text = page.locator("body").inner_text()
    finally:
        end()
    assert ("script-src-elem", "inline") in reports
    assert [word for word in ("inline", "elsewhere", "handler") if word in text] == []


@pytest.mark.parametrize(("settings", "framed"), [({}, False), ({"X_FRAME_OPTIONS": ""}, True)])
def test_no_other_site_can_frame_a_page_asvs_3_4_6(
    page: Page, live: Callable[..., str], settings: dict[str, Any], framed: bool
) -> None:
    url = live(shop(**settings), "shop")
    page.goto(live(site({"frame": f"<iframe src='{url}'></iframe>"}), "evil") + "/frame")
    inner = page.frame_locator("iframe")
    if framed:
        expect(inner.locator("#amount")).to_have_text("0")
    else:
        expect(inner.locator("#amount")).to_have_count(0)
        assert page.frames[1].url.startswith("chrome-error:")


def test_a_text_is_no_script_asvs_3_4_4(page: Page, live: Callable[..., str]) -> None:
    """An upload that is called text stays text."""
    app = shop()
    program = ("document.title = 'ran'", 200, {"Content-Type": "text/plain"})
    app.add_url_rule("/upload", "upload", lambda: program)
    app.add_url_rule("/page", "page", lambda: "<title>quiet</title><script src='/upload'></script>")
    page.goto(live(app, "shop") + "/page")
    assert page.title() == "quiet"


def test_links_tell_other_sites_the_host_alone_asvs_3_4_5(page: Page, live: Callable[..., str]) -> None:
    """No path, and no secret in it."""
    other = live(site({}), "other")
    app = shop()
    app.add_url_rule(
        "/reset/<token>", "reset", lambda token: f"<a href='{other}/referrer'>out</a><a href='/own'>in</a>"
    )
    app.add_url_rule("/own", "own", lambda: request.referrer)
    url = live(app, "shop")
    page.goto(f"{url}/reset/secret")
    page.get_by_role("link", name="out").click()
    expect(page.locator("body")).to_have_text(f"{url}/")
    page.goto(f"{url}/reset/secret")
    page.get_by_role("link", name="in").click()
    expect(page.locator("body")).to_have_text(f"{url}/reset/secret")


def test_a_window_that_another_site_opened_is_out_of_its_reach(page: Page, live: Callable[..., str]) -> None:
    """Cross-Origin-Opener-Policy: neither knows the other."""
    url = live(shop(), "shop")
    button = f"<button onclick=\"w = window.open('{url}')\">open</button>"
    page.goto(live(site({"x": button}), "evil") + "/x")
    with page.expect_popup() as opened:
        page.get_by_role("button").click()
    popup = opened.value
    popup.wait_for_load_state()
    assert popup.evaluate("window.opener") is None
    assert page.evaluate("w.closed")
