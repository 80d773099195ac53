"""Who asked: only a real address or a valid host name counts as a client."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from allies.accesslog.entry import NO_CLIENT

# RFC 1123, with the underscore that people use; a last label of digits alone would be an address.
HOST = re.compile(
    rb"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*"
    rb"(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?"
)
# The usual case, three times as fast as IPv4Address.
OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(OCTET + rb"(?:\." + OCTET + rb"){3}")
PORT = re.compile(rb":[0-9]{1,5}")
# [2001:db8::7]:443, 10.0.0.1:443, host.example:443
WITH_PORT = re.compile(rb"(?:\[([^\]]{2,60})\]|([^:\[\]]{1,255}))(?::[0-9]{1,5})?")
WITH_PORT_ONLY = re.compile(rb"\S+:[0-9]{1,5}")
WORD = re.compile(rb"[^\s,;\"'()<>=|]+")
MAX_BYTES = 255
DASH = b"-"


@lru_cache(maxsize=8_192)
def address_of(word: bytes) -> bytes:
    """Return the address in a word, without port and zone, in its one spelling; or nothing."""
    if len(word) > MAX_BYTES:
        return b""
    if IPV4.fullmatch(word):
        return word
    match = WITH_PORT.fullmatch(word)
    bare = (match[1] or match[2]) if match else word
    text = bare.partition(b"%")[0].decode("ascii", "replace")
    try:
        if ":" not in text:
            return str(IPv4Address(text)).encode()
        address = IPv6Address(text)
    except AddressValueError:
        return b""
    return str(address.ipv4_mapped or address).encode()


@lru_cache(maxsize=8_192)
def client_of(word: bytes) -> bytes:
    """Return the address or host name in a word, without its port, or nothing."""
    address = address_of(word)
    if address or len(word) > MAX_BYTES:
        return address
    bare = PORT.sub(b"", word, count=1) if word.count(b":") == 1 else word
    return bare.rstrip(b".").lower() if HOST.fullmatch(bare) else b""


def client_in(before: bytes) -> bytes:
    """Return the client that the text before a request (and before its time) names, or ``-``.

    An address counts wherever it stands. A host name counts as the word before the dash of the
    identity, or as the only word: other words are those of a prefix.
    """
    words = WORD.findall(before)
    dash = words.index(DASH) if DASH in words else len(words)
    if dash == 1 and b"." in words[0] and client_of(words[0]):
        return client_of(words[0])  # host.example - 10.0.0.9 [: that is a user's name
    if dash == 2 and WITH_PORT_ONLY.fullmatch(words[0]) and client_of(words[1]):  # noqa: PLR2004 - site and client
        return client_of(words[1])  # www.example.com:443 10.0.0.5 - -: the site in front
    for word in words:
        address = address_of(word.rstrip(b":") if word.count(b":") == 1 else word)
        if address:
            return address
    if dash and (dash < len(words) or len(words) == 1):
        return client_of(words[dash - 1]) or NO_CLIENT
    return NO_CLIENT
