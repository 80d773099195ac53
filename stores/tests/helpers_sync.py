"""Pulling as a phone does: page after page, with the checkpoint of the last one."""

from typing import Any

from stores import clock

COLLECTIONS = ("products", "portfolios", "establishments", "visits", "cases")
SYNC_ROUTES = ["/api/sync", *[f"/api/sync/{name}" for name in COLLECTIONS]]


def epoch() -> str:
    """Return the name of this history of the database, as checkpoints have it."""
    return str(clock.reading().epoch)


def get_page(client, collection: str, checkpoint: dict[str, Any] | None = None, **query: Any):
    """Return the answer to one pull."""
    return client.get(f"/api/sync/{collection}", {**(checkpoint or {}), **query})


def pull_all(
    client, collection: str, checkpoint: dict[str, Any] | None = None, limit: int = 100
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return all documents after a checkpoint and the one behind them, as RxDB pulls them.

    It stops at the first page that is shorter than its limit: what comes after is lost.
    """
    documents: list[dict[str, Any]] = []
    while True:
        answer = get_page(client, collection, checkpoint, limit=limit)
        assert answer.status_code == 200, answer.content
        body = answer.json()
        documents += body["documents"]
        checkpoint = body["checkpoint"]
        if len(body["documents"]) < limit:
            return documents, checkpoint
