"""Requests and responses as values: bytes in, bytes out, and no input or output of its own."""

from spruce.errors.phrases import PHRASES
from spruce.http.accept import Accept
from spruce.http.authorization import Authorization
from spruce.http.bodies import AsyncBody, FilePart
from spruce.http.cachecontrol import CacheControl
from spruce.http.conditional import ETags, asked_range, check_preconditions, is_known
from spruce.http.cookies import dump_cookie, parse_cookie
from spruce.http.dates import http_date, parse_date
from spruce.http.forms import FileStorage, Form, FormLimits, Readable, parse_multipart, parse_urlencoded
from spruce.http.headers import HeaderItems, Headers, HeaderSet, StandingHeaders
from spruce.http.media import is_json, parse_options, with_charset
from spruce.http.multidict import MultiDict
from spruce.http.peer import EMPTY_STREAM, Peer
from spruce.http.query import decode_path, parse_query
from spruce.http.request import Handler, Request
from spruce.http.response import Response, error_response

__all__ = [
    "EMPTY_STREAM",
    "PHRASES",
    "Accept",
    "AsyncBody",
    "Authorization",
    "CacheControl",
    "ETags",
    "FilePart",
    "FileStorage",
    "Form",
    "FormLimits",
    "Handler",
    "HeaderItems",
    "HeaderSet",
    "Headers",
    "MultiDict",
    "Peer",
    "Readable",
    "Request",
    "Response",
    "StandingHeaders",
    "asked_range",
    "check_preconditions",
    "decode_path",
    "dump_cookie",
    "error_response",
    "http_date",
    "is_json",
    "is_known",
    "parse_cookie",
    "parse_date",
    "parse_multipart",
    "parse_options",
    "parse_query",
    "parse_urlencoded",
    "with_charset",
]
