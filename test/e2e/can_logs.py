"""Compare what the readers of CAN logs give (frames --bus) with other readers: python-can, or one pattern a format.
usage: can_logs.py FRAMES FOLDER"""
import gzip
import io
import os
import re
import subprocess
import sys
from decimal import Decimal

import can

CLOCK = r"(\d\d):(\d\d):(\d\d)[:.](\d+)"
ID = r"(?:0x)?([0-9A-Fa-f]+)"
BYTES = r"((?:(?:0x)?[0-9A-Fa-f]{2}[ ;,]*)*)"

# Beginning of the name, format, pattern with t (and what it counts), id, data; which lines hold no frame.
TEXTS = [
    ("leaf_ze0_2012_|leaf_aze0_leafspy|leaf_env200_leafspy", "seconds", 1,
     rf"(?P<t>[\d.]+) (?P<id>[0-9A-F]{{8}}) (?P<n>\d) (?P<data>[0-9A-F ]*)", None),
    ("leaf_ze0_30kwh_quickcharge_ok", "direction-log", "clock",
     r"\d+ *\0Receive *\0(?P<t>[\d:]+) *\0Data frame *\0Standard frame *\0(?P<id>\w{8}) *\0(?P<n>\d) *\0(?P<data>[0-9a-f ]*)\0",
     "NO "),
    ("leaf_ze1_62kwh_(battery_only|quickcharge)", "candump-console", None,
     r"  can0  (?P<id>\w{3})   \[(?P<n>\d)\]  (?P<data>[0-9A-F ]*)", None),
    (".*crtd", "crtd", 1,
     r"(?P<t>[\d.]+) (?P<bus>\d?)(?P<dir>[RT])(11|29) (?P<id>\w+) ?(?P<data>[0-9A-Fa-f ]*)",
     r"#|[\d.]+ \d?C(XX|VR|EV|ER)"),
    ("leaf.*log|mache.*log", "tab-log", "0.001",
     r"1\t0\t\d+\tRX\t(?P<t>\d+)\t\t0x(?P<id>\w{8})\t(?P<n>\d)\t0x(?P<data>[0-9a-f ]*)\t", "ParserFlags"),
    (".*[a-z0-9]csv|.*csv", "savvycan", "0.000001",
     r"(?P<t>-?\d+),(?P<id>\w{8}),(?P<ext>true|false),Rx,(?P<bus>\d),(?P<n>\d),(?P<data>[0-9A-F,]*)", "Time Stamp"),
    ("bmw_i3|savvycan_example_carbus", "busmon", 1,
     r"(?P<t>\d+,\d+)\t(?P<bus>1)\t0+4\t(?P<id>\w{3})\t(?P<n>\d)\t(?P<data>[0-9A-F ]*)\t", "[@#]"),
    ("savvycan_example_microchip", "microchip", "0.001",
     r"(?P<t>\d+);RX;0x(?P<id>\w+);(?P<n>\d);(?P<data>[0-9A-Fx;]*)", "//|Micro|CAN|Savvy|Logging"),
    ("savvycan_example_busmaster", "busmaster", "clock",
     r"(?P<t>[\d:]+) Rx (?P<bus>0) (?P<id>\w{8}) s (?P<n>\d) (?P<data>[0-9A-F ]*)", r"\*\*\*"),
    ("savvycan_example_candump", "candump-log", 1,
     r"\((?P<t>[\d.]+)\) vcan0 (?P<id>\w{3})#(?P<data>[0-9A-F]*)", None),
    ("think_enerdel", "trc", "0.001",
     r" *\d+\) +(?P<t>[\d.]+)  Rx +(?P<id>\w{4})  (?P<n>\d)  (?P<data>[0-9A-F ]*)", ";"),
    ("chademo_efaec", "chademo-log", "clock",
     r"Rcvd msgID: 0x(?P<id>\w{3}); (?P<data>(?:[0-9A-F]{2};? )+) (?P<t>[\d:.]+)", r"[^R]"),
]
CLOCK_SHIFT = {"busmaster": 1442966400}  # 2015-09-23 in UTC
# The start of think_enerdel.trc: 44374.9119449769 days after 1899-12-30.
STARTS = {"think_enerdel.trc.gz": Decimal("1624830792.046004")}


def seconds(text, unit):
    if unit == "clock":
        h, m, s, rest = re.fullmatch(CLOCK, text).groups()
        # BusMaster as SavvyCAN writes it does not pad its milliseconds
        return Decimal(int(h) * 3600 + int(m) * 60 + int(s)) + Decimal(int(rest)) / 1000
    return Decimal(text.replace(",", ".")) * Decimal(unit)


def by_pattern(name, data):
    """Returns the format, frames as (time, id, data), and the count of lines that are no frame of it."""
    row = next(row for row in TEXTS if re.match(row[0], name))
    _, kind, unit, pattern, quiet = row
    frames, wrong = [], 0
    # some logs end their lines with CR alone
    for line in re.split(r"\r\n|\n|\r", data.decode("latin-1")):
        found = re.match(pattern, line)
        if not found:
            wrong += bool(line.strip(" \0")) and not (quiet and re.match(quiet, line))
            continue
        got = found.groupdict()
        t = seconds(got["t"], unit) + CLOCK_SHIFT.get(kind, 0) + STARTS.get(name, 0) if unit else None
        hexa = re.sub(r"0x|[ ;,]", "", got["data"]).upper()
        if got.get("n"):
            hexa = hexa[: 2 * int(got["n"])]
            assert len(hexa) == 2 * int(got["n"]), line
        number = int(got["id"], 16)
        frames.append((t, f"{number:03X}" if number < 0x800 else f"{number:08X}", hexa))
    return kind, frames, wrong


