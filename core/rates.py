"""How often one token, and one address, may ask: counted in each process, shared through Redis.

A request costs a look into a dictionary. About once a second a thread adds what this process has
counted to Redis and learns what the others have; without Redis, or while it is away, each process
counts alone and allows the whole quota.

Example: with 600 requests a second the quota is 6,000 in each window of 10 seconds, so somebody may
ask 6,000 times at once, and again when the next window begins.
"""

import logging
import os
import threading
import time
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network

import redis
from django.conf import settings

logger = logging.getLogger("plaza.rates")

WINDOW_SECONDS = 10
SHARE_SECONDS = 1.0
# A process forgets further callers of one window: what it remembers stays below some 10 MB.
MAX_CALLERS = 50_000
# What a process tells the others: callers who used up one part in so many of their quota.
SHARED_PART = 100


def now() -> float:
    """Return the time by which windows begin and end, the same on every node."""
    return time.time()


def token_key(authorization: str) -> str:
    """Return what stands for a token: nothing keeps the token itself."""
    return "token:" + blake2b(authorization.encode(errors="replace"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def address_key(address: str) -> str:
    """Return what stands for a client's address; who has one of IPv6 has its whole /64 network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"address:{address}"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return f"address:{mapped or ip_network((parsed, 64), strict=False).network_address}"
    return f"address:{parsed}"


class Counts:
    """How many requests each caller made within the running window."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = 0
        self.own: dict[str, int] = {}
        self.told: dict[str, int] = {}
        self.others: dict[str, int] = {}
        self.alone = False
        self.sharer = 0  # the process whose thread shares; a fork has none

    def add(self, key: str, when: float) -> int:
        """Count one request of a caller and return how many there were in this window."""
        with self.lock:
            if (window := int(when) // WINDOW_SECONDS) != self.window:
                self.window = window
                self.own, self.told, self.others = {}, {}, {}
            own = self.own.get(key, 0) + 1
            if own > 1 or len(self.own) < MAX_CALLERS:
                self.own[key] = own
            return own + self.others.get(key, 0)

    def seen(self, key: str, when: float) -> int:
        """Return how many requests of a caller there were in this window, without counting one."""
        if int(when) // WINDOW_SECONDS != self.window:
            return 0
        return self.own.get(key, 0) + self.others.get(key, 0)

    def share(self, client: "redis.Redis") -> None:
        """Add what is new to Redis and learn what the other processes have counted.

        Raises:
            redis.RedisError: Redis is away; nothing is lost, the next time adds it.
        """
        with self.lock:
            window = self.window
            least = max(1, quota() // SHARED_PART)
            told = {key: own for key, own in self.own.items() if own >= least}
            before = self.told
        if not told:
            return
        pipeline = client.pipeline(transaction=False)
        for key, own in told.items():
            name = f"plaza:rates:{window}:{key}"
            pipeline.incrby(name, own - before.get(key, 0))
            pipeline.expire(name, 2 * WINDOW_SECONDS)
        totals = pipeline.execute()[::2]
        with self.lock:
            if window == self.window:
                self.told = told
                self.others = {
                    key: total - own for (key, own), total in zip(told.items(), totals, strict=True)
                }

    def share_or_say(self, client: "redis.Redis") -> None:
        """Share; say once when Redis goes away, and once when it is back."""
        try:
            self.share(client)
        except redis.RedisError as error:
            if not self.alone:
                logger.warning("rates_counted_alone", extra={"reason": type(error).__name__})
            self.alone = True
        else:
            if self.alone:
                logger.info("rates_shared_again")
            self.alone = False

    def keep_sharing(self) -> None:
        """Share again and again, as long as the process lives."""
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5
        )
        while True:
            time.sleep(SHARE_SECONDS)
            self.share_or_say(client)

    def start_sharing(self) -> None:
        """Start this process's thread, once, where there is a Redis."""
        if self.sharer == os.getpid():
            return
        self.sharer = os.getpid()
        if settings.REDIS_URL:
            threading.Thread(target=self.keep_sharing, name="rates", daemon=True).start()


def quota() -> int:
    """Return how many requests a caller has in each window."""
    return int(settings.RATE_LIMIT_PER_SECOND * WINDOW_SECONDS)


counts = Counts()
