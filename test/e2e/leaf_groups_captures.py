#!/usr/bin/env python3
"""leaf_groups_captures.py - recordings of testers that ask a Leaf battery: every answer is read, and what it says is sane.

usage: leaf_groups_captures.py VOLTBUS FOLDER

The answers are put together here once more, from the text of the recordings and without voltbus: as many of each group,
and the same numbers. What the battery sends by itself (1DB, 1DC, 55B, read by the device leaf-battery) must agree at that moment.
SPDX-License-Identifier: MIT
"""
import collections
import gzip
import json
import re
import subprocess
import sys

program, folder = sys.argv[1:]
# file: answers of group 01, 02, 04, 06, 61, 62, 83, and others
FILES = {
    "leaf_aze0_leafspy_groups.csv.gz": (10, 3, 10, 3, 0, 0, 0, 0),
    "leaf_ze0_2012_leafspy_groups.csv.gz": (1, 1, 1, 1, 0, 0, 0, 0),
    "leaf_ze0_2012_diag_partno.csv.gz": (0, 0, 0, 0, 0, 0, 3, 9),
    "leaf_ze0_2012_diag_read.csv.gz": (0, 0, 0, 0, 1, 1, 0, 4),
    "leaf_env200_ac_charge_start.crtd.gz": (1, 1, 1, 1, 0, 0, 0, 0),
    "leaf_env200_leafspy.csv.gz": (5, 0, 5, 0, 0, 0, 0, 0),
    "leaf_ze1_62kwh_drive_eco.log.gz": (8, 7, 8, 8, 0, 0, 0, 0),
}
LINES = [  # (pattern, seconds per unit of the time)
    (re.compile(r"\s*(\d+\.\d+)\s+0*(7BB)\s+8\s+((?:[0-9A-F]{2} ?){8})"), 1),
    (re.compile(r"(\d+\.\d+) \dR11 (7BB) ((?:[0-9a-f]{2} ?)+)", re.I), 1),
    (re.compile(r".*\t(\d+)\t[RT]X\t\d+\t\t0x0*(7bb)\t8\t0x((?:[0-9a-f]{2} )+)"), 0.001),
]


def frames(path):
    with gzip.open(path, "rt", errors="replace") as lines:
        for line in lines:
            for pattern, unit in LINES:
                if found := pattern.match(line):
                    yield float(found[1]) * unit, bytes.fromhex(found[3])
                    break


def answers(path):
    """(time, bytes) of each whole answer."""
    length, body, number = 0, b"", 0
    for t, data in frames(path):
        kind = data[0] >> 4
        if kind == 0:
            yield t, data[1:1 + data[0]]
        elif kind == 1:
            length, body, number = (data[0] & 15) << 8 | data[1], data[2:], 1
        elif kind == 2 and length and data[0] & 15 == number:
            body, number = body + data[1:], number + 1 & 15
            if len(body) >= length:
                yield t, body[:length]
                length = 0


def decode(path, device):
    run = subprocess.run([program, "decode", "--as", device, "--json", path], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def check(name, expected):
    path = f"{folder}/{name}"
    own = list(answers(path))
    count = collections.Counter(a[:2].hex() if a[0] == 0x61 else "other" for _, a in own)
    known = ("6101", "6102", "6104", "6106", "6161", "6162", "6183")
    assert (*(count[k] for k in known), len(own) - sum(count[k] for k in known)) == expected, count
    said = [o for o in decode(path, "leaf-battery-groups") if o["frame"] == "7BB"]
    assert len(said) == len(own), f"{len(said)} answers are decoded, {len(own)} are there"
    assert not any("error" in o for o in said)
    large = any(a[:2] == b"\x61\x01" and len(a) == 53 for _, a in own)
    for (_, a), o in zip(own, said):
        compare(a, o["values"], large)
    beside(said, decode(path, "leaf-battery"), name)
    return len(own)


def number(a, place, n, signed=False):
    return int.from_bytes(a[2 + place:2 + place + n], "big", signed=signed)


def compare(a, v, large):
    if a[:2] == b"\x61\x01":
        soc, capacity = (31, 35) if large else (29, 33)
        assert round(v["battery.current"] * 1000) == number(a, 6, 4, True)
        assert round(v["battery.voltage"] * 100) == number(a, 18, 2)
        assert round(v["battery.soc"] * 10000) == number(a, soc, 3)
        assert round(v["battery.capacity"] * 10000) == number(a, capacity, 3)
        assert 20 < v["battery.capacity"] < 180 and 11 < v["aux.voltage"] < 15
    elif a[:2] == b"\x61\x02":
        cells = [v[f"cell.{i:02}.voltage"] for i in range(1, 97)]
        assert [round(c * 1000) for c in cells] == [number(a, 2 * i, 2) for i in range(96)]
        assert all(3 < c < 4.3 for c in cells)
        assert abs(sum(cells) - v["battery.voltage"]) < 0.25, sum(cells)
        assert abs(v["battery.voltage"] - v["battery.voltage_coarse"]) < 8
    elif a[:2] == b"\x61\x04":
        there = [v[f"sensor.{i}.temperature"] for i in range(1, 5) if f"sensor.{i}.temperature" in v]
        assert len(there) >= 3 and all(-10 < t < 50 for t in there)
        assert v["battery.temperature_lowest"] == min(there)
    elif a[:2] == b"\x61\x06":
        assert all(v[f"cell.{i:02}.shunt"] in (0, 1) for i in range(1, 97))
    elif a[:2] == b"\x61\x62":
        assert (v["charge.count"], v["charge.quick_count"]) == (number(a, 0, 2), number(a, 2, 2))
    elif a[:2] == b"\x61\x83":
        assert v["part.number"] == a[2:9].decode()


def beside(said, alone, name):
    """What the battery sends by itself in the tenth of a second around an answer."""
    compared = 0
    for o in said:
        if "battery.current_coarse" not in o["values"]:
            continue
        near = [a["values"] for a in alone if abs(a["t"] - o["t"]) < 0.12 and "values" in a]
        for signal, slack in (("battery.voltage", 2), ("battery.current", 0), ("battery.soc", 0.11),
                              ("limit.discharge_power", 250), ("limit.charge_power", 250)):
            values = [v[signal] for v in near if signal in v]
            if values:
                compared += 1
                value = o["values"][signal]
                extra = slack if signal != "battery.current" else 1.5 + 0.02 * abs(value)
                assert min(values) - extra <= value <= max(values) + extra, f"{signal}: {value}, {values}"
    if name not in ("leaf_ze0_2012_diag_partno.csv.gz", "leaf_ze0_2012_diag_read.csv.gz", "leaf_env200_leafspy.csv.gz"):
        assert compared >= 5, f"only {compared} values could be compared"


for file, counts in FILES.items():
    print(f"{file}:", end=" ", flush=True)
    print(f"{check(file, counts)} answers")
