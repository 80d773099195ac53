"""Play acts: break, watch, hold the promises, and let the control break one."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.drill import faults, promises
from scripts.drill.acts import Act, Fault, Setting
from scripts.drill.promises import MIN_OPERATIONS, Run
from scripts.drill.rig import Rig
from scripts.drill.stage import Stage

WARM_SECONDS = 2.0
AFTER_SECONDS = 4.0  # clients go on so long after the repair and the time to recover
MAX_SECONDS = 40.0  # more, until there are enough requests
PATIENCE_SECONDS = 5.0  # beyond the promise, until work that waits is given up
TRIES = 3  # of an act of which only the pace was not kept


@dataclass
class Director:
    """Plays acts on a rig and keeps what came of them."""

    rig: Rig
    say: Callable[[str], None]
    runs: list[Run] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def play(self, act: Act) -> None:
        """Play an act, again if only the machine may have paused, then its control."""
        run = self.run(act, act.title, act.setting, act.fault, {})
        failed = promises.broken(run, act.limits)
        for _ in range(TRIES - 1):
            if not failed or not all(map(promises.is_about_time, failed)):
                break
            self.say(f"  again, as a machine pauses by itself: {'; '.join(failed)}")
            calm = self.run(act, "nothing is done", act.setting, faults.nothing, {})
            run = self.run(act, act.title, act.setting, act.fault, {})
            run.machine_pauses = calm.gap
            failed = promises.broken(run, act.limits)
        self.runs.append(run)
        for kept, text in promises.promised(run, act.limits):
            self.say(f"  {'kept' if kept else 'BROKEN'}: {text}")
        self.broken += [f"{act.name}: {text}" for text in failed]
        self.control(act)

    def control(self, act: Act) -> None:
        """Play an act without what helps: it must break a promise."""
        setting = act.control_setting or act.setting
        title = f"control: {act.control}"
        run = self.run(act, title, setting, act.control_fault or act.fault, act.control_proxy)
        self.runs.append(run)
        failed = promises.broken(run, act.limits)
        thin = [text for text in failed if promises.is_about_volume(text)]
        red = [text for text in failed if text not in thin]
        for text in red:
            self.say(f"  red, as it should be: {text}")
        if not red:
            self.broken.append(f"{act.name}: its control keeps every promise, so it shows nothing")
        self.broken += [f"{act.name}, control: {text}" for text in thin]

    def run(
        self, act: Act, title: str, setting: Setting, fault: Fault, proxy_values: dict[str, str]
    ) -> Run:
        """Play one fault under load."""
        self.say(f"{act.name}: {title}")
        with setting(self.rig), self.rig.proxy(**proxy_values) as proxy:
            clients = self.rig.clients(proxy.port)
            with clients.busy():
                time.sleep(WARM_SECONDS)
                start = time.monotonic()
                stage = Stage(self.rig, proxy, clients)
                fault(stage)
                self.watch(act, stage)
                end = time.monotonic()
            work_done = self.work_done(act, stage)
            run = Run(
                title=title,
                operations=clients.operations,
                there=self.rig.there(),
                start=start,
                end=end,
                repaired=stage.repaired,
                awaited=act.limits.work_done is not None,
                work_done=work_done,
                replays_differ=clients.replays_that_differ(proxy.port),
                said=stage.said,
                load=os.getloadavg()[0],
            )
        self.rig.heal()
        return run

    def watch(self, act: Act, stage: Stage) -> None:
        """Let clients go on after the repair, until they have asked enough."""
        time.sleep(act.limits.recovered + AFTER_SECONDS)
        deadline = time.monotonic() + MAX_SECONDS
        while len(stage.clients.operations) < MIN_OPERATIONS and time.monotonic() < deadline:
            time.sleep(0.1)

    def work_done(self, act: Act, stage: Stage) -> float | None:
        """Return how long after the repair work still waited, if the act promises that."""
        if act.limits.work_done is None:
            return None
        since = time.monotonic() - stage.repaired
        waited = self.rig.wait_for_work(max(0.0, act.limits.work_done - since) + PATIENCE_SECONDS)
        return None if waited is None else since + waited
