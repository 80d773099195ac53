#!/usr/bin/env python
"""Django's command line, on the local settings unless DJANGO_SETTINGS_MODULE says otherwise."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")  # noqa: TID251 - Django reads its settings' name from here
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the default

    from core import context  # noqa: PLC0415 - see above

    label = sys.argv[1] if len(sys.argv) > 1 else ""
    with context.acting_as(context.Actor("command", label=label[:255])):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
