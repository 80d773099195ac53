"""Whether the machine had nothing else to do: figures from busy cores are not published."""

import os
import time
from pathlib import Path

MAX_BUSY_SHARE = 0.1  # of all cores, while nobody is asked anything
SAMPLE_SECONDS = 1.0
EX_TEMPFAIL = 75  # sysexits.h: try again later


def busy_seconds() -> float:
    """Return for how long all cores together were busy since the machine started.

    Time that a hypervisor gave to others counts, too: it was not there for us.
    """
    fields = [int(one) for one in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    user, nice, system, _idle, _waiting, irq, softirq, steal, *_ = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Looks now and then, while the servers wait, how busy the cores are."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def look(self) -> float:
        """Return the share of all cores that is busy, for a moment."""
        before, began = busy_seconds(), time.monotonic()
        time.sleep(SAMPLE_SECONDS)
        spent = busy_seconds() - before
        share = spent / (time.monotonic() - began) / (os.cpu_count() or 1)
        self.shares.append(share)
        return share

    @property
    def worst(self) -> float:
        """Return the largest share that was seen."""
        return max(self.shares, default=0.0)

    @property
    def is_busy(self) -> bool:
        """Tell whether the cores did other work at any time that was looked at."""
        return self.worst > MAX_BUSY_SHARE

    def __str__(self) -> str:
        load = " ".join(f"{one:.1f}" for one in os.getloadavg())
        return f"busy at most {self.worst:.0%} of the cores between measurements, load {load}"