def by_python_can(path):
    """Frames as (time since the first, id, data); a remote frame has R for its data, an error frame E for its id."""
    reader = {"asc": can.ASCReader, "blf": can.BLFReader, "trc": can.TRCReader}
    kind = re.search(r"\.(asc|blf|trc)", path).group(1)
    source = gzip.open(path, "rt") if path.endswith(".gz") else path
    if kind == "trc":  # python-can 4.1 ends at the first remote frame of 1.x
        source = io.StringIO("".join(line for line in open(path) if " RTR" not in line))
    frames = []
    for m in reader[kind](source):
        number = "E" if m.is_error_frame else f"{m.arbitration_id:08X}" if m.is_extended_id or m.arbitration_id > 0x7FF else f"{m.arbitration_id:03X}"
        data = "" if m.is_error_frame else "R" if m.is_remote_frame else m.data.hex().upper()
        tx = "R" if m.is_error_frame or m.is_rx else "T"
        frames.append((m.timestamp, number, data, tx))
    return kind, frames


def ours(frames, path):
    done = subprocess.run([frames, "--bus", path], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    out = []
    for line in lines[1:]:
        t, _, direction, frame = line.split()
        number, _, data = frame.partition("#")
        if data.startswith("#"):
            data = data[2:]
        out.append((None if t == "-" else Decimal(t), number, data, direction))
    return lines[0], out, len(done.stderr.splitlines())


def compare_python_can(name, path, got):
    kind, expected = by_python_can(path)
    if kind == "trc":
        # and leaves out what is no data frame
        got = [g for g in got if not g[1].startswith("2000") and not g[2].startswith("R")]
    simple = []
    for t, number, data, direction in got:
        error = number.startswith("2000")
        simple.append((t, "E" if error else number, "" if error else "R" if data[:1] == "R" else data,
                       "R" if error else direction))
    assert len(simple) == len(expected), f"{len(simple)} frames, python-can has {len(expected)}"
    for i, (a, b) in enumerate(zip(simple, expected)):
        # 1.0 tells no direction, and python-can drops the one of errors
        assert a[1:3] == b[1:3], f"frame {i}: {a} {b}"
        assert "V1_0" in name or a[3] == b[3], f"frame {i}: {a} {b}"
        since = float(a[0] - simple[0][0]), b[0] - expected[0][0]
        assert abs(since[0] - since[1]) < 0.000002, f"frame {i}: {since}"
    return f"{len(simple)} frames as python-can has them"


def compare_pattern(name, path, kind, got, wrong):
    data = gzip.open(path).read() if path.endswith(".gz") else open(path, "rb").read()
    expected_kind, expected, lines = by_pattern(name, data)
    assert kind == expected_kind, f"format {kind}, expected {expected_kind}"
    assert len(got) == len(expected) > 10, f"{len(got)} frames, expected {len(expected)}"
    for i, (a, b) in enumerate(zip(got, expected)):
        assert a[:3] == b, f"frame {i}: {a} {b}"
    assert wrong == lines, f"{wrong} lines named, expected {lines}"
    return f"{len(got)} frames, {wrong} lines named ({kind})"


# CRC-8 of the Leaf: polynomial 85, from 0, over all bytes; the last one is the CRC itself, so that 0 is left.
CRC = [0] * 256
for value in range(256):
    CRC[value] = value
    for _ in range(8):
        CRC[value] = (CRC[value] << 1 ^ (0x85 if CRC[value] & 0x80 else 0)) & 0xFF
DAMAGED = {"leaf_ze0_30kwh_quickcharge_ok.txt.gz": 1}  # captured so: reference/leaf-can.md section 1


def compare_crc(name, got):
    good = bad = 0
    for _, number, data, _ in got:
        if number in ("1DB", "1DC", "55B"):
            crc = 0
            for byte in bytes.fromhex(data):
                crc = CRC[crc ^ byte]
            good += crc == 0
            bad += crc != 0
    assert bad == DAMAGED.get(name, 0), f"{bad} of {good + bad} frames fail their CRC"
    return good


def main():
    frames, folder = sys.argv[1:]
    status = 0
    crcs = 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith((".7z", ".md")):
            continue
        kind, got, wrong = ours(frames, path)
        try:
            if not name.startswith("pycan"):
                said = compare_pattern(name, path, kind, got, wrong)
            elif "V1_3" in name or "V2_0" in name:  # python-can 4.1 reads 1.0, 1.1 and 2.1
                _, other, _ = ours(frames, path.replace("V1_3", "V1_1").replace("V2_0_BUS1", "V1_1"))
                assert got == other and len(got) == 12, "not as version 1.1"
                said = "12 frames as version 1.1"
            else:
                assert wrong == 0, f"{wrong} lines named"
                said = compare_python_can(name, path, got)
            if name.startswith("leaf"):
                crcs += compare_crc(name, got)
            print(f"ok {name}: {said}")
        except AssertionError as error:
            print(f"FAILED {name}: {error}")
            status = 1
    print(f"{crcs} frames 1DB, 1DC, 55B with the right CRC")
    sys.exit(status if crcs > 100000 else 1)


main()
