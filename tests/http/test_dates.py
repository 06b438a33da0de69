"""HTTP dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from spruce.http.dates import http_date, parse_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
TEXT = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    "when", [MOMENT, MOMENT.timestamp(), MOMENT.replace(tzinfo=None), MOMENT.astimezone(timezone(timedelta(hours=8)))]
)
def test_a_moment_is_written_in_gmt(when: datetime | float) -> None:
    assert http_date(when) == TEXT


@pytest.mark.parametrize("text", [TEXT, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 16:49:37 +0800"])
def test_the_forms_of_rfc_9110_are_read(text: str) -> None:
    assert parse_date(text) == MOMENT


@pytest.mark.parametrize("text", [None, "", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT"])
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None


def test_without_a_moment_it_is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    written = parse_date(http_date())
    assert written is not None
    assert before <= written <= datetime.now(UTC)
