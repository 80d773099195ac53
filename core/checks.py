"""System checks of the kernel's own rules."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks

from core import plugs


@checks.register
def every_platform_app_is_a_plugin(**_: Any) -> list[checks.CheckMessage]:
    """Catch the app whose AppConfig Django silently dropped (see core.plugs)."""
    return [
        checks.Error(
            f"{name} is in PLATFORM_APPS but is no PluggableApp.",
            hint="In apps.py write 'from core import plugs' and derive from plugs.PluggableApp.",
            id="plugs.E001",
        )
        for name in [*settings.REQUIRED_APPS, *settings.PLATFORM_APPS]
        if not isinstance(apps.get_app_config(name), plugs.PluggableApp)
    ]
