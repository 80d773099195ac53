"""A day of 12,000 phones, or its peak: ``make load``, ``make load LOAD_ARGS=--peak``."""

import argparse

from benchmarks.day import peak, run
from benchmarks.day.plan import Plan
from benchmarks.day.steps import FIRST_SECONDS, STEP_SECONDS


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument(
        "--peak",
        action="store_true",
        help="send 140 heads and 50 pushes a second, then more until it is too much",
    )
    parser.add_argument(
        "--seconds",
        type=int,
        nargs=2,
        metavar=("PEAK", "STEP"),
        default=(FIRST_SECONDS, STEP_SECONDS),
        help="how long the peak lasts, and each step after it (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.peak:
        peak.main(Plan.from_environment(), *options.seconds)
    else:
        run.main()


if __name__ == "__main__":
    main()
