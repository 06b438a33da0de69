"""JSON that must be refused is a 400, never a 500; what must be accepted is; the rest is one of both.

The cases are those of JSONTestSuite in kind: every way in which a text can fail to be JSON (RFC 8259).
"""

from collections.abc import Callable
from http.client import HTTPConnection

from tests.real.conftest import Served

REFUSED = {
    "arrays": [
        b"[1 true]", b"[a\xe5]", b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"',
        b"[x", b"[3[4]]", b"[\xff]", b"[1:2]", b"[,]", b"[-]", b"[   , \"\"]", b'["a",\n4\n,1,', b"[1,]",
        b"[1,\n1\n,1", b"[1", b"[", b'["\x0ba"\\f]', b"[*]", b'[""', b"[1,", b"[{}", b"[\"a\"\n,4\n,1,",
        b"[ false, tru", b"]", b"[]]", b"[][]", b"[1]]",
    ],
    "names": [
        b"[fals]", b"[nul]", b"[tru]", b"TRUE", b"True", b"nul", b"[True]", b"None", b"undefined", b"[NULL]",
    ],
    "numbers": [
        b"[++1234]", b"[+1]", b"[+Inf]", b"[-01]", b"[-1.0.]", b"[-2.]", b"[-NaN]", b"[.-1]", b"[.2e-3]", b"[0.1.2]",
        b"[0.3e+]", b"[0.3e]", b"[0.e1]", b"[0E+]", b"[0E]", b"[0e+]", b"[0e]", b"[1.0e+]", b"[1.0e-]", b"[1.0e]",
        b"[1 000.0]", b"[1eE2]", b"[2.e+3]", b"[2.e-3]", b"[2.e3]", b"[9.e+]", b"[Inf]", b"[NaN]", b"[\xef\xbc\x91]",
        b"[1+2]", b"[0x1]", b"[0x42]", b"[Infinity]", b"[0e+-1]", b"[-123.123foo]", b"[123\xe5]", b"[1e1\xe5]",
        b"[0\xe5]", b"[-Infinity]", b"[-foo]", b"[- 1]", b"[-012]", b"[-.123]", b"[-1x]", b"[1ea]", b"[1e\xe5]",
        b"[1.]", b"[.123]", b"[1.2a-3]", b"[1.8011670033376514H-308]", b"[012]", b"[-00.0]", b"[00.0]", b"[00e0]",
        b"[-00e0]", b"1_000", b"1.", b"-", b"+", b"--1", b"1e", b"0b1", b"0o7", b"1,000", b"NaN", b"-Infinity",
        b"Infinity",
    ],
    "objects": [
        b'["x", truth]', b"{[: \"x\"}\n", b'{"x", null}', b'{"x"::"b"}', b"{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}",
        b'{"a":"a" 123}', b"{key: 'value'}", b'{"\xb9":"0",}', b'{"a" b}', b'{:"b"}', b'{"a" "b"}', b'{"a":',
        b'{"a"', b"{1:1}", b"{9999E9999:1}", b"{null:null,null:null}", b'{"id":0,,,,,}', b"{'a':0}", b'{"id":0,}',
        b'{"a":"b"}/**/', b'{"a":"b"}/**//', b'{"a":"b"}//', b'{"a":"b"}/', b'{"a":"b",,"c":"d"}', b'{a: "b"}',
        b'{"a":"a', b'{ "foo" : "bar", "a" }', b'{"a":"b"}#', b"{", b"}", b"{]", b"[}", b'{"a"',
        b'{"a":/*comment*/"b"}', b'{"a": true} "x"', b"{,", b"{'", b'{"', b'{"a', b"{}}", b'{"":', b'{"a":"b"}#{}',
        b'{"a":1;"b":2}', b"{true:1}",
    ],
    "texts": [
        b'["\\u00A"]', b'["\\ud834\\Dd"]', b'["\\uD800\\u"]', b'["\\uD800\\u1"]', b'["\\uD800\\u1x"]', b'["\\',
        b'["\\\\\\"]', b'["\\x00"]', b'["\\\xf0\x9f\x8c\x80"]', b'["\\\t"]', b'["\\u\xe5"]', b'["\\a"]',
        b'["\\uqqqq"]', b'["\\\xe5"]', b"[\\u0020\"asd\"]", b"[\\n]", b'"', b"['single quote']", b"abc",
        b'["a\x00a"]', b'["new\nline"]', b'["\t"]', b'"\\UA66D"', b'""x', b'["\x1f"]', b'["\\0"]', b'["\\8"]',
        b'["\\u 123"]', b'["a', b'"\\"', b'["\r"]', b'"\x00"', b'["\\u{41}"]', b"`a`",
    ],
    "structures": [
        b"", b" ", b"\n", b"<.>", b"[<null>]", b"[\xe2\x81\xa0]", b"\xe2\x81\xa0", b"\xef\xbb\xbf",
        b"\xef\xbb\xbf{}", b"[1]x", b"[1]]", b'["asd]', b"a\xc3\xa5", b"[True]", b'{"x": true,', b"{}}", b'[{',
        b"[\"\"],", b"1]", b"2@", b"{\"a\":\"b\"}#", b"[\\u000A\"\"]", b"\x0c[]", b"[\x0c]", b"[],", b"{},",
        b'{"superfluous": true}x', b"\xe5", b"\xe2", b'"a" "b"', b"1 2", b"null null", b"//\n1", b"/**/1", b"#\n1",
        b"[1]//", b"\x00", b"[\x00]", b"1\x00", b"\x1e1\n", b"\xc2\xa01", b"\xe2\x80\xa81", b"[1]\xc2\x85", b"'",
        b"callback([])", b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"":' * 100_000, b'[{"":' * 50_000,
    ],
}  # fmt: skip
ACCEPTED = [
    b"[[]   ]", b'[""]', b"[]", b'["a"]', b"[false]", b'[null, 1, "1", {}]', b"[null]", b"[1\n]", b" [1]",
    b"[1,null,null,null,2]", b"[2] ", b"[123e65]", b"[0e+1]", b"[0e1]", b"[ 4]",
    b"[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", b"[20e1]", b"[-0]",
    b"[-123]", b"[-1]", b"[-0.0]", b"[1E22]", b"[1E-2]", b"[1E+2]", b"[123e45]", b"[123.456e78]", b"[1e-2]",
    b"[1e+2]", b"[123]", b"[123.456789]", b'{"asd":"sdf", "dfg":"fgh"}', b'{"asd":"sdf"}', b'{"a":"b","a":"c"}',
    b'{"a":"b","a":"b"}', b"{}", b'{"":0}', b'{"foo\\u0000bar": 42}', b'{ "min": -1.0e+28, "max": 1.0e+28 }',
    b'{"x":[{"id": "xxxxxxxxxx"}], "id": "x"}', b'{"a":[]}', '{"title":"Полтора Землекопа"}'.encode(),
    b'{\n"a": "b"\n}', b'["\\u0060\\u012a\\u12AB"]', b'["\\uD801\\udc37"]', b'["\\ud83d\\ude39\\ud83d\\udc8d"]',
    b'["\\"\\\\\\/\\b\\f\\n\\r\\t"]', b'["\\\\u0000"]', b'["\\""]', b'["a/*b*/c/*d//e"]', b'["\\\\a"]', b'["\\\\n"]',
    b'["\\u0012"]', b'["\\uFFFF"]', b'["asd"]', b'[ "asd"]', b'["\\uDBFF\\uDFFF"]', b'["new\\u00A0line"]',
    b'["\xf4\x8f\xbf\xbf"]', b'["\xef\xbf\xbf"]', b'["\\u0000"]', b'["\\u002c"]', b'["\xcf\x80"]',
    b'["\xf0\x9b\xbf\xbf"]', b'["asd "]', b'" "', b'["\\uD834\\uDd1e"]', b'["\\u0821"]', b'["\\u0123"]',
    b'["\xe2\x80\xa8"]', b'["\xe2\x80\xa9"]', b'["\\u0061\\u30af\\u30EA\\u30b9"]', b'["new\\u000Aline"]',
    b'["\x7f"]', b'["\\uA66D"]', b'["\\u005C"]', '["⍂㈴⍂"]'.encode(), b'["\\u200B"]', b'["\\u2064"]', b'["\\uFDD0"]',
    b'["\\uFFFE"]', b'["\\u0022"]', '["€𝄞"]'.encode(), b'["a\x7fa"]', b"false", b"42", b"-0.1", b"null", b'"asd"',
    b"true", b'""', b'["a"]\n', b"[true]", b" [] ", b"\t[\n]\r", b'{"a":{"b":[[[[1]]]]}}', b"[" * 100 + b"]" * 100,
    b"[1.0,2e5,-3E-2]",
]  # fmt: skip
UNDECIDED = [
    b"[123.456e-789]", b"[0.4e00669999999999999999999999999999999999999999999969999999006]", b"[-1e+9999]",
    b"[1.5e+9999]", b"[-123123e100000]", b"[123123e100000]", b"[123123123123123123123123123123]",
    b"[100000000000000000000]", b"[-237462374673276894279832749832423479823246327846]", b'{"\\uDFAA":0}',
    b'["\\uDADA"]', b'["\\uD888\\u1234"]', b'["\xe6\x97\xa5\xd1\x88\xfa"]', b'["\\uD800\\n"]', b'["\\uDd1ea"]',
    b'["\\uD800\\uD800\\n"]', b'["\\ud800"]', b'["\\ud800abc"]', b'["\xff"]', b'["\\uDd1e\\uD834"]', b'["\xe9"]',
    b'["\\uDFAA"]', b'["\xed\xa0\x80"]', b'["\xc0\xaf"]', b'["\xfc\x83\xbf\xbf\xbf\xbf"]',
    b'["\xfc\x80\x80\x80\x80\x80"]', b'["\xe0\xff"]', b'["\x81"]', b'["\xf4\xbf\xbf\xbf"]', '["é"]'.encode("utf-16"),
    '["é"]'.encode("utf-16-le"), '["é"]'.encode("utf-16-be"), b"\xef\xbb\xbf{}", b"[" * 500 + b"]" * 500,
    b"1" * 5000, b"[" + b"9" * 100_000 + b"]", b"0." + b"1" * 100_000, b"1e" + b"9" * 1000, b"-" + b"1" * 4301,
    b'"' + b"\\u0041" * 50_000 + b'"',
]  # fmt: skip


def post(connection: HTTPConnection, body: bytes, path: str = "/json") -> tuple[int, bytes]:
    """Send JSON; return the status and the body of the answer."""
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_json_is_refused_and_accepted_by_the_rfc(promised: Callable[..., Served]) -> None:
    """As a dict, and as a parameter with a type, whose values may be wrong too."""
    served = promised()
    connection = HTTPConnection(served.host, served.port, timeout=30)
    for kind, bodies in REFUSED.items():
        for body in bodies:
            status, answer = post(connection, body)
            assert (status, b"not valid JSON" in answer) == (400, True), (kind, body[:100], answer)
            assert post(connection, body, "/order")[0] == 400, (kind, body[:100])
            assert post(connection, b'{"count": 1, "note": %b}' % body, "/order")[0] in (400, 422), (kind, body[:100])
    for body in ACCEPTED:
        assert post(connection, body)[0] == 200, body[:100]
    for body in UNDECIDED:
        assert post(connection, body)[0] in (200, 400), body[:100]
        assert post(connection, b'{"count": %b}' % body, "/order")[0] in (200, 400, 422), body[:100]
    connection.close()


def test_odd_numbers_are_never_an_error_of_the_server(promised: Callable[..., Served]) -> None:
    """As the value of a parameter of type int."""
    served = promised()
    connection = HTTPConnection(served.host, served.port, timeout=30)
    for count in (b"9" * 30, b"9" * 4301, b"1e308", b"1e309", b"-0", b"1.0", b"1.5", b"true", b'"1"', b"null"):
        assert post(connection, b'{"count": %b}' % count, "/order")[0] in (200, 400, 422), count
    connection.close()
