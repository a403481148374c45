#!/usr/bin/python3
"""server.py - TCP servers that behave badly, for shell scripts.

usage: server.py mute PORT     accepts, and says nothing
       server.py shut PORT     accepts, and closes at once; prints when, in seconds of the monotonic clock
       server.py flood PORT    1.5 s after a connection: a megabyte of random bytes a second, the same
                               each time; prints how many bytes were taken, each second
SPDX-License-Identifier: MIT
"""
import random
import socket
import sys
import time


def flood(peer):
    noise = random.Random(1).randbytes(1 << 20)
    time.sleep(1.5)  # an slcan adapter is opened first
    taken, told = 0, time.monotonic()
    began = told
    while True:
        at = taken % len(noise)
        taken += peer.send(noise[at:at + 10000])
        now = time.monotonic()
        if now - told >= 1:
            told = now
            print(taken, flush=True)
        time.sleep(max(0, began + taken / 1e6 - now))


kind, port = sys.argv[1], int(sys.argv[2])
server = socket.create_server(("127.0.0.1", port))
kept = []
while True:
    peer, _ = server.accept()
    if kind == "shut":
        print("%.3f" % time.monotonic(), flush=True)
        peer.close()
    elif kind == "flood":
        try:
            flood(peer)
        except OSError:
            pass
    else:
        kept.append(peer)
