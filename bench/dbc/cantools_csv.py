#!/usr/bin/env python3
"""cantools_csv.py - a candump log by cantools: the CSV of voltbus decode, for bench/run and test/e2e/dbc_peer.sh.

usage: cantools_csv.py FILE.dbc LOG      Numbers, no words; as Python prints them.
cantools and textparser are found in PYTHONPATH.
"""
import sys

import cantools

database = cantools.database.load_file(sys.argv[1], strict=False)
messages = {}
for message in database.messages:
    messages.setdefault((message.is_extended_frame, message.frame_id), message)
write = sys.stdout.write
for line in open(sys.argv[2]):
    stamp, link, frame = line.split()[:3]
    number, data = frame.split("#", 1)
    message = messages.get((len(number) == 8, int(number, 16)))
    if message is None:
        continue
    values = message.decode(bytes.fromhex(data), decode_choices=False, allow_truncated=True)
    for name, value in values.items():
        write("%s,%s,%s.%s,%r\n" % (stamp[1:-1], link, message.name, name, value))
