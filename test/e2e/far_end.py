#!/usr/bin/python3
"""far_end.py - the far end of a serial cable, for shell scripts: a pseudo terminal at PATH.

usage: far_end.py lin PATH LOG            what a LIN leader sends, a frame a line
       far_end.py slcan PATH LOG [C=HEX]...   commands of an slcan host, a line each; HEX answers
                                          those that begin with C, = alone those that are not named

LOG gets lines "SECONDS < BYTES" (heard) and "SECONDS > BYTES" (sent), SECONDS of the monotonic clock.
Hexadecimal on standard input, a line at once, is sent. SIGTERM ends it, and the terminal is gone.
SPDX-License-Identifier: MIT
"""
import os
import re
import select
import signal
import sys
import time
import tty

# The headers of the schedule that voltbus leads by, and foreign ones: 00 55 and a PID whose parity is right.
PIDS = [i | ((i ^ i >> 1 ^ i >> 2 ^ i >> 4) & 1) << 6 | (~(i >> 1 ^ i >> 3 ^ i >> 4 ^ i >> 5) & 1) << 7
        for i in range(64)]
HEADER = re.compile(b"\x00\x55[" + b"".join(re.escape(bytes([pid])) for pid in PIDS) + b"]", re.S)


def log(direction, data):
    print("%.4f %s %s" % (time.monotonic(), direction, data.hex(" ").upper()), file=out, flush=True)


def end(*_):
    sys.exit(0)


def lin(data):
    """Each write of a leader is one read here, or several are: cut them at the headers."""
    starts = [match.start() for match in HEADER.finditer(data)]
    for start, end in zip(starts, starts[1:] + [len(data)]):
        log("<", data[start:end])


pending = b""


def slcan(data):
    global pending
    *lines, pending = (pending + data).split(b"\r")
    for line in lines:
        print("%.4f < %s" % (time.monotonic(), line.decode()), file=out, flush=True)
        answer = answers.get(line[:1].decode(), answers.get("", b""))
        if line and answer:
            os.write(master, answer)


kind, path, log_path, *rest = sys.argv[1:]
answers = {name: bytes.fromhex(code) for name, code in (text.split("=") for text in rest)}
out = open(log_path, "w")
master, slave = os.openpty()  # the slave stays open: whoever comes and goes, there is no hang-up here
tty.setraw(slave)
os.symlink(os.ttyname(slave), path)
signal.signal(signal.SIGTERM, end)
try:
    while True:
        for ready in select.select([master, 0], [], [])[0]:
            data = os.read(ready, 65536)
            if ready == master:
                (lin if kind == "lin" else slcan)(data)
            else:
                for line in data.decode().split("\n"):
                    code = bytes.fromhex(line)
                    if code:
                        os.write(master, code)
                        log(">", code)
finally:
    if os.path.islink(path):
        os.unlink(path)
