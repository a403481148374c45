#!/usr/bin/env python3
"""leaf_groups.py - voltbus asks the groups of a battery behind an slcan adapter that is this script: live, and by `voltbus get`.

usage: leaf_groups.py VOLTBUS FOLDER

The answers are made here. Each flow control is awaited before the rest of an answer goes out, as a battery does.
SPDX-License-Identifier: MIT
"""
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request

program, work = sys.argv[1:]
CELLS = b"".join((3800 + i).to_bytes(2, "big") for i in range(96))
ANSWERS = {
    0x01: bytes.fromhex("6101fffffc180289fffd0641ffffffff08bc4650963932000385"
                        "0000a557227a000e1e740018bfee80000180000000fffd064101ae"),
    0x02: b"\x61\x02" + CELLS + bytes.fromhex("917c9100"),
    0x04: bytes.fromhex("610401cc1901ce19ffffff01c21a1900"),
}
AWAKE = b"t55B8A440AA00DFC01095\r"


class Battery:
    """An adapter on TCP; log: (time, frame) of what it was given."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.lock = threading.Lock()
        self.log, self.rest, self.peer = [], b"", None
        self.number = 0
        for job in (self.serve, self.stay_awake):
            threading.Thread(target=job, daemon=True).start()

    def place(self, keys):
        return f"slcan:tcp://127.0.0.1:{self.server.getsockname()[1]}{keys}"

    def send(self, data):
        with self.lock:
            try:
                self.peer.sendall(data)
            except (OSError, AttributeError):
                pass

    def frame(self, data):
        self.send(b"t7BB8" + data.ljust(8, b"\xff").hex().upper().encode() + b"\r")

    def stay_awake(self):
        while True:
            self.send(AWAKE)
            time.sleep(0.1)

    def serve(self):
        while True:
            self.peer, _ = self.server.accept()
            pending = b""
            try:
                while data := self.peer.recv(1000):
                    *lines, pending = (pending + data).split(b"\r")
                    for line in lines:
                        if line[:1] == b"t":
                            self.send(b"z\r")
                            self.take(line)
                        else:
                            self.send(b"\r")
            except OSError:
                pass

    def take(self, line):
        self.log.append((time.monotonic(), line.decode()))
        if line[1:4] != b"79B":
            return
        data = bytes.fromhex(line[5:].decode())
        if data[0] >> 4 == 3:  # flow control: all the rest
            while self.rest:
                self.frame(bytes([0x20 | self.number & 15]) + self.rest[:7])
                self.rest, self.number = self.rest[7:], self.number + 1
        elif data[:2] == b"\x02\x21":
            answer = ANSWERS.get(data[2], bytes([0x7F, 0x21, 0x12]))
            if len(answer) <= 7:
                self.frame(bytes([len(answer)]) + answer)
            else:
                self.frame(bytes([0x10 | len(answer) >> 8, len(answer) & 255]) + answer[:6])
                self.rest, self.number = answer[6:], 1

    def asked(self):
        return [line for _, line in self.log]


def until(seconds, what, true):
    """SECONDS are those of a computer that does nothing else: ten times as long at most."""
    end = time.monotonic() + 10 * seconds
    while not true():
        if time.monotonic() > end:
            print("not so:", what, file=sys.stderr)
            print(battery.log[-20:], file=sys.stderr)
            sys.exit(1)
        time.sleep(0.02)
    print("ok", what)


def question(group):
    return f"t79B80221{group:02X}0000000000"


battery = Battery()
LINK = battery.place(",listen=no")

# ---- one value, without a configuration ----

got = subprocess.run([program, "get", LINK, "leaf-battery-groups", "cell.96.voltage"], stdout=subprocess.PIPE,
                     text=True, timeout=60, check=False)
assert (got.returncode, got.stdout) == (0, "3.895 V\n"), got
print("ok get asks for the groups, and prints the cell")
got = subprocess.run([program, "get", battery.place(""), "leaf-battery-groups", "cell.96.voltage", "--timeout", "1s"],
                     stderr=subprocess.PIPE, text=True, timeout=60, check=False)
assert got.returncode == 1 and "not heard within 1 s" in got.stderr, got
print("ok a link that only listens asks nothing")

# ---- the gateway ----

with open(f"{work}/leaf.yaml", "w") as file:
    file.write(f"""links: {{ev: '{LINK}'}}
devices: {{groups: {{type: leaf-battery-groups, link: ev, poll: true, every: 5s}}}}
outputs:
  page: {{type: http, listen: "127.0.0.1:0"}}
  raw: {{type: candump, path: {work}/leaf.log}}
""")
battery.log.clear()
with open(f"{work}/said", "w") as said:
    voltbus = subprocess.Popen([program, "run", f"{work}/leaf.yaml"], stderr=said)


def heard():
    return open(f"{work}/said").read()


def state():
    address = next(word for word in heard().split() if word.startswith("http://")).rstrip("/,")
    return json.load(urllib.request.urlopen(f"{address}/api/state", timeout=60))["devices"]["groups"]


until(10, "the page is there", lambda: "http://" in heard())
until(10, "cells are asked for and come", lambda: "cell.96.voltage" in state()["signals"])
now = state()
assert now["signals"]["battery.current"]["value"] == -195.007, now
assert now["machine"] == {"name": "leaf-groups", "state": "polls", "reason": ""}, now["machine"]
assert now["health"] == "ok"
print("ok values, the machine's state and health are told")
until(10, "a second round begins", lambda: battery.asked().count(question(0x01)) == 2)
times = [t for t, line in battery.log if line == question(0x01)]
assert 4.9 < times[1] - times[0] < 60, times
assert battery.asked().count(question(0x83)) == 1
print("ok after 5 s; what was refused is not asked again")
battery.send(b"t79B80221010000000000\r")
until(5, "it gives way to another tester", lambda: state()["machine"]["state"] == "yields")
count = len(battery.log)
time.sleep(6)
assert len(battery.log) == count, battery.log[count:]
assert "leaf-groups is yields: another tester asks the battery" in heard()
print("ok and is silent")
assert {line[:9] for line in battery.asked()} == {"t79B80221", "t79B83000"}, battery.asked()
print("ok nothing but questions and flow control was sent")
voltbus.terminate()
until(5, "it ends", lambda: voltbus.poll() == 0)

# ---- the recording reads as the wire did ----

run = subprocess.run([program, "decode", "--as", "leaf-battery-groups", "--json", f"{work}/leaf.log"],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
values = [json.loads(line)["values"] for line in run.stdout.splitlines()]
cells = [v["cell.96.voltage"] for v in values if "cell.96.voltage" in v]
assert cells and set(cells) == {3.895}, cells
assert sum(v.get("request.group") == 2 for v in values) == len(cells)
print("ok the recording has questions and answers")
