#!/usr/bin/env python3
"""http_test.py - the HTTP and WebSocket API on a real socket: good clients, bad ones, slow ones, many.

usage: http_test.py [PART OF A NAME]...; HTTP_SERVER names the program (test/e2e/http_server.c).
Each function is one claim. SPDX-License-Identifier: MIT
"""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import ws

SERVER = os.environ["HTTP_SERVER"]
CONFIG = """\
site: "Test \\"van\\""
links:
  house: "lin:sim://camper-van,leader=nugget,sim.leader=no"
  bus: "lin:listen://127.0.0.1:{lin}"
  can: "slcan:listen://127.0.0.1:{can}"
devices:
  panel: {{type: nugget-panel, link: house, control: true}}
  locked: {{type: nugget-panel, link: house}}
  orphan: {{type: nugget-panel, link: bus, control: true}}
  battery: {{type: hella-ibs, link: house}}
  pack: {{type: leaf-battery, link: can}}
  wallbox: {{type: openevse, link: "rapi:sim://openevse,rapi=6.0.0,car=away", control: true, limits: {{current: 6A..16A}}}}
outputs:
  page: {{type: http, listen: "{listen}", free_port: {free_port}}}
  {history}
"""
JSON = {"Content-Type": "application/json"}


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


BUSY = 5  # so much longer may take what others do when the computer does other things, too


def until(seconds, condition):
    end = time.monotonic() + BUSY * seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {BUSY * seconds} s")


class Server:
    def __init__(self, listen="127.0.0.1:0", free_port="false", history=True, slow_ms=0, starts=True):
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        lin, self.can = free_ports(2)
        keep = f"history: {{type: sqlite, path: {folder}/history.db}}" if history else "none: {type: json, path: /dev/null}"
        (folder / "http.yaml").write_text(
            CONFIG.format(lin=lin, can=self.can, listen=listen, free_port=free_port, history=keep))
        environment = dict(os.environ)
        if slow_ms:
            environment["HTTP_TEST_HISTORY_MS"] = str(slow_ms)
        self.errors = open(folder / "errors", "w+")
        self.process = subprocess.Popen([SERVER, str(folder / "http.yaml")], stdout=subprocess.PIPE,
                                        stderr=self.errors, env=environment, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http://"):
            assert not starts, self.said()
            self.url = None
        else:
            self.host, port = self.url[len("http://"):].rsplit(":", 1)
            self.host = self.host.strip("[]")
            self.port = int(port)

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def ask(self, path="/api/state", method="GET", body=None, headers=None, link=None):
        """The answer to a good client: (status, headers, document or text)."""
        link = link or http.client.HTTPConnection(self.host, self.port, timeout=60)
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        text = answer.read()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(text) if kind == "application/json" and text else text

    def command(self, body, path="/api/devices/panel/coolbox.level", headers=None):
        status, _, document = self.ask(path, "POST", body, headers or JSON)
        return status, document.get("error") if isinstance(document, dict) else document, document

    def connect(self):
        link = socket.create_connection((self.host, self.port), timeout=60)
        return link

    def raw(self, request, wait=True):
        """All that comes back on a connection of its own, until it is closed: text."""
        with self.connect() as link:
            with contextlib.suppress(OSError):
                link.sendall(request if isinstance(request, bytes) else request.encode())
                if not wait:
                    link.shutdown(socket.SHUT_WR)
            return self.rest(link)

    def rest(self, link):
        got = b""
        with contextlib.suppress(ConnectionError):
            while piece := link.recv(65536):
                got += piece
        return got.decode("latin-1")

    def status(self, request):
        answer = self.raw(request)
        return int(answer.split(" ", 2)[1]) if answer else 0

    def get(self, path, *lines, method="GET"):
        """The status for a request by hand, with a good Host unless a line says otherwise."""
        head = [f"{method} {path} HTTP/1.1", *lines, "Connection: close"]
        if not any(line.startswith("Host") for line in lines):
            head.insert(1, f"Host: {self.host}:{self.port}")
        return self.status("\r\n".join(head) + "\r\n\r\n")

    def live(self, path="/api/live", **more):
        return ws.WebSocket(self.host, self.port, path, **more)

    def send_can(self, lines):
        """Frames on the CAN link, as an slcan adapter sends them."""
        if not hasattr(self, "adapter"):
            until(5, lambda: self.ask()[2]["links"]["can"]["state"] == "open")
            self.adapter = socket.create_connection(("127.0.0.1", self.can), timeout=60)
            said = b""
            while b"O\r" not in said and b"L\r" not in said:  # until the bus is opened
                piece = self.adapter.recv(64)
                said += piece
                self.adapter.sendall(b"\r" * piece.count(b"\r"))
        self.adapter.sendall(lines if isinstance(lines, bytes) else lines.encode())

    def stop(self, number=signal.SIGUSR1, within=3.0):
        begin = time.monotonic()
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        took = time.monotonic() - begin
        said = self.said()
        assert self.process.returncode == 0 and out == "clean\n", (self.process.returncode, out, said[-3000:])
        assert took < BUSY * within, f"ended after {took:.2f} s"
        self.folder.cleanup()


# 358.0 V, 5.5 A (test/unit/test_leaf_battery.c); the last two bytes are the counter and the CRC.
PACK = ''.join(f"t1DB80160B32B3200{end}\r" for end in ("0004", "0181", "028B", "030E"))

server = None


# ---- what is right ----

def test_state_names_every_device_and_link():
    status, headers, state = until(5, lambda: (a := server.ask())[2]["devices"]["battery"]["health"] == "ok" and a)
    assert status == 200 and state["site"] == 'Test "van"' and state["demo"] is False
    assert set(state["devices"]) == {"panel", "locked", "orphan", "battery", "pack", "wallbox"}
    assert set(state["links"]) == {"house", "bus", "can", "wallbox"}
    assert abs(state["time"] - time.time()) < 5
    battery = state["devices"]["battery"]
    assert battery["type"] == "hella-ibs" and battery["link"] == "house" and battery["age"] < 5
    volt = battery["signals"]["battery.voltage"]
    assert 9 < volt["value"] < 16 and volt["unit"] == "V" and volt["title"] and volt["age"] < 5
    assert state["devices"]["pack"]["health"] == "silent" and "age" not in state["devices"]["pack"]
    assert state["devices"]["pack"]["signals"] == {} and "commands" not in state["devices"]["locked"]


def test_a_command_says_its_limits_and_words_say_theirs():
    panel = until(5, lambda: (p := server.ask()[2]["devices"]["panel"])["signals"] and p)
    level = panel["commands"]["coolbox.level"]
    assert (level["min"], level["max"], level["step"], level["safe"]) == (0, 5, 1, 0) and level["title"]
    assert panel["signals"]["pump.on"]["words"] == ["no", "yes"] and panel["signals"]["pump.on"]["value"] in ("no", "yes")
    assert panel["headline"] == ["coolbox.level", "pump.on"]


def test_security_headers_stand_on_every_answer():
    for path, method in (("/api/state", "GET"), ("/nothing", "GET"), ("/api/nothing", "GET"), ("/", "HEAD"),
                         ("/api/state", "DELETE"), ("/api/devices/panel/coolbox.level", "POST")):
        _, headers, _ = server.ask(path, method)
        assert headers["Content-Security-Policy"] == \
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", (path, headers)
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] in ("no-store", "no-cache")
        assert "Access-Control-Allow-Origin" not in headers


