"""dbc_peer.py - what dbc_peer.sh compares: every signal of every frame, by voltbus and by cantools.

usage: dbc_peer.py VOLTBUS CAPTURES WORK
Numbers have to be equal within what cantools' floating point can tell; words are turned back into their numbers.
"""
import glob
import gzip
import json
import math
import os
import random
import re
import subprocess
import sys

import cantools

VOLTBUS, CAPTURES, WORK = sys.argv[1:4]
ROUNDS = 20  # random frames of each message
# What cantools does not load: ids that are no ids.
NOT_LOADED = {"cantools_issue_199_extended.dbc", "opendbc_vw_mqbevo.dbc"}
LENGTHS = (8, 12, 16, 20, 24, 32, 48, 64)
LINE = re.compile(r"\d+\t\d+\t\d+\t\S*\t\d+\t[^\t]*\t0x([0-9a-f]{8})\t\d\t0x([0-9a-f ]*)")


def row_name(message, signal):
    return re.sub(r"[^A-Za-z0-9_]", "_", message.name) + "." + re.sub(r"[^A-Za-z0-9_]", "_", signal)


def by_voltbus(dbc, frames):
    """The values of each frame: a list of {row: number}."""
    log = os.path.join(WORK, "frames.log")
    with open(log, "w") as text:
        text.write("".join("(1.000000) can0 %s\n" % frame for frame in frames))
    listed = subprocess.run([VOLTBUS, "list", "signals", "--db", dbc, "--json"], capture_output=True, check=True).stdout
    numbers = {}
    for line in listed.splitlines():
        signal = json.loads(line)
        if "words" in signal:
            numbers[signal["signal"]] = {word: int(raw) for raw, word in signal["words"].items()}
    decoded = subprocess.run([VOLTBUS, "decode", "--db", dbc, "--json", "--all", log], capture_output=True, check=True).stdout
    return [json.loads(line).get("values", {}) for line in decoded.splitlines()], numbers


def compare(dbc, database, frames):
    """frames: (message, text, data). Returns how many values there were."""
    values, numbers = by_voltbus(dbc, [text for _, text, _ in frames])
    name = os.path.basename(dbc)
    count = 0
    if len(values) != len(frames):
        sys.exit("%s: %d frames came out of %d" % (name, len(values), len(frames)))
    for (message, text, data), ours in zip(frames, values):
        theirs = message.decode(data, decode_choices=False, allow_truncated=True, allow_excess=True)
        for signal_name, expected in theirs.items():
            row = row_name(message, signal_name)
            signal = message.get_signal_by_name(signal_name)
            expected = float(expected)
            if not math.isfinite(expected):
                continue  # no value to us
            if row not in ours:
                sys.exit("%s: %s: no %s, expected %r" % (name, text, row, expected))
            value = ours.pop(row)
            if isinstance(value, str):
                value = numbers[row][value] * float(signal.scale) + float(signal.offset)
            single = signal.is_float and signal.length == 32
            if not math.isclose(value, expected, rel_tol=1e-6 if single else 1e-9, abs_tol=1e-9):
                sys.exit("%s: %s: %s is %r, expected %r" % (name, text, row, value, expected))
            count += 1
        ours = {row: value for row, value in ours.items() if value is not None}
        if ours:
            sys.exit("%s: %s: not expected: %s" % (name, text, ", ".join(ours)))
    return count


def recording():
    dbc = os.path.join(CAPTURES, "dbc", "leaf-gpl3", "EV-can_ZE0.dbc")
    database = cantools.database.load_file(dbc, strict=False)
    messages = {message.frame_id: message for message in database.messages}
    frames = []
    with gzip.open(os.path.join(CAPTURES, "can", "leaf_ze0_24kwh_stock.log.gz"), "rt", errors="replace") as log:
        for line in log:
            match = LINE.match(line)
            if match and int(match[1], 16) in messages:
                data = bytes.fromhex(match[2])
                frames.append((messages[int(match[1], 16)], "%03X#%s" % (int(match[1], 16), data.hex()), data))
    print("ok a recording of a Leaf: %d frames, %d values" % (len(frames), compare(dbc, database, frames)))


def random_frames(database):
    frames = []
    seen = set()
    for message in database.messages:
        key = (message.frame_id, message.is_extended_frame)
        if key in seen or message.length > 64:
            continue
        seen.add(key)
        n = min(length for length in LENGTHS if length >= message.length)
        for i in range(ROUNDS):
            data = bytearray(random.randbytes(n))
            if i % 2:  # small numbers, so that selectors select something
                data = bytearray(byte & random.choice((1, 3, 7, 15, 0x11, 0x33, 255)) for byte in data)
            try:
                message.decode(bytes(data), decode_choices=False, allow_truncated=True)
            except cantools.database.errors.DecodeError:
                continue  # a selector that selects nothing is an error to cantools
            form = "%08X#%s%s" if message.is_extended_frame else "%03X#%s%s"
            frames.append((message, form % (message.frame_id, "#1" if n > 8 else "", data.hex()), bytes(data)))
    return frames


def every_file():
    random.seed(1)
    files = count = 0
    for pattern in ("*.dbc", "*.DBC", "leaf-gpl3/*.dbc"):
        for dbc in sorted(glob.glob(os.path.join(CAPTURES, "dbc", pattern))):
            if os.path.basename(dbc) in NOT_LOADED:
                continue
            database = cantools.database.load_file(dbc, strict=False)
            frames = random_frames(database)
            if frames:
                files += 1
                count += compare(dbc, database, frames)
    print("ok random frames of %d DBC files: %d values" % (files, count))


recording()
every_file()
