"""The broker on disk, for one machine without services.

Kombu's transport writes its files in place, so whoever reads at that moment finds half of one and
dies of it: seen with a worker and beat that start together. Here a file appears whole or not at
all, and what a crash or a full disk cut off all the same is put aside: the row is the job, so the
next sweep sends its message again.
"""

import logging
import os
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps

logger = logging.getLogger("plaza.broker")


def appear(path: Path, content: str, *, replace: bool) -> None:
    """Put a whole file at ``path``; one that is there already stays, unless ``replace``."""
    part = path.with_name(f".{uuid4().hex}.part")
    part.write_text(content)
    if replace:
        part.replace(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()


class Channel(filesystem.Channel):
    """Kombu's channel, writing whole files."""

    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]  # kombu's two bases disagree
        """Store one message under a name that sorts by time, as kombu reads them."""
        name = f"{time.monotonic() * 1000:.0f}_{uuid4()}.{queue}.msg"
        appear(Path(self.data_folder_out) / name, dumps(payload), replace=True)

    def _get(self, queue: str) -> Any:  # type: ignore[override]  # kombu's two bases disagree
        """Return the oldest message that can be read; kombu removes each that it opens."""
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                logger.warning("broker_message_unreadable", extra={"queue": queue})

    def _queue_bind(self, exchange: str, routing_key: Any, pattern: Any, queue: str) -> None:
        """Make the exchange's table with its first queue at once; kombu adds further ones."""
        try:
            self.get_table(exchange)
        except (TypeError, ValueError):
            logger.warning("broker_table_unreadable", extra={"exchange": exchange})
            (Path(self.control_folder) / f"{exchange}.exchange").unlink(missing_ok=True)
        first = [filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")]
        table = Path(self.control_folder) / f"{exchange}.exchange"
        appear(table, dumps(first), replace=False)
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    """What the ``filesystem://`` of a broker URL stands for here."""

    Channel = Channel
