#!/usr/bin/env python3
"""wifi_kit.py - the HTTP side of an OpenEVSE WiFi kit, with literal answers: what it says depends on the question, and some
of it is wrong on purpose. Prints its port; what it was asked, byte for byte, goes to the file of --log.

usage: wifi_kit.py [--auth user:password] [--log FILE] [--first WHAT]
--first: what the first question of a client ($GV, which shows whether the kit is there) is answered with, one of WRONG.
Worked exchanges: reference/rapi.md, section 7. SPDX-License-Identifier: MIT
"""
import argparse
import base64
import socket
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sized(body, head=HEAD):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def json(cmd, ret):
    return b'{"cmd":"%s","ret":"%s"}' % (cmd, ret)


VERSION = sized(json(b"$GV^35", b"$OK 8.2.3 5.2.1^2F"))

WRONG = {
    "silent": lambda link: time.sleep(20),
    "closed": lambda link: None,
    "garbage": lambda link: link.sendall(sized(b'{"cmd":"$GC^20","ret":"$OK 6 80')),
    "page": lambda link: link.sendall(sized(b"<html>OpenEVSE</html>")),
    "list": lambda link: link.sendall(sized(b'["$OK^20"]')),
    "500": lambda link: link.sendall(sized(b"", b"HTTP/1.1 500 Internal Server Error\r\n")),
    "302": lambda link: link.sendall(sized(b"", b"HTTP/1.1 302 Found\r\nLocation: /r\r\n")),
    "401": lambda link: link.sendall(sized(b"", b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="kit"\r\n')),
    "cut": lambda link: link.sendall(HEAD + b"Content-Length: 1000\r\n\r\n" + json(b"$GF^25", b"$OK 0 a ff^51")),
    "large": lambda link: link.sendall(sized(json(b"$GG^24", b"x" * 9000))),
}


def chunked(link):
    link.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    for piece in (b'{"cmd":"$GS^30",', b'"ret":"$OK 03 ', b'754 03 0140^13"}'):
        link.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        time.sleep(0.02)
    link.sendall(b"0\r\n\r\n")


def slow(link):
    time.sleep(0.4)
    link.sendall(sized(json(b"$GE^26", b"$OK 32 0021^22")))


# by the text of `rapi`, as it must stand in the request
ANSWERS = {
    b"%24GV%5E35": lambda link: link.sendall(VERSION),
    b"%24GS%5E30": chunked,
    b"%24GE%5E26": slow,
    b"%24SC%2010%20V%5E63": lambda link: link.sendall(sized(json(b"$SC 10 V^63", b"$OK 10^01"))),
    b"%24FP%200%200%20a.b-c_d~%2B%26%3D%25": lambda link: link.sendall(sized(json(b"$FP", b"$NK^21"))),
    # the box has not answered the kit
    b"%24GT%5E37": lambda link: link.sendall(sized(b'{"cmd":"$GT^37","error":"RAPI_RESPONSE_TIMEOUT"}')),
    b"%24GU%5E36": WRONG["401"],
    b"%24GC%5E20": WRONG["garbage"],
    b"%24GF%5E25": WRONG["cut"],
    b"%24GP%5E33": WRONG["500"],
    b"%24GG%5E24": WRONG["large"],
    b"%24GD%5E27": WRONG["302"],
    b"%24G0%5E53": WRONG["closed"],
    b"%24GA%5E22": WRONG["silent"],
}


def request_of(link):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = link.recv(4096)
        if not piece:
            return got
        got += piece
    return got


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--auth")
    options.add_argument("--log")
    options.add_argument("--first", choices=sorted(WRONG))
    given = options.parse_args()
    wanted = b"Basic " + base64.b64encode(given.auth.encode()) if given.auth else None
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def answer(link):
        got = request_of(link)
        lines = got.split(b"\r\n")
        if given.log:
            with open(given.log, "ab") as log:
                log.write(lines[0] + b"\n")
        headers = {key.lower(): value.strip() for key, _, value in (line.partition(b":") for line in lines[1:])}
        beginning, end = b"GET /r?json=1&rapi=", b" HTTP/1.1"
        if wanted and headers.get(b"authorization") != wanted:
            WRONG["401"](link)
        elif not lines[0].startswith(beginning) or not lines[0].endswith(end):
            link.sendall(sized(b"", b"HTTP/1.1 404 Not Found\r\n"))
        else:
            question = lines[0][len(beginning):-len(end)]
            if given.first and question == b"%24GV%5E35":
                WRONG[given.first](link)
            else:
                ANSWERS.get(question, WRONG["500"])(link)

    def serve(link):
        try:
            answer(link)
        except OSError:
            pass  # the client had enough
        link.close()
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
