"""W3C trace context: what is read, and what is as good as none."""

import pytest

from spruce.apm import TraceParent, trace_parent_from_headers, trace_parent_from_string

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{SPAN}-01"


def test_a_header_is_read_and_written() -> None:
    """What is read is written the same."""
    parent = trace_parent_from_string(HEADER)
    assert parent == TraceParent(TRACE, SPAN, True, "")
    assert parent is not None
    assert parent.to_string() == HEADER


def test_a_trace_that_is_not_sampled_stays_so() -> None:
    """Only the lowest bit of the flags counts."""
    for flags, sampled in (("00", False), ("02", False), ("03", True)):
        parent = trace_parent_from_string(f"00-{TRACE}-{SPAN}-{flags}")
        assert parent is not None
        assert parent.sampled is sampled


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        HEADER.upper().replace("0AF", "0AG"),
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_a_wrong_header_is_none(header: str) -> None:
    """A trace goes on only from what is valid."""
    assert trace_parent_from_string(header) is None


def test_a_later_version_may_say_more() -> None:
    """What follows is passed over."""
    parent = trace_parent_from_string(f"cc-{TRACE}-{SPAN}-01-what-the-future-brings")
    assert parent is not None
    assert parent.span_id == SPAN


def test_headers_in_any_case_and_form() -> None:
    """A mapping or pairs, text or bytes; Elastic's older name is known too."""
    assert trace_parent_from_headers({"TraceParent": HEADER, "tracestate": "a=b"}) == TraceParent(
        TRACE, SPAN, True, "a=b"
    )
    raw: list[tuple[str, str]] = [(b"elastic-apm-traceparent", HEADER.encode())]  # type: ignore[list-item] # as kafka has
    assert trace_parent_from_headers(raw) == TraceParent(TRACE, SPAN)
    assert trace_parent_from_headers({"traceparent": "wrong"}) is None
    assert trace_parent_from_headers([("traceparent", HEADER), ("traceparent", HEADER)]) is None


def test_several_states_are_one_list() -> None:
    """RFC 9110 section 5.3; and too many entries are dropped."""
    many = [("tracestate", f"k{number}=1") for number in range(33)]
    parent = trace_parent_from_headers([("traceparent", HEADER), ("tracestate", "a=1, "), ("tracestate", "b=2")])
    assert parent is not None
    assert parent.tracestate == "a=1,b=2"
    parent = trace_parent_from_headers([("traceparent", HEADER), *many])
    assert parent is not None
    assert parent.tracestate == ""


@pytest.mark.parametrize(
    ("state", "rate"),
    [
        ("es=s:0.25", 0.25),
        ("other=x,es=a:1;s:1", 1.0),
        ("es=s:2", None),
        ("es=s:x", None),
        ("es=", None),
        ("", None),
    ],
)
def test_the_rate_of_sampling_is_in_tracestate(state: str, rate: float | None) -> None:
    """As Elastic's agents write it."""
    assert TraceParent(TRACE, SPAN, True, state).sample_rate == rate


def test_whether_elastic_was_there() -> None:
    """Its entry in tracestate tells."""
    assert TraceParent(TRACE, SPAN, True, "a=1,es=s:1").from_elastic
    assert not TraceParent(TRACE, SPAN, True, "best=1").from_elastic