def test_head_has_the_headers_of_get_and_no_body():
    link = http.client.HTTPConnection(server.host, server.port, timeout=60)
    status, headers, body = server.ask("/api/state", "HEAD", link=link)
    assert status == 200 and int(headers["Content-Length"]) > 100 and body == b""
    assert server.ask("/api/state", link=link)[0] == 200  # on the same connection


def test_one_connection_serves_many_requests():
    link = http.client.HTTPConnection(server.host, server.port, timeout=60)
    for i in range(50):
        assert server.ask("/api/state", link=link)[0] == 200
        assert server.ask("/api/nothing", link=link)[0] == 404


def test_pipelined_requests_are_answered_in_order():
    name = f"Host: {server.host}:{server.port}\r\n"
    post = '{"value":9}'
    get = f"GET /api/x1 HTTP/1.1\r\n{name}\r\nHEAD /api/x HTTP/1.1\r\n{name}\r\n"
    command = (f"POST /api/devices/panel/coolbox.level HTTP/1.1\r\n{name}Content-Type: application/json\r\n"
               f"Content-Length: {len(post)}\r\n\r\n{post}")
    bad = f"POST /api/state HTTP/1.1\r\n{name}Content-Length: {len(post)}\r\n\r\n{post}"
    last = f"GET /nothing HTTP/1.1\r\n{name}Connection: close\r\n\r\n"

    def statuses(*requests):
        answer = server.raw("".join(requests)).replace("}HTTP", "}\nHTTP")
        return [line.split(" ")[1] for line in answer.splitlines() if line.startswith("HTTP/1.1 ")]
    assert statuses(get, last) == ["404", "404", "404"]
    assert statuses(get * 20, last) == ["404", "404"] * 20 + ["404"]
    # a body that does not wait for the answers before it is refused; what was asked before is answered
    for requests, wanted in (((get, command, last), ["404", "404", "400"]), ((command, last), ["422"]),
                             ((command, command, last), ["422"]), ((get, command, get, last), ["404", "404", "400"])):
        assert (got := statuses(*requests))[:len(wanted)] == wanted, (got, wanted)
    for requests in ((get, bad, last), (bad, last), (bad, bad, last), (bad, command, last)):
        statuses(*requests)
    assert server.ask()[0] == 200


# ---- static files ----

def test_the_page_is_not_sent_twice():
    status, headers, body = server.ask("/")
    if status == 404:  # a build without the page
        return "no page in this build"
    assert headers["Content-Encoding"] == "gzip" and headers["Cache-Control"] == "no-cache"
    assert headers["Content-Type"].startswith("text/html")
    again, headers2, nothing = server.ask("/", headers={"If-None-Match": headers["ETag"]})
    assert again == 304 and nothing == b"" and headers2["ETag"] == headers["ETag"]
    assert server.ask("/", headers={"If-None-Match": '"old"'})[0] == 200


def test_there_is_no_way_out_of_the_page():
    for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc/passwd", "//etc/passwd", "/.%2e/.%2e/etc/passwd",
                 "/api/../../etc/passwd", "/etc/passwd", "/./etc/passwd", "/..", "/%2e%2e", "/\\..\\etc"):
        assert server.get(path) in (400, 403, 404) or server.get(path) == server.get("/"), path


# ---- the gate ----

def test_a_foreign_host_is_refused():
    for host in (f"evil.example:{server.port}", "evil.example", f"127.0.0.1:{server.port + 1}", "127.0.0.1",
                 f"127.0.0.1.evil.example:{server.port}", f"localhost.evil.example:{server.port}",
                 f"evil@127.0.0.1:{server.port}", f"192.168.1.1:{server.port}", f"0.0.0.0:{server.port}",
                 f"127.0.0.1:{server.port},evil.example", f"127.0.0.1:0{server.port}x"):
        for path in ("/", "/api/state", "/api/history", "/api/live"):
            assert server.get(path, f"Host: {host}") == 403, (path, host)


def test_our_names_are_served():
    for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
        assert server.get("/api/state", f"Host: {host}:{server.port}") == 200, host


