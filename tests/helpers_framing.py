"""Requests whose end is a matter of opinion: what two servers might read differently.

Each probe is the bytes of *one* request by the strictest reading, with a second request for
``/smuggled`` hidden where a lenient reader would find it.
"""

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: plaza\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + SMUGGLED
HEAD = b"POST /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n"
GET = b"GET /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n"


def _length(body):
    return b"Content-Length: %d\r\n" % len(body)


# Spellings of "Transfer-Encoding: chunked" that some servers honour and others ignore.
TRANSFER_ENCODINGS = [
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:chunked\r\n",
    b"Transfer-Encoding:  chunked\r\n",
    b"Transfer-Encoding:\tchunked\r\n",
    b"Transfer-Encoding: chunked \r\n",
    b"Transfer-Encoding: chunked\t\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"\tTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: \x0cchunked\r\n",
    b"Transfer-Encoding:\x00chunked\r\n",
    b"Transfer-Encoding\x00: chunked\r\n",
    b"Transfer-Encoding\xa0: chunked\r\n",
    b"Transfer-Encoding: \xa0chunked\r\n",
    b"Transfer-Encoding: chunked\x00\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunkedx\r\n",
    b"Transfer-Encoding: chunk\r\n",
    b'Transfer-Encoding: "chunked"\r\n',
    b"Transfer-Encoding: 'chunked'\r\n",
    b"Transfer-Encoding: CHUNKED\r\n",
    b"TRANSFER-ENCODING: chunked\r\n",
    b"Transfer_Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: chunked;q=0\r\n",
    b"Transfer-Encoding: ,chunked\r\n",
    b"Transfer-Encoding: chunked,\r\n",
    b"Transfer-Encoding:\r\n chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:\nchunked\r\n",
    b"X: x\nTransfer-Encoding: chunked\r\n",
    b"X: x\rTransfer-Encoding: chunked\r\n",
    b"X: x\r\n\rTransfer-Encoding: chunked\r\n",
    b"Foo: bar\r\n Transfer-Encoding: chunked\r\n",
    b"X-Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: chunked\r\n",
    b"TE: chunked\r\n",
]

LENGTHS = [
    b"Content-Length: 0\r\nContent-Length: %d\r\n",
    b"Content-Length: %d\r\nContent-Length: 0\r\n",
    b"Content-Length: %d\r\nContent-Length: %d\r\n",
    b"Content-Length: 0, %d\r\n",
    b"Content-Length: %d, %d\r\n",
    b"Content-Length: +%d\r\n",
    b"Content-Length: -%d\r\n",
    b"Content-Length: %d.0\r\n",
    b"Content-Length: 0x%x\r\n",
    b"Content-Length: %de0\r\n",
    b"Content-Length: 1_0%d\r\n",
    b"Content-Length: %d\x00\r\n",
    b"Content-Length:\x0b%d\r\n",
    b"Content-Length : %d\r\n",
    b" Content-Length: %d\r\n",
    b"Content-Length:\r\n %d\r\n",
    b"Content_Length: %d\r\n",
    b"Content-Length: \r\n",
    b"Content-Length: 99999999999999999999%d\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"X: x\rContent-Length: %d\r\n",
]


def _lengths():
    for line in LENGTHS:
        size = len(SMUGGLED)
        yield line % ((size,) * line.count(b"%")), HEAD + line % ((size,) * line.count(b"%"))


CHUNKS = [
    b"0;x=1\r\n\r\n",
    b"00\r\n\r\n",
    b"0x0\r\n\r\n",
    b"+0\r\n\r\n",
    b"-0\r\n\r\n",
    b" 0\r\n\r\n",
    b"0 \r\n\r\n",
    b"0\n\n",
    b"0\r\n\n",
    b"0\n\r\n",
    b"1\r\nZZ\r\n0\r\n\r\n",
    b"1\r\nZ0\r\n\r\n",
    b"ffffffffffffffff\r\nZ\r\n0\r\n\r\n",
    b"10000000000000000\r\nZ\r\n0\r\n\r\n",
    b"g\r\nZ\r\n0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"0\r\nContent-Length: 90\r\n\r\n",
    b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"1;" + b"a" * 5000 + b"\r\nZ\r\n0\r\n\r\n",
    b"1;\nx\r\nZ\r\n0\r\n\r\n",
]

LINES = [
    b"GET /probe HTTP/1.1\nHost: plaza\nConnection: close\n\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nHost: other\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nhost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza other\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\x00\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: pla/za\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza@other\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost : plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\n Host: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nConnection: close\r\n\r\n",
    b"GET http://other/probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET http://plaza@other/probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET //other/probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe\x00 HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /pro\x7fbe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nX\x00Y: a\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nX: a\r\n b\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nX: a\r\n\tb\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nno colon here\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\n: empty\r\nConnection: close\r\n\r\n",
    b"GET  /probe  HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET\t/probe\tHTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1 \r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.2\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/2.0\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/01.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe http/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe XTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe\r\n",
    b"get /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"G\xc9T /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"CONNECT other:443 HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"TRACE /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    (
        b"GET /probe HTTP/1.1\r\nHost: plaza\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
    ),
    (
        b"GET /probe HTTP/1.1\r\nHost: plaza\r\nConnection: Upgrade, close\r\n"
        b"Upgrade: websocket\r\n\r\n"
    ),
    (
        b"GET /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close, Authorization, Host\r\n"
        b"Authorization: Bearer x\r\n\r\n"
    ),
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nX: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n"
    + b"".join(b"X-%d: y\r\n" % number for number in range(500))
    + b"\r\n",
    b"GET /probe?a=\r\nX: b HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe%0d%0aX:b HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n\r\n",
    b"GET /probe HTTP/1.1\r\nHost: plaza\r\nExpect: 200-maybe\r\nConnection: close\r\n\r\n",
]


def probes():
    """Yield (name, bytes) of every probe."""
    for line in TRANSFER_ENCODINGS:
        # CL.TE and TE.CL: both lengths are there and disagree.
        yield f"CL and {line!r}", HEAD + _length(CHUNKED) + line + b"\r\n" + CHUNKED
        yield f"{line!r} alone", HEAD + line + b"\r\n" + CHUNKED
    for name, head in _lengths():
        yield f"length {name!r}", head + b"\r\n" + SMUGGLED
    for chunk in CHUNKS:
        body = chunk + SMUGGLED
        yield f"chunk {chunk[:24]!r}", HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body
    for line in LINES:
        yield f"line {line[:60]!r}", line + SMUGGLED
    yield "GET with a hidden body", GET + _length(SMUGGLED) + b"\r\n" + SMUGGLED
    yield "HEAD with a hidden body", GET.replace(b"GET", b"HEAD") + b"\r\n" + SMUGGLED
    yield (
        "DELETE with both",
        GET.replace(b"GET", b"DELETE")
        + _length(CHUNKED)
        + (b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED),
    )
    old = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0")
    yield "HTTP/1.0 chunked", old + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED
    yield (
        "expect and both",
        HEAD
        + b"Expect: 100-continue\r\n"
        + _length(CHUNKED)
        + (b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED),
    )
