"""Start the sandbox: `python -m sandbox --port 9051`."""

import argparse
import signal
import sys

from sandbox.handler import Handler
from sandbox.server import Server
from sandbox.tmdb import ACCESS_TOKEN, API_KEY
from sandbox.vision import TOKEN as VISION_TOKEN

_EPILOG = f"""\
upstreams (base URLs):
  http://127.0.0.1:9051/dogs/api     dog.ceo
  http://127.0.0.1:9051/pictures     images.dog.ceo
  http://127.0.0.1:9051/tmdb/3       TMDB v3 (api_key={API_KEY} or Bearer {ACCESS_TOKEN})
  http://127.0.0.1:9051/relay/api    the file relay
  http://127.0.0.1:9051/vision/api   a service that looks at shelves (Bearer {VISION_TOKEN})

example, the next two calls to TMDB fail:
  python -m sandbox --port 9051 &
  curl -X PUT http://127.0.0.1:9051/_faults/tmdb -d '{{"status": 503, "times": 2}}'
  curl 'http://127.0.0.1:9051/tmdb/3/movie/popular?page=1&api_key={API_KEY}'
  curl http://127.0.0.1:9051/_calls
  curl -X DELETE http://127.0.0.1:9051/_faults

faults: status, delay, drip, drip_headers, reset, garbage, wrong_type, error_body, big,
        redirect, retry_after; with "times": N only for the next N calls.
"""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Answers like dog.ceo, TMDB, a file relay and a vision service;"
        " faults on demand.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=9051, help="default: 9051; 0: a free one")
    parser.add_argument("--quiet", action="store_true", help="no access log")
    options = parser.parse_args(arguments)
    try:
        server = Server((options.host, options.port), Handler, quiet=options.quiet)
    except (OSError, OverflowError) as problem:
        sys.stderr.write(
            f"sandbox: {options.host}:{options.port}: {problem}."
            " Another port: SANDBOX_PORT=9061 make run\n"
        )
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    sys.stderr.write(f"sandbox listens on {server.url}\n")
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
