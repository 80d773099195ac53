"""What is measured, and how the answers of two servers are compared."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.common import PAGE_ROWS
from benchmarks.data import DOGS, PASSWORD, USERS
from benchmarks.load import Load

type_json = Any
READ_BY_PAGE = "page 1,000 of dogs"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request, how each server is sent it, and who takes part."""

    name: str
    load: Load
    role: str = ""  # whose token goes along
    peers: tuple[str, ...] = ("fastapi", "flask", "drf", "limit")
    is_list: bool = False
    ignored: frozenset[str] = frozenset()  # keys of the answer that differ by nature
    kind: str = "read"


# Each dog is a name of its own: the counter never repeats within a run of the runner.
CREATE = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/dogs/new-SERVER-STAMP-" .. n)
end
"""
# 64 dogs in turn, each with the tag that its last answer had; none is asked for twice at once.
PATCH = """
local n, waiting = 0, {}
request = function()
  local dog
  repeat
    n = n + 1
    dog = ring[(n - 1) % #ring + 1]
  until not waiting[dog]
  waiting[dog] = true
  wrk.headers["If-Match"] = tags[dog]
  adopted[dog] = not adopted[dog]
  local body = '{"is_adopted": ' .. tostring(adopted[dog]) .. '}'
  return wrk.format("PATCH", "/api/dogs/" .. dog, nil, body)
end
response = function(status, headers, body)
  local dog = string.lower(string.match(body, '"name": ?"([^"]+)"') or "")
  tags[dog] = headers["ETag"] or headers["etag"]
  waiting[dog] = nil
end
"""
LOGIN = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", nil, nil,
    '{"email": "user' .. (n % USERS + 1) .. '@bench.invalid", "password": "PASSWORD"}')
end
""".replace("USERS", str(USERS)).replace("PASSWORD", PASSWORD)
JSON = {"Content-Type": "application/json"}
NEW = frozenset({"id", "name", "create_date"})

SCENARIOS = [
    Scenario("one dog by name", Load("/api/dogs/dog-54321")),
    Scenario("page of 50 dogs", Load("/api/dogs"), is_list=True),
    Scenario(READ_BY_PAGE, Load("/api/dogs?page=1000"), is_list=True),
    Scenario("patients with studies", Load("/api/patients"), role="CLINICIAN", is_list=True),
    Scenario("one patient", Load("/api/patients/4321"), role="CLINICIAN"),
    Scenario("popular movies (cached)", Load("/api/movies/popular"), role="USER"),
    Scenario("favourites", Load("/api/movies/favorites"), role="USER", is_list=True),
    Scenario(
        "create a dog",
        Load("/", "POST", JSON, body="{}", lua=CREATE),
        role="USER",
        peers=("fastapi", "flask", "drf"),
        ignored=NEW,
        kind="create",
    ),
    Scenario(
        "PATCH a dog with If-Match",
        Load("/", "PATCH", JSON, lua=PATCH),
        role="USER",
        peers=("fastapi", "flask", "drf"),
        kind="patch",
    ),
    Scenario(
        "login",
        Load("/api/auth/token", "POST", JSON, lua=LOGIN),
        peers=("fastapi", "flask", "drf"),
        ignored=frozenset({"access", "refresh"}),
        kind="login",
    ),
]
USER_OF = {"ADMIN": 1, "CLINICIAN": 2, "USER": 3}


class Caller:
    """Sends single requests to one server, with the token of one role."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[type_json, Any]:
        """Return the JSON answer and its headers."""
        request = urllib.request.Request(
            self.url + path, method=method, data=body.encode() or None, headers=headers or {}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read()), answer.headers

    def token(self, role: str) -> str:
        """Sign in and return an access token."""
        email = f"user{USER_OF[role]}@bench.invalid"
        body = json.dumps({"email": email, "password": PASSWORD})
        return self.send("POST", "/api/auth/token", body, JSON)[0]["access"]


def cursor_of_page(plaza: Caller, number: int) -> str:
    """Walk to a page and return its path; cursors do not depend on the limit."""
    path = "/api/dogs?limit=200"
    for _ in range((number - 1) * PAGE_ROWS // 200):
        path = plaza.send("GET", path)[0]["next"].removeprefix(plaza.url)
    rest = (number - 1) * PAGE_ROWS % 200
    if rest:
        path = path.replace("limit=200", f"limit={rest}")
        path = plaza.send("GET", path)[0]["next"].removeprefix(plaza.url)
    return path.replace(f"limit={rest or 200}", f"limit={PAGE_ROWS}")


def fitted(
    scenario: Scenario, server: str, tokens: dict[str, str], paths: dict[str, str]
) -> Scenario:
    """Return the scenario with this server's token and address."""
    load = scenario.load
    if scenario.role:
        load = replace(
            load, headers={**load.headers, "Authorization": f"Bearer {tokens[scenario.role]}"}
        )
    if server == "plaza" and scenario.name in paths:
        load = replace(load, path=paths[scenario.name])
    return replace(scenario, load=load)


def prepared(load: Load, scenario: Scenario, server: str, caller: Caller, stamp: str) -> Load:
    """Return the load of one round: fresh names, fresh entity tags."""
    if scenario.kind == "create":
        return replace(load, lua=load.lua.replace("SERVER", server).replace("STAMP", stamp))
    if scenario.kind == "patch":
        ring = [f"dog-{DOGS - number}" for number in range(64)]
        lines = ["ring, tags, adopted = {}, {}, {}"]
        for dog in ring:
            body, headers = caller.send(
                "PATCH", f"/api/dogs/{dog}", '{"is_adopted": true}', load.headers
            )
            lines.append(
                f"ring[#ring + 1] = '{dog}'; tags['{dog}'] = '{headers['ETag']}';"
                f" adopted['{dog}'] = {str(body['is_adopted']).lower()}"
            )
        return replace(load, lua="\n".join([*lines, load.lua]))
    return load


def sample(scenario: Scenario, load: Load, server: str, caller: Caller, stamp: str) -> type_json:
    """Return what the server answers, without what differs by nature."""
    send: Callable[..., Any] = caller.send
    match scenario.kind:
        case "create":
            path = f"/api/dogs/sample-{server}-{stamp}"
            answer = send("POST", path, load.body, load.headers)[0]
        case "patch":
            answer = send("PATCH", "/api/dogs/dog-99000", '{"is_adopted": true}', load.headers)[0]
        case "login":
            body = json.dumps({"email": "user9@bench.invalid", "password": PASSWORD})
            answer = send("POST", load.path, body, load.headers)[0]
        case _:
            answer = send("GET", load.path, headers=load.headers)[0]
    if scenario.is_list:
        # Only the addresses of other pages, and DRF's count, are each server's own.
        return {"results": answer["results"], "more": answer["next"] is not None}
    return {key: "…" if key in scenario.ignored else value for key, value in answer.items()}
