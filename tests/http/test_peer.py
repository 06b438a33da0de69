"""Connections as requests see them."""

from spruce.http import EMPTY_STREAM, Peer, Request


def test_who_asks() -> None:
    request = Request("GET", "/", peer=Peer("http", ("10.0.0.9", 4711), ("10.0.0.1", 80)))
    assert (request.remote_addr, request.client, request.server) == ("10.0.0.9", ("10.0.0.9", 4711), ("10.0.0.1", 80))
    assert Request("GET", "/").remote_addr is None


def test_a_peer_is_shared_by_the_requests_of_its_connection() -> None:
    peer = Peer("https", certificate={"subject": "CN=a"})
    one, other = Request("GET", "/", peer=peer), Request("GET", "/", peer=peer)
    assert one.peer is other.peer
    assert (one.is_secure, one.remote_addr, peer.certificate) == (True, None, {"subject": "CN=a"})


def test_a_request_without_a_body_has_a_stream_that_is_at_its_end() -> None:
    assert Request("GET", "/").stream is EMPTY_STREAM
    assert (EMPTY_STREAM.read(), EMPTY_STREAM.read(5)) == (b"", b"")
