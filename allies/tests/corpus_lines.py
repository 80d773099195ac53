"""How servers write one request: each function returns its line, or lines, in one shape."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

BOGOTA = timezone(timedelta(hours=-5))
AGENT = 'Mozilla/5.0 (X11) \\"quoted\\" \\x22status: 500\\x22'


@dataclass(frozen=True)
class Request:
    client: str
    moment: datetime
    method: str
    path: str
    status: int
    size: int
    agent: str = "curl/7.88.1"

    @property
    def local(self):
        return self.moment.astimezone(BOGOTA)

    def clf(self):
        return f"{self.moment:%d/%b/%Y:%H:%M:%S} +0000"

    def iso(self, form="%Y-%m-%dT%H:%M:%S"):
        return f"{self.moment:{form}}"


def request_line(r):
    return f'"{r.method} {r.path} HTTP/1.1"'


def common(r):
    return f"{r.client} - - [{r.clf()}] {request_line(r)} {r.status} {r.size}"


def combined(r):
    return f'{common(r)} "-" "{r.agent}"'


def werkzeug(r):
    return f"{r.client} - - [{r.local:%d/%b/%Y %H:%M:%S}] {request_line(r)} {r.status} -"


def coloured(r):
    request = f"\x1b[35m\x1b[1m{r.method} {r.path} HTTP/1.1\x1b[0m"
    return f'{r.client} - - [{r.local:%d/%b/%Y %H:%M:%S}] "{request}" {r.status} -'


def plaza_json(r, **more):
    return json.dumps(
        {
            "timestamp": f"{r.iso()}.000+00:00",
            "level": "INFO",
            "logger": "plaza.request",
            "message": "request",
            "request_id": "abc",
            "actor": "nobody",
            "method": r.method,
            "path": r.path,
            "status": r.status,
            "ms": 1.5,
            "client": r.client,
            **more,
        }
    )


def plaza_nginx(r):
    return (
        f'{{"time":"{r.iso()}+00:00","request_id":"x","client":"{r.client}","method":"{r.method}",'
        f'"path":"{r.path}","status":{r.status},"bytes":{r.size},"seconds":0.001,'
        f'"upstream":"127.0.0.1:9050","upstream_status":"200","upstream_seconds":"0.1",'
        f'"protocol":"HTTP/1.1","host":"h","agent":"x\\" \\"status\\":200"}}'
    )


def plaza_text(r):
    path = json.dumps(r.path) if "=" in r.path else r.path
    return (
        f"{r.local:%H:%M:%S}.123 \x1b[32mINFO    \x1b[0m {r.method} {path} {r.status} 3 ms"
        f" {r.client} 1f585fc9"
    )


def docker(line, moment, stream="stdout"):
    time = f"{moment:%Y-%m-%dT%H:%M:%S}.123456789Z"
    return json.dumps({"log": line, "stream": stream, "time": time})


def docker_cut(r):
    line = combined(r) + "\n"
    return [
        docker(line[:60], r.moment),
        docker("oops\n", r.moment, "stderr"),
        docker(line[60:], r.moment),
    ]


def cri_cut(r):
    line, time = combined(r), f"{r.iso()}.123456789Z"
    return [f"{time} stdout P {line[:60]}", f"{time} stdout F {line[60:]}"]


def alb(r):
    return (
        f"h2 {r.iso()}.186641Z app/lb/50dc6c495c0c9188 {r.client}:2817 10.9.9.9:80 0.0 0.001 0.000"
        f' {r.status} {r.status} 34 {r.size} "{r.method} https://w.example:443{r.path} HTTP/2.0"'
        f' "{r.agent}" ECDHE TLSv1.2 arn:aws:x "Root=1-58337281" "www.example.com" "-" 0'
    )


CLOUDFRONT = (
    "#Version: 1.0",
    (
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
        "cs(Referer) cs(User-Agent) cs-uri-query"
    ),
)
IIS = (
    "#Software: Microsoft Internet Information Services 10.0",
    "#Version: 1.0",
    "#Date: 2023-10-10 13:00:00",
    (
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
        "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
    ),
)


def cloudfront(r):
    stem, _, query = r.path.partition("?")
    day, clock = f"{r.moment:%Y-%m-%d}", f"{r.moment:%H:%M:%S}"
    values = (day, clock, "FRA2", r.size, r.client, r.method, "d.example", stem, r.status, "-", "x")
    return "\t".join(map(str, (*values, query or "-")))


def iis(r):
    stem, _, query = r.path.partition("?")
    return (
        f"{r.iso('%Y-%m-%d %H:%M:%S')} 10.9.9.9 {r.method} {stem} {query or '-'} 443 - {r.client}"
        f" curl/7 - {r.status} 0 0 15"
    )


def heroku(r):
    return (
        f'{r.iso()}.123456+00:00 heroku[router]: at=info method={r.method} path="{r.path}" host=h'
        f' request_id=x fwd="{r.client}" dyno=web.1 connect=1ms service=3ms status={r.status}'
        f" bytes={r.size} protocol=https"
    )


def haproxy(r):
    return (
        f"Oct 10 13:55:30 lb haproxy[14389]: {r.client}:33317 [{r.local:%d/%b/%Y:%H:%M:%S}.655]"
        f" http-in static/srv1 10/0/30/69/109 {r.status} {r.size} - - ---- 1/1/1/1/0 0/0"
        f' {{1wt.eu|200}} {{}} "{r.method} {r.path} HTTP/1.1"'
    )


def traefik_json(r):
    return json.dumps(
        {
            "ClientAddr": f"{r.client}:51234",
            "ClientHost": r.client,
            "DownstreamStatus": r.status,
            "OriginStatus": 200,
            "RequestMethod": r.method,
            "RequestPath": r.path,
            "time": f"{r.iso()}Z",
            "level": "info",
            "msg": "",
        }
    )


def caddy_json(r):
    return json.dumps(
        {
            "level": "info",
            "ts": r.moment.timestamp() + 0.25,
            "logger": "http.log.access",
            "msg": "handled request",
            "request": {
                "remote_ip": r.client,
                "remote_port": "1234",
                "proto": "HTTP/2.0",
                "method": r.method,
                "host": "h",
                "uri": r.path,
                "headers": {"status": ["1"]},
            },
            "duration": 0.1,
            "resp_headers": {"Status": ["2"]},
            "size": r.size,
            "status": r.status,
        }
    )


def google_json(r):
    return json.dumps(
        {
            "httpRequest": {
                "requestMethod": r.method,
                "requestUrl": f"https://h{r.path}",
                "status": r.status,
                "remoteIp": r.client,
            },
            "timestamp": f"{r.iso()}.123456789Z",
        }
    )


def ecs_json(r):
    return json.dumps(
        {
            "@timestamp": f"{r.iso()}.000Z",
            "source": {"ip": r.client},
            "http": {"request": {"method": r.method}, "response": {"status_code": r.status}},
            "url": {"path": r.path},
        }
    )


def uwsgi(r):
    return (
        f"[pid: 1|app: 0|req: 1/1] {r.client} () {{28 vars in 300 bytes}}"
        f" [{r.local:%a %b %d %H:%M:%S %Y}] {r.method} {r.path} => generated {r.size} bytes in 3 ms"
        f" (HTTP/1.1 {r.status}) 2 headers in 78 bytes"
    )
