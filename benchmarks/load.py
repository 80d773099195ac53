"""The load: wrk, and a few lines of Lua that say what to send."""

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

CONNECTIONS = 8
REPORT_LUA = """
done = function(summary, latency)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.timeout + e.status
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.3f, "p99_ms": %.3f}\\n',
    summary.requests, summary.duration / 1e6, errors,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What the sender saw; the server may have handled those in flight at the end, too."""

    requests: int
    seconds: float
    errors: int
    p50_ms: float
    p99_ms: float
    in_flight: int = CONNECTIONS


def require_wrk() -> str:
    """Return wrk's path, or say how to get it."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit(
            "bench: wrk is missing. Install it: apt-get install wrk (brew install wrk)."
        )
    return found


@dataclass(frozen=True, slots=True)
class Load:
    """What one server is sent. ``lua`` may override request() and response()."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    lua: str = ""

    def script(self) -> str:
        """Return the whole Lua script."""
        lines = [f"wrk.method = {json.dumps(self.method)}", f"wrk.path = {json.dumps(self.path)}"]
        if self.body:
            lines.append(f"wrk.body = {json.dumps(self.body)}")
        lines += [
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in self.headers.items()
        ]
        return "\n".join([*lines, self.lua, REPORT_LUA])

    def run(self, url: str, seconds: int) -> Result:
        """Let wrk send this to the server at ``url`` for some seconds."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(self.script())
            script.flush()
            command = [require_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
                       "--timeout", "10s", "-s", script.name, url]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            if line.startswith("RESULT "):
                return Result(**json.loads(line.removeprefix("RESULT ")))
        raise SystemExit(f"bench: wrk said nothing:\n{done.stdout}{done.stderr}")