def test_a_request_without_host_is_refused():
    assert server.status("GET /api/state HTTP/1.1\r\nConnection: close\r\n\r\n") == 400
    assert server.status("GET /api/state HTTP/1.0\r\n\r\n") == 400


def test_two_hosts_are_refused():
    assert server.get("/api/state", f"Host: 127.0.0.1:{server.port}", "Host: evil.example") == 403


def test_a_foreign_origin_is_refused_everywhere():
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{server.port}", f"http://127.0.0.1:{server.port + 1}",
                   f"http://127.0.0.1:{server.port}.evil.example", f"http://evil.example:{server.port}", "http://127.0.0.1",
                   "file://", f"http://127.0.0.1:{server.port}/", "x" * 300):
        headers = {"Origin": origin}
        assert server.ask(headers=headers)[0] == 403, origin
        assert server.command('{"value":1}', headers={**JSON, **headers})[:2] == (403, "bad-origin"), origin
        try:
            server.live(headers=headers)
            raise AssertionError(f"{origin} may open a WebSocket")
        except ws.Refused as refused:
            assert refused.status == 403 and "bad-origin" in refused.body, refused.body
    assert server.ask(headers={"Origin": f"http://127.0.0.1:{server.port}"})[0] == 200
    assert server.ask(headers={"Origin": f"http://localhost:{server.port}"})[0] == 200


def test_a_websocket_of_a_foreign_name_is_refused():
    for headers, status in (({"Host": f"evil.example:{server.port}"}, 403), ({"Host": None}, 400)):
        try:
            server.live(headers=headers)
            raise AssertionError("opened")
        except ws.Refused as refused:
            assert refused.status == status and "content-security-policy" in refused.head, refused.head


# ---- methods ----

