"""The acts: what is broken, what is promised meanwhile, and what each control takes away.

Numbers without a word beside them are those that docs/deployment.md promises; F and R are faults.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from scripts.calls import BROKEN_OFF
from scripts.drill import changes, clocks, controls, faults, patroni, strains
from scripts.drill.clients import CONFLICT, DOGS, WRITES
from scripts.drill.promises import AWAY, Limits
from scripts.drill.rig import Rig
from scripts.drill.stage import Stage

Fault = Callable[[Stage], None]
Setting = Callable[[Rig], AbstractContextManager[None]]
NO_FAILOVER = {"FAILOVER": "off", "FAILOVER_KEYED": "off"}
REFUSED = frozenset({AWAY})
BROKEN = frozenset({BROKEN_OFF})


@dataclass(frozen=True)
class Act:
    """One thing that breaks."""

    name: str
    title: str
    fault: Fault
    limits: Limits
    control: str  # what its control takes away
    setting: Setting = controls.nothing
    # The control: another setting, another fault, another nginx; what is not said is as above.
    control_setting: Setting | None = None
    control_fault: Fault | None = None
    control_proxy: dict[str, str] = field(default_factory=dict)
    needs_disk: bool = False  # one that may be filled
    needs_patroni: bool = False  # and etcd; played only when asked for by name
    needs_compiler: bool = False


ACTS = (
    Act(
        "node-killed",
        "node killed",
        faults.node_killed,
        Limits(gap=1, first=BROKEN),
        "nginx asks no other node",
        control_proxy=NO_FAILOVER,
    ),
    Act(
        "node-hung",
        "node hung for 15 s",
        faults.node_hung,
        # A write whose first half hangs holds its key's lock: 6 s of nginx's, 5 s of the lock,
        # then 409 with Retry-After.
        Limits(gap=6, first=BROKEN | REFUSED | {CONFLICT}, slowest=12),
        "nginx waits 20 s for a node",
        control_proxy={"READ_TIMEOUT": "20s"},
    ),
    Act(
        "background-killed",
        "both workers and beat killed",
        faults.background_killed,
        Limits(gap=1, work_done=20),
        "nobody starts workers and beat again",
        control_setting=controls.unkept_background,
    ),
    Act(
        "postgresql-killed",
        "PostgreSQL killed, back after 2 s",
        faults.postgresql_killed,
        Limits(gap=7, felt=True, first=REFUSED),
        "commits do not wait for the disk",
        control_setting=controls.late_commits,
        control_fault=faults.postgresql_killed_before_it_wrote,
    ),
    Act(
        "failover",
        "primary killed, standby promoted",
        faults.failover,
        Limits(gap=3, felt=True, first=REFUSED),
        "commits do not wait for the standby, which lags",
        control_fault=faults.failover_to_a_lagging_standby,
    ),
    Act(
        "patroni-machine-lost",
        "primary and its Patroni killed",
        patroni.machine_lost,
        Limits(gap=30, felt=True, first=REFUSED, gives_up=True),
        "Patroni leaves everything alone for 40 s",
        setting=patroni.leading,
        control_fault=patroni.machine_lost_in_maintenance,
        needs_patroni=True,
    ),
    Act(
        "patroni-server-killed",
        "primary killed, its Patroni lives",
        patroni.server_killed,
        Limits(gap=7, felt=True, first=REFUSED),
        "Patroni leaves everything alone for 12 s",
        setting=patroni.leading,
        control_fault=patroni.server_killed_in_maintenance,
        needs_patroni=True,
    ),
    Act(
        "pooler-restarted",
        "PgBouncer killed, back after 1 s",
        faults.pooler_restarted,
        Limits(gap=3, felt=True, first=REFUSED),
        "nobody starts it again for 12 s",
        control_fault=faults.pooler_gone,
    ),
    Act(
        "redis-killed",
        "Redis killed, back after 6 s",
        faults.redis_killed,
        Limits(gap=1),
        "Redis hangs, and nodes wait for it",
        control_setting=controls.patient_with_the_cache,
        control_fault=faults.redis_hung,
    ),
    Act(
        "rabbitmq-killed",
        "RabbitMQ killed, back after 6 s",
        faults.rabbitmq_killed,
        Limits(gap=1, work_done=30),
        "no beat looks for what waits",
        control_setting=controls.no_beat,
    ),
    Act(
        "disk-full",
        "disk full for 6 s",
        strains.disk_full,
        Limits(gap=1, felt=True, first=REFUSED, hurt=WRITES, gives_up=True),
        "the WAL is on the same disk",
        setting=controls.small_disk,
        control_setting=controls.small_disk_for_all,
        control_fault=strains.disk_full_of_wal,
        needs_disk=True,
    ),
    Act(
        "connections-exhausted",
        "every session busy for 9 s",
        strains.connections_exhausted,
        Limits(gap=12, felt=True, first=REFUSED, slowest=3),
        "they are busy for 25 s, longer than clients are patient",
        control_fault=strains.connections_exhausted_for_long,
    ),
    Act(
        "table-locked",
        "a table locked for 30 s",
        strains.table_locked,
        Limits(gap=1, felt=True, first=REFUSED, hurt=DOGS, gives_up=True),
        "sessions wait for locks without end",
        control_setting=controls.endless_locks,
    ),
    Act(
        "clocks-apart",
        "one node 5 minutes ahead, one 5 behind",
        clocks.tokens_used_elsewhere,
        Limits(gap=1),
        "one is 11 minutes behind, more than is allowed for",
        setting=clocks.apart,
        control_setting=clocks.too_far_apart,
        needs_compiler=True,
    ),
    Act(
        "deployment",
        "rolling deployment with a migration",
        changes.deployed,
        Limits(gap=0.3),
        "nodes are not drained, nginx asks no other",
        setting=changes.release_at_hand,
        control_fault=changes.deployed_rashly,
        control_proxy=NO_FAILOVER,
    ),
    Act(
        "backup",
        "backup taken and restored beside",
        changes.backed_up,
        Limits(gap=1),
        "the backup is 3 s older",
        control_fault=changes.backed_up_before,
    ),
)
BY_NAME = {act.name: act for act in ACTS}
