"""The client's address, as the proxies that we trust name it; nobody else is believed."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


@lru_cache(maxsize=8)
def networks(names: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    """Return the networks of ``TRUSTED_PROXIES``."""
    return [ip_network(name, strict=False) for name in names]


def is_trusted(address: str) -> bool:
    """Tell whether an address is one of our proxies'."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks(tuple(settings.TRUSTED_PROXIES)))


def client_address(request: HttpRequest) -> str:
    """Return the nearest address that is not a proxy of ours.

    ``X-Forwarded-For`` is read from its end, where our own proxies wrote: what a client puts at its
    beginning is never believed.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return address
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_trusted(address) or not hop.strip():
            break
        address = hop.strip()
    return address[:45]