def test_commands_are_posted_and_nothing_else_is():
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        status, headers, document = server.ask("/api/devices/panel/coolbox.level", method)
        assert status == 405 and headers["Allow"] == "POST", (method, status)
        assert method == "HEAD" or document["error"] == "post-only"
    for path in ("/", "/api/state", "/api/history", "/api/live", "/nothing"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            status, headers, document = server.ask(path, method)
            assert (status, headers["Allow"], document["error"]) == (405, "GET, HEAD", "get-only"), (path, method)


def test_what_is_no_method_is_refused():
    for method in ("TRACE", "BREW", "PROPFIND", "\x16\x03\x01"):
        assert server.get("/api/state", method=method) in (0, 403), method
    assert server.status(f"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n\r\n") == 0
    assert server.status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") in (0, 403)
    assert server.ask()[0] == 200


def test_other_upgrades_are_refused():
    name = f"Host: {server.host}:{server.port}"
    assert server.get("/api/state", name, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA") in (400, 404)
    assert server.get("/api/live", name, "Upgrade: gopher") in (400, 403)
    assert server.get("/api/live", name, "Upgrade: websocket") == 400
    assert server.get("/api/live", name) == 426
    assert server.ask()[0] == 200


# ---- commands ----

def lead():
    until(8, lambda: server.ask()[2]["links"]["house"].get("leader") == "lead")


def test_a_command_is_done_and_shown():
    lead()
    status, _, document = server.command('{"value":3,"lease":20}')
    assert status == 200 and document == {"device": "panel", "command": "coolbox.level", "value": 3, "lease": 20}
    command = server.ask()[2]["devices"]["panel"]["commands"]["coolbox.level"]
    assert command["value"] == 3 and 15 < command["lease"] <= 20 and command["by"].startswith("http 127.0.0.1:")
    until(3, lambda: server.ask()[2]["devices"]["panel"]["signals"]["coolbox.level"]["value"] == 3)
    status, _, document = server.command('{"release":true}')
    assert status == 200 and document == {"device": "panel", "command": "coolbox.level", "value": 0}
    assert "lease" not in server.ask()[2]["devices"]["panel"]["commands"]["coolbox.level"]


def test_a_command_takes_the_default_lease_and_numbers_of_any_form():
    lead()
    for body, value in (('{"value":2}', 2), ('{"value":2.0}', 2), ('{"value":"4"}', 4), ('{"value":2e0}', 2),
                        (' {"lease": 1.5, "value" : 1 } ', 1), ('{"value":-0.0}', 0)):
        status, _, document = server.command(body)
        assert status == 200 and document["value"] == value, (body, document)
        assert document["lease"] == (1.5 if "lease" in body else 30)
    assert server.command('{"value":1}', headers={"Content-Type": "application/json; charset=utf-8"})[0] == 200
    server.command('{"release":true}')


def test_bad_commands_have_their_own_errors():
    lead()
    many = '{"value":' + "[" * 1500 + "]" * 1500 + "}"
    for body, status, error in (
            ('{"value":6}', 422, "out-of-range"), ('{"value":-1}', 422, "out-of-range"),
            ('{"value":1e300}', 422, "out-of-range"), ('{"value":1e999}', 422, "out-of-range"),
            ('{"value":99999999999999999999999}', 422, "out-of-range"),
            ('{"value":"warm"}', 400, "bad-value"), ('{"value":""}', 400, "bad-value"), ('{"value":null}', 400, "bad-value"),
            ('{"value":true}', 400, "bad-value"), ('{"value":[3]}', 400, "bad-value"),
            ('{"value":"' + "3" * 300 + '"}', 400, "bad-value"), ('{"value":"3\\nvoltbus: all is well"}', 400, "bad-value"),
            ('{"value":3,"lease":0}', 400, "bad-lease"), ('{"value":3,"lease":3601}', 400, "bad-lease"),
            ('{"value":3,"lease":"30"}', 400, "bad-lease"), ('{"value":3,"lease":-5}', 400, "bad-lease"),
            ('{"value":3,"lease":0.5}', 400, "bad-lease"), ('{"value":3,"lease":null}', 400, "bad-lease"),
            ('', 400, "bad-json"), ('{', 400, "bad-json"), ('3', 400, "bad-json"), ('[3]', 400, "bad-json"),
            ('{}', 400, "bad-json"), ('{"lease":3}', 400, "bad-json"), ('{"value":3}x', 400, "bad-json"),
            ('{"value":3,"value":4}', 400, "bad-json"), ('{"value":3,"speed":4}', 400, "bad-json"),
            ('{"value":3,"release":true}', 400, "bad-json"), ('{"release":false}', 400, "bad-json"),
            ('{"release":1}', 400, "bad-json"), ('{"value":NaN}', 400, "bad-json"), ('{"value":Infinity}', 400, "bad-json"),
            ("{'value':3}", 400, "bad-json"), ('{"value":03}', 400, "bad-json"), (many, 400, "bad-value"),
            (b'{"value":"\xff\xfe"}', 400, "bad-json"), (b'\xef\xbb\xbf{"value":3}', 400, "bad-json"),
            ('{"value":"\\u0000"}', 400, "bad-json"), ('{"value":"\\ud800"}', 400, "bad-json"),
            (b'{"value":3}\0', 400, "bad-json")):
        got = server.command(body)
        assert got[:2] == (status, error), (body if len(body) < 100 else len(body), got)
        assert got[2]["reason"]
    assert server.command('{"value":3}')[0] == 200
    server.command('{"release":true}')


def test_a_command_needs_a_device_that_has_it_and_may_be_controlled():
    value = '{"value":3}'
    for path, status, error in (("/api/devices/panel/coolbox", 404, "no-command"), ("/api/devices/panel/", 404, "no-command"),
                                ("/api/devices/panel", 404, "no-command"), ("/api/devices/nobody/coolbox.level", 404, "no-device"),
                                ("/api/devices/", 404, "no-device"), ("/api/devices/panel/coolbox.level/x", 404, "no-command"),
                                ("/api/devices/locked/coolbox.level", 403, "control-off"),
                                ("/api/devices/orphan/coolbox.level", 409, None)):
        got = server.command(value, path)
        assert got[0] == status and (error is None or got[1] == error), (path, got)
    assert server.command(value, "/api/devices/orphan/coolbox.level")[1] in ("no-leader", "link-down")
    assert server.command('{"release":true}', "/api/devices/locked/coolbox.level")[:2] == (403, "control-off")


CALL = "/api/devices/wallbox/call"


def test_a_call_is_answered_when_the_device_has_answered():
    status, _, document = server.command('{"call":"version"}', CALL)
    assert status == 200 and document["ok"] is True and document["values"]["firmware.rapi"] == "6.0.0", document
    assert document["text"].endswith(" 6.0.0"), document
    began = time.monotonic()
    status, _, document = server.command('{"call":"free_relay"}', CALL)
    assert status == 200 and document == {"ok": True, "values": {}, "text": ""}, document
    assert time.monotonic() - began > 1, "it takes its time"
    status, _, document = server.command('{"call":"set_current","arguments":["12"]}', CALL)
    assert status == 200 and document["values"] == {"pilot.current": 12}, document
    calls = server.ask()[2]["devices"]["wallbox"]["calls"]
    assert {"name": "pause", "title": calls[0]["title"], "arguments": []} == calls[0], calls
    assert calls[2]["arguments"][0]["max"] == 229500, calls[2]


def test_bad_calls_have_their_own_errors():
    for body, status, error in (('{"call":"launch"}', 404, "no-call"), ('{}', 400, "bad-json"), ('[]', 400, "bad-json"),
                                ('{"call":"pause","arguments":[1]}', 400, "bad-value"),
                                ('{"call":"set_current"}', 400, "bad-value"),
                                ('{"call":"set_current","arguments":[17]}', 422, "out-of-range"),
                                ('{"call":"set_current","arguments":["a\\nb"]}', 400, "bad-value"),
                                ('{"call":"set_ammeter_calibration","arguments":["on"]}', 409, "not-there"),
                                ('{"call":"voltmeter"}', 409, "refused")):
        got = server.command(body, CALL)
        assert got[:2] == (status, error), (body, got)
    assert server.command('{"call":"pause"}', "/api/devices/panel/call")[1] == "no-call"
    assert server.command('{"call":"pause"}', "/api/devices/nobody/call")[1] == "no-device"
    assert server.ask(CALL)[2]["error"] == "post-only"


def test_who_goes_before_the_device_has_answered_does_no_harm():
    body = '{"call":"free_relay"}'
    for i in range(2):
        with server.connect() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # RST
            link.sendall(post(f"Content-Length: {len(body)}", path=CALL, body=body).encode())
            time.sleep(0.02 * i)
    until(20, lambda: server.command('{"call":"version"}', CALL)[0] == 200)
    assert server.ask()[0] == 200


def test_it_ends_while_a_call_waits():
    for number in (signal.SIGINT, signal.SIGUSR1):
        with started() as it:
            until(5, lambda: it.ask()[2]["devices"]["wallbox"]["health"] == "ok")
            body = '{"call":"free_relay"}'
            with it.connect() as link:
                head = ["POST " + CALL + " HTTP/1.1", f"Host: {it.host}:{it.port}", "Content-Type: application/json"]
                link.sendall(("\r\n".join([*head, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body).encode())
                time.sleep(0.3)
                it.stop(number)


def test_a_command_must_be_json():
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "",
                 "text/plain; application/json"):
        assert server.command('{"value":3}', headers={"Content-Type": kind})[:2] == (415, "json-only"), kind
    status, _, document = server.ask("/api/devices/panel/coolbox.level", "POST", '{"value":3}')
    assert (status, document["error"]) == (415, "json-only")


def post(*lines, path="/api/devices/panel/coolbox.level", body=""):
    head = [f"POST {path} HTTP/1.1", f"Host: {server.host}:{server.port}", "Content-Type: application/json", *lines]
    return "\r\n".join(head) + "\r\n\r\n" + body


def test_a_body_that_is_too_large_is_refused():
    assert server.command('{"value":3' + " " * 4085 + "}")[0] != 413  # 4096 bytes
    assert server.command('{"value":3' + " " * 4086 + "}")[:2] == (413, "too-large")
    assert server.command(" " * 300000)[:2] == (413, "too-large")
    for length in ("4097", "99999999999999999999", "18446744073709551617"):
        assert server.status(post(f"Content-Length: {length}")) == 413, length


def test_a_body_of_unknown_length_is_refused():
    for lines in (["Content-Length: -1"], ["Content-Length: 3x"], ["Content-Length: 0x3"], ["Content-Length: 2", "Content-Length: 3"]):
        assert server.status(post(*lines, body="{}")) == 400, lines
    assert server.status(post("Transfer-Encoding: chunked", body="2\r\n{}\r\n0\r\n\r\n")) == 411
    assert server.status(post("Transfer-Encoding: chunked", "Content-Length: 2", body="2\r\n{}\r\n0\r\n\r\n")) == 411
    assert (got := server.raw(post())).startswith("HTTP/1.1 411 "), got
    assert server.get("/api/state", "Content-Length: 5") == 400


# ---- what is no good request ----

def test_a_path_must_be_utf8():
    for path in ("/%ff", "/api/%c0%ae", "/%ed%a0%80", "/a%00b", "/api/state%00", "/%", "/%zz", "/%4", "/a%g0",
                 "/api/history?signal=%ff", "/api/history?signal=a%00b", "/api/history?%zz"):
        assert server.get(path) in (0, 400, 403), path
    assert server.get("/" + "x" * 300) == 414
    assert server.get("/%e2%82%ac") == 404
    assert server.ask()[0] == 200


def test_headers_that_are_too_long_are_refused():
    name = f"Host: {server.host}:{server.port}"
    assert server.get("/api/state", name, "X-Long: " + "x" * 5000) == 200
    for line in ("X-Long: " + "x" * 9000, "Cookie: " + "x" * 20000, "X" * 9000 + ": y"):
        assert server.get("/api/state", name, line) == 0, line[:10]
    assert server.get("/api/state", name, *[f"X-{i}: {i}" for i in range(3000)]) == 0
    assert server.get("/" + "a" * 9000) == 0
    assert server.ask()[0] == 200


def test_rubbish_is_not_answered():
    for rubbish in (b"\0" * 1000, b"\xff" * 1000, b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n \r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
                    b"GET  HTTP/1.1\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", bytes(range(256)) * 8):
        answer = server.raw(rubbish, wait=False)
        assert not answer.startswith("HTTP/1.1 200"), rubbish[:20]
    assert server.ask()[0] == 200


# ---- slow clients ----

def cut_after(link, feed, seconds):
    """Feed bytes one by one until the other side closes; the time that took."""
    begin = time.monotonic()
    link.settimeout(0.2)
    try:
        while time.monotonic() - begin < BUSY * seconds + 5:
            link.sendall(feed())
            with contextlib.suppress(socket.timeout):
                if link.recv(4096) == b"":
                    break
    except ConnectionError:
        pass
    took = time.monotonic() - begin
    assert took < BUSY * seconds, f"still open after {took:.1f} s"
    return took


def test_who_dribbles_headers_is_cut_off():
    with server.connect() as link:
        link.sendall(f"GET /api/state HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nX-Slow: ".encode())
        assert cut_after(link, lambda: b"x", 4) > 1.5


def test_who_dribbles_a_body_is_cut_off():
    with server.connect() as link:
        link.sendall(post("Content-Length: 4000").encode())
        assert cut_after(link, lambda: b" ", 4) > 1.5


def test_who_says_nothing_is_cut_off():
    with server.connect() as link:
        begin = time.monotonic()
        assert link.recv(10) == b"" and 1.5 < time.monotonic() - begin < BUSY * 4
    link = http.client.HTTPConnection(server.host, server.port, timeout=60)
    server.ask(link=link)
    begin = time.monotonic()
    assert link.sock.recv(10) == b"" and 1.5 < time.monotonic() - begin < BUSY * 6


def test_who_closes_half_gets_the_answer():
    with server.connect() as link:
        link.sendall(f"GET /api/nothing HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n\r\n".encode())
        link.shutdown(socket.SHUT_WR)
        assert "404" in server.rest(link).split("\r\n")[0]


def test_who_goes_at_any_moment_does_no_harm():
    whole = post("Content-Length: 11", body='{"value":9}').encode()
    for n in range(0, len(whole), 7):
        with server.connect() as link:
            link.sendall(whole[:n])
    for n in range(0, len(whole), 7):
        with server.connect() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # RST
            link.sendall(whole[:n])
    assert server.ask()[0] == 200


def test_a_request_byte_by_byte_is_a_request():
    for request, status in ((post("Content-Length: 11", "Connection: close", body='{"value":9}'), 422),
                            (f"GET /api/nothing HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nConnection: close\r\n\r\n", 404)):
        with server.connect() as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request.encode():
                link.sendall(bytes([byte]))
            assert f" {status} " in server.rest(link).split("\r\n")[0] + " "


def test_more_connections_than_allowed_are_told_so():
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(server.connect())
        time.sleep(0.2)
        status, _, document = server.ask()
        assert (status, document["error"]) == (503, "too-many")
        for _ in range(40):
            stack.enter_context(server.connect())
        time.sleep(0.2)
        assert server.get("/api/state") in (0, 503)
    until(3, lambda: server.get("/api/state") == 200)  # as soon as it has noticed that they are gone


# ---- history ----

def test_history_gives_points_of_a_signal():
    def points():
        status, _, document = server.ask("/api/history?signal=battery/battery.voltage&from=-60&points=100")
        assert status == 200, document
        return document["points"] and document
    document = until(5, points)
    assert document["signal"] == "battery/battery.voltage" and document["unit"] == "V"
    assert abs(document["to"] - document["from"] - 60) < 0.1
    t, mean, low, high = next(point for point in document["points"] if point)
    assert document["from"] <= t <= document["to"] and 9 < low <= mean <= high < 16
    status, _, document = server.ask("/api/history?signal=battery%2Fbattery.voltage&from=100&to=200.5")
    assert (status, document["from"], document["to"]) == (200, 100, 200.5) and not any(document["points"])


def test_history_refuses_bad_arguments():
    good = "/api/history?signal=battery/battery.voltage"
    for query in ("&from=x", "&from=", "&from=1e3", "&from=5&to=5", "&from=6&to=5", "&from=-5&to=-6", "&points=1", "&points=5001",
                  "&points=-3", "&points=3.5", "&points=", "&points=999999999999", "&from=99999999999999999999", "&speed=3", "&from=1&from=2",
                  "&signal=battery/battery.voltage", "&points", "&x" * 30, "&from=" + "9" * 300, "&=", "&from==3"):
        status, _, document = server.ask(good + query)
        assert (status, document["error"]) == (400, "bad-argument"), (query, status, document)
        assert document["reason"]
    assert server.ask("/api/history")[2]["error"] == "bad-argument"
    for name in ("battery", "battery/", "/", "battery/x", "nobody/battery.voltage", "x" * 200, "battery/battery.voltage/"):
        status, _, document = server.ask("/api/history?signal=" + name)
        assert (status, document["error"]) == (404, "no-signal"), (name, document)
    assert server.ask(good + "&points=2&from=-1&to=-0")[0] == 200


def test_history_of_a_signal_that_was_never_heard_is_empty():
    status, _, document = server.ask("/api/history?signal=pack/battery.soc")
    assert status == 200 and not any(document["points"]), document


def test_without_history_it_says_so():
    with started(history=False) as other:
        status, _, document = other.ask("/api/history?signal=battery/battery.voltage")
        assert (status, document["error"]) == (503, "no-history")


def test_a_slow_history_stops_nobody_else():
    path = "/api/history?signal=battery/battery.voltage&from=-60"
    with started(slow_ms=100) as other:
        results = []
        threads = [threading.Thread(target=lambda: results.append(other.ask(path)[0])) for _ in range(20)]
        for thread in threads:
            thread.start()
        until(5, lambda: 200 in results)
        assert other.ask()[0] == 200
        assert results.count(200) < 16, "it did not wait for the others"
        for thread in threads:
            thread.join()
        assert results.count(503) == 4 and results.count(200) == 16, results


def test_who_goes_while_the_history_is_read_does_no_harm():
    path = "/api/history?signal=battery/battery.voltage&from=-60"
    with started(slow_ms=200) as other:
        head = f"GET {path} HTTP/1.1\r\nHost: {other.host}:{other.port}\r\n\r\n".encode()
        for linger in (b"\0\0\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\0"):
            for _ in range(6):
                with other.connect() as link:
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    link.sendall(head)
                    time.sleep(0.05)
        until(5, lambda: other.ask(path)[0] == 200)


def test_it_ends_while_the_history_is_read():
    path = "/api/history?signal=battery/battery.voltage&from=-60"
    with started(slow_ms=400) as other:
        links = [other.connect() for _ in range(4)]
        for link in links:
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: {other.host}:{other.port}\r\n\r\n".encode())
        time.sleep(0.2)
        other.stop(within=1.5)  # the one that runs takes its 0.4 s
        for link in links:
            link.close()


# ---- live ----

def message(link, kind=None, seconds=8):
    end = time.monotonic() + BUSY * seconds
    while time.monotonic() < end:
        opcode, payload = link.receive()
        assert opcode == ws.TEXT, (opcode, payload)
        document = json.loads(payload)
        if kind is None or document["type"] == kind:
            return document
    raise AssertionError(f"no {kind}")


def test_live_begins_with_a_snapshot_and_goes_on_with_what_changes():
    live = server.live()
    first = message(live)
    assert first["type"] == "snapshot" and "missed" not in first
    assert set(first["state"]) == set(server.ask()[2])
    seq = first["state"]["seq"]
    times = []
    for _ in range(12):
        delta = message(live)
        seq += 1
        assert delta["type"] == "delta" and delta["seq"] == seq
        times.append(delta["time"])
        for device in delta["devices"].values():
            assert {"health", "reason", "frames", "bad"} <= set(device)
            for signal_ in device.get("signals", {}).values():
                assert {"value", "t"} <= set(signal_)
    assert all(b - a > 0.08 for a, b in zip(times, times[1:])), times
    live.close()


def test_live_tells_commands_and_their_end():
    lead()
    live = server.live()
    message(live)
    server.command('{"value":2,"lease":1}')

    def next_command():
        while True:
            found = message(live, "delta")["devices"].get("panel", {}).get("commands")
            if found:
                return found["coolbox.level"]
    began = next_command()
    assert began["value"] == 2 and 0 < began["lease"] <= 1 and began["by"].startswith("http ")
    ended = next_command()
    assert ended["value"] == 0 and "lease" not in ended
    live.close()


def test_a_signal_that_is_heard_for_the_first_time_has_all_its_fields():
    with started() as other:
        live = other.live()
        message(live)
        other.send_can(PACK)
        while "battery.voltage" not in (heard := message(live, "delta")["devices"].get("pack", {}).get("signals", {})):
            pass
        assert heard["battery.voltage"]["value"] == 358.0 and heard["battery.voltage"]["unit"] == "V"
        assert heard["battery.voltage"]["title"]
        other.send_can(PACK)
        while "battery.voltage" not in (heard := message(live, "delta")["devices"].get("pack", {}).get("signals", {})):
            pass
        assert set(heard["battery.voltage"]) == {"value", "t"}
        assert other.ask()[2]["devices"]["pack"]["signals"]["battery.voltage"]["value"] == 358.0
        live.close()


def test_every_sample_gives_every_sample():
    with started() as other:
        live = other.live("/api/live?every=sample")
        assert message(live)["type"] == "snapshot"
        count = 5000
        other.send_can(PACK * (count // 4))
        volts, seq = 0, None
        while volts < count:
            batch = message(live)
            assert batch["type"] == "samples" and (seq is None or batch["seq"] == seq + 1)
            seq = batch["seq"]
            for sample in batch["samples"]:
                if sample[0] == "pack/battery.voltage":
                    volts += 1
                    assert sample[2] == 358.0 and abs(sample[1] - time.time()) < 20
        assert volts == count
        live.close()


def test_who_does_not_read_costs_little_and_gets_the_newest_state():
    with started() as other:
        slow = other.live("/api/live?every=sample", room=4096)
        fast = other.live("/api/live?every=sample")
        quick = other.live()
        message(fast)
        stop = threading.Event()
        seen = [0]

        def read():  # without parsing: this must be fast
            with contextlib.suppress(OSError, ConnectionError):
                while not stop.is_set():
                    batch = fast.receive()[1]
                    if b'"missed"' in batch:
                        seen[0] = -1 << 30
                    seen[0] += batch.count(b'"pack/battery.voltage"')
        reader = threading.Thread(target=read)
        reader.start()

        def memory():
            return int(pathlib.Path(f"/proc/{other.process.pid}/statm").read_text().split()[1]) * 4096
        sent, before = 0, None
        begin = time.monotonic()
        while before is None or time.monotonic() - begin < 1.7:  # before its silence ends it
            other.send_can(PACK * 250)
            sent += 1000
            until(10, lambda: seen[0] > sent - 3000 or seen[0] < 0)  # who reads, but on a busy computer
            if before is None and sent >= 10000:
                before = memory()
        grown = memory() - before
        assert grown < 16 << 20, f"{grown} bytes more"
        until(10, lambda: seen[0] == sent or seen[0] < 0)
        assert seen[0] == sent, "a client that reads misses nothing"
        first = message(slow)  # what the kernel has kept for it
        while first["type"] == "samples" or "missed" not in first:
            first = message(slow)
        assert first["type"] == "snapshot" and first["missed"] > 0
        assert first["state"]["devices"]["pack"]["frames"] >= 1
        following = message(slow)
        assert following["type"] == "samples" or following["type"] == "snapshot"
        message(quick)
        stop.set()
        other.send_can(PACK)
        reader.join(10)
        for link in (slow, fast, quick):
            link.close()


def test_a_client_is_asked_for_signs_of_life():
    alive = server.live()
    begin = time.monotonic()
    while time.monotonic() - begin < 3.5:
        message(alive)
    assert alive.pings >= 3
    dead = server.live(answer_pings=False)
    begin = time.monotonic()
    assert dead.closed_with() is None  # it just goes: who does not answer would not read a reason
    assert 1.5 < time.monotonic() - begin < BUSY * 4.5
    message(alive)
    alive.close()
    dead.close()


def test_a_client_that_does_not_read_is_closed():
    link = server.live(room=4096)
    time.sleep(4.5)
    link.socket.settimeout(5)
    link.answer_pings = False
    assert link.closed_with() is None
    link.close()


def test_what_a_client_says_is_ignored_up_to_a_limit():
    live = server.live()
    message(live)
    live.send("hello")
    live.send('{"type":"subscribe"}')
    live.send(b"\0\1\2", ws.BINARY)
    live.send("x" * 1024)
    message(live)
    live.send(b"ping", ws.PING)
    while (got := live.receive())[0] != ws.PONG:
        pass
    assert got[1] == b"ping"
    live.send("x" * 1025)
    assert live.closed_with() == 1009
    live = server.live()
    live.send("x" * 800, fin=False)
    live.send("x" * 800, opcode=0)
    assert live.closed_with() == 1009
    live = server.live()
    live.send("x" * 100000)
    assert live.closed_with() in (1009, None)


def test_bad_frames_close_the_websocket():
    for payload, options, codes in ((b"\xff\xfe", {}, (1007,)), (b"ab\xc3", {}, (1007,)), (b"\xed\xa0\x80", {}, (1007,)),
                                    (b"x", {"opcode": 0}, (1002, None)),
                                    (b"x", {"opcode": 3}, (1002, None)), (b"x" * 126, {"opcode": ws.PING}, (1002, None)),
                                    (b"x", {"opcode": ws.PING, "fin": False}, (1002, None)), (b"\3", {"opcode": ws.CLOSE}, (1000, 1002, 1005, None))):
        live = server.live()
        message(live)
        live.send(payload, **options)
        code = live.closed_with()
        assert code in codes, (payload, options, code)
        live.close()
    assert server.ask()[0] == 200


def test_a_polite_close_is_answered():
    live = server.live()
    message(live)
    live.send(b"\x03\xe8", ws.CLOSE)
    assert live.closed_with() == 1000


def test_live_takes_no_other_arguments():
    for query in ("?every=frame", "?every", "?x=1", "?every=sample&x=1", "?every=%ff"):
        try:
            server.live("/api/live" + query)
            raise AssertionError(query)
        except ws.Refused as refused:
            assert refused.status == 400 and "bad-argument" in refused.body, (query, refused.status)
    for path, status in (("/api/state", 404), ("/", 404), ("/api/live/", 404)):
        try:
            server.live(path)
            raise AssertionError(path)
        except ws.Refused as refused:
            assert refused.status == status
    for headers in ({"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Key": None}, {"Sec-WebSocket-Version": None}):
        try:
            server.live(headers=headers)
            raise AssertionError(headers)
        except ws.Refused as refused:
            assert refused.status == 400


def test_32_clients_are_served_and_not_more():
    links = []
    try:
        for i in range(32):
            links.append(server.live("/api/live?every=sample" if i % 4 == 0 else "/api/live"))
        for link in links:
            assert message(link)["type"] == "snapshot"
        try:
            server.live()
            raise AssertionError("a 33rd")
        except ws.Refused as refused:
            assert refused.status == 503 and "too-many" in refused.body
        assert server.ask()[0] == 200
        for link in links:
            message(link)
    finally:
        for link in links:
            link.close()
    link = until(3, lambda: attempt(server.live))
    message(link)
    link.close()


def attempt(function):
    try:
        return function()
    except ws.Refused:
        return None


# ---- begin and end ----

def test_a_port_in_use_is_an_error_that_says_so():
    other = Server(listen=f"127.0.0.1:{server.port}", starts=False)
    assert other.process.wait(10) == 1
    assert f"port 127.0.0.1:{server.port} is in use by another program; choose another with listen:" in other.said()
    for address in ("0.0.0.0", ""):
        with socket.socket() as taken:  # on all addresses, and ready to share the port
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            taken.bind((address, 0))
            taken.listen(1)
            other = Server(listen=f"127.0.0.1:{taken.getsockname()[1]}", starts=False)
            assert other.process.wait(10) == 1 and "is in use" in other.said()


def test_the_next_free_port_is_taken_on_request():
    with started(listen=f"127.0.0.1:{server.port}", free_port="true") as other:
        assert server.port < other.port <= server.port + 20
        assert f"port {server.port} is in use: listening on {other.port}" in other.said()
        assert other.ask()[0] == 200 and server.ask()[0] == 200


def test_of_two_that_start_at_once_one_gets_the_port():
    port = free_ports(1)[0]
    both = [None, None]

    def start(i):
        both[i] = Server(listen=f"127.0.0.1:{port}", starts=False)
    for _ in range(3):
        threads = [threading.Thread(target=start, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(bool(one.url) for one in both) == [False, True], [one.said() for one in both]
        for one in both:
            if one.url:
                one.stop()


def test_it_listens_on_the_loopback_only():
    for listen in ("0.0.0.0:0", "192.168.1.1:8080", "[::]:0", "example.org:80", "128.0.0.1:80", "1.2.3.4:0", "[fe80::1]:0"):
        other = Server(listen=listen, starts=False)
        assert other.process.wait(10) == 1, listen
        assert "not an address of this machine alone" in other.said() and "passwords and TLS" in other.said(), other.said()
    for listen in ("127.0.0.1", ":8080", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:80x", "127.0.0.1:-1"):
        other = Server(listen=listen, starts=False)
        assert other.process.wait(10) == 1, listen
        assert "is not HOST:PORT" in other.said(), (listen, other.said())
    for listen, host in (("localhost:0", "127.0.0.1"), ("127.1.2.3:0", "127.1.2.3"), ("[::1]:0", "::1")):
        try:
            with started(listen=listen) as other:
                assert other.host == host and other.ask()[0] == 200
        except AssertionError as error:
            if "cannot listen" not in str(error):  # no IPv6 here
                raise


def test_it_ends_with_clients_connected():
    with started() as other:
        links = [other.live("/api/live?every=sample" if i % 2 else "/api/live") for i in range(8)]
        stalled = other.live("/api/live?every=sample", room=4096)
        idle = other.connect()
        waiting = http.client.HTTPConnection(other.host, other.port)
        other.ask(link=waiting)
        half = other.connect()
        half.sendall(b"GET / HT")
        for _ in range(30):
            other.send_can(PACK * 250)
        for link in links:
            message(link)
        other.stop(within=1.0)
        assert stalled and idle


def test_it_ends_and_begins_again_on_the_same_port():
    with started() as other:
        port = other.port
        other.ask()
        live = other.live()
        other.stop()
    with started(listen=f"127.0.0.1:{port}") as other:
        assert other.ask()[0] == 200
    live.close()


@contextlib.contextmanager
def started(**options):
    other = Server(**options)
    yield other
    if other.process.poll() is None:
        other.stop()


def main():
    global server
    wanted = sys.argv[1:]
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    server = Server()
    for name, test in tests:
        if wanted and not any(part in name for part in wanted):
            continue
        words = name[len("test_"):].replace("_", " ")
        begin = time.monotonic()
        try:
            remark = test()
            print(f"ok {words}{f' ({remark})' if remark else ''} {time.monotonic() - begin:.1f} s", flush=True)
        except Exception as error:  # any: the others are still of interest
            failed += 1
            place = error.__traceback__
            while place.tb_next and place.tb_next.tb_frame.f_code.co_filename == __file__:
                place = place.tb_next
            print(f"FAILED {words}: line {place.tb_lineno}: {type(error).__name__}: {str(error)[:1500]}", flush=True)
            if server.process.poll() is not None:
                print(server.said()[-4000:])
                server = Server()
    try:
        server.stop(signal.SIGINT, within=3)
        print("ok it ends")
    except AssertionError as error:
        failed += 1
        print("FAILED it ends:", error)
    return 1 if failed else 0


sys.exit(main())
