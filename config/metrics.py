"""Where the processes of one server write the numbers that they add up when asked."""

import shutil

from config import env

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(name: str) -> None:
    """Let this process and all that it starts count into one empty folder, called ``name``.

    To be called before prometheus-client is imported: it reads its folder's variable then, once.
    A folder that somebody chose, and one that stands since before a reload, is left as it is.
    """
    if env.env.str(VARIABLE, None) is not None:
        return
    folder = env.VAR_DIR / "metrics" / name
    shutil.rmtree(folder, ignore_errors=True)  # of processes that are gone
    folder.mkdir(parents=True, exist_ok=True)
    env.put(VARIABLE, str(folder))
