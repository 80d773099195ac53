"""Processes that are killed or hang, and when they are there again.

What starts them again stands in for systemd or an engine, which notices within a second or two.
Nothing else touches nodes, workers or clients.
"""

import time
from collections.abc import Callable

from scripts.drill import history
from scripts.drill.clients import MOVIES
from scripts.drill.stage import Stage

CALM_SECONDS = 3.0
AWAY_SECONDS = 2.0
HANG_SECONDS = 15.0
UNWRITTEN_SECONDS = 1.0
POOLER_SECONDS = 1.0
PATIENCE_SECONDS = 12.0  # longer than clients have
CACHE_SECONDS = 6.0
CACHED_SECONDS = 1.0
BROKER_SECONDS = 6.0
BUSY_SECONDS = 3.0


def nothing(stage: Stage) -> None:
    """Leave everything as it is: what the machine does by itself."""
    time.sleep(CALM_SECONDS)
    stage.is_whole()


def node_killed(stage: Stage) -> None:
    """Kill a whole node, start it two seconds later."""
    stage.rig.nodes[0].kill()
    time.sleep(AWAY_SECONDS)
    stage.rig.nodes[0].start()
    stage.is_whole()


def node_hung(stage: Stage) -> None:
    """Stop a node's processes where they are: it listens, and answers nothing."""
    stage.rig.nodes[0].pause()
    time.sleep(HANG_SECONDS)
    stage.rig.nodes[0].resume()
    stage.is_whole()


def background_killed(stage: Stage) -> None:
    """Kill both workers, in the middle of their work, and beat."""
    stage.rig.sandbox.delay("dogs", 0.3)
    time.sleep(BUSY_SECONDS)
    stage.promise(stage.rig.waiting() > 0, "there was work under way")
    for one in (*stage.rig.workers, stage.rig.beat):
        one.kill_child()
    stage.rig.sandbox.delay("dogs", 0)
    stage.is_whole()
    time.sleep(AWAY_SECONDS)


def postgresql_killed(stage: Stage) -> None:
    """Kill the primary's processes, start it two seconds later: nothing is promoted."""
    stage.rig.primary.kill()
    time.sleep(AWAY_SECONDS)
    stage.rig.primary.start()
    stage.is_whole()


def postgresql_killed_before_it_wrote(stage: Stage) -> None:
    """Do the same while what commits do not wait for is still in memory."""
    stage.rig.primary.pause_wal_writer()
    time.sleep(UNWRITTEN_SECONDS)
    postgresql_killed(stage)


def failover(stage: Stage) -> None:
    """Kill the primary's processes; a watchdog notices, and promotes the standby."""
    stage.rig.primary.kill()
    stage.rig.fail_over()
    stage.is_whole()


def failover_to_a_lagging_standby(stage: Stage) -> None:
    """Do the same with a standby that nobody waits for, and that has stopped following."""
    stage.rig.primary.set(synchronous_standby_names="")
    stage.rig.standby.set(primary_conninfo="")
    time.sleep(AWAY_SECONDS)
    failover(stage)


def pooler_restarted(stage: Stage, *, seconds: float = POOLER_SECONDS) -> None:
    """Kill PgBouncer, start it a second later."""
    stage.rig.pooler.stop()
    time.sleep(seconds)
    stage.rig.pooler.start()
    stage.is_whole()


def pooler_gone(stage: Stage) -> None:
    """Do the same, and nobody starts it for longer than clients are patient."""
    pooler_restarted(stage, seconds=PATIENCE_SECONDS)


def redis_killed(stage: Stage) -> None:
    """Kill Redis, start it some seconds later."""
    without_redis(stage, stage.rig.redis.kill)
    stage.rig.redis.start()
    stage.is_whole()


def redis_hung(stage: Stage) -> None:
    """Stop Redis where it is, let it go on some seconds later."""
    without_redis(stage, stage.rig.redis.pause)
    stage.rig.redis.resume()
    stage.is_whole()


def without_redis(stage: Stage, stop: Callable[[], None]) -> None:
    """Take Redis away; what is else read from it is asked for outside each time."""
    gone = time.monotonic() + CACHE_SECONDS
    stage.without("Redis", stop, CACHE_SECONDS, but=frozenset({MOVIES}))
    came = [
        one
        for one in list(stage.clients.operations)
        if one.kind == MOVIES and one.tries[0].start >= gone
    ]
    slowest = history.slowest_try(came)
    text = f"reads of what the cache had come within {CACHED_SECONDS:g} s"
    is_kept = bool(came) and slowest <= CACHED_SECONDS
    stage.promise(is_kept, f"{text} ({len(came)} came, the slowest after {slowest:.2f} s)")


def rabbitmq_killed(stage: Stage) -> None:
    """Kill RabbitMQ with what it has, start it some seconds later."""
    stage.without("RabbitMQ", stage.rig.rabbitmq.kill, BROKER_SECONDS)
    stage.rig.rabbitmq.start()
    stage.is_whole()
