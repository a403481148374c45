#!/usr/bin/env python3
"""http_client_test.py - `voltbus get --via` against servers that are slow, broken, or something else.
VOLTBUS names the program. SPDX-License-Identifier: MIT
"""
import os
import socket
import subprocess
import sys
import threading
import time

VOLTBUS = os.environ["VOLTBUS"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
STATE = b'{"devices":{"panel":{"health":"ok","signals":{"level":{"value":3,"unit":""}}}}}'
failed = 0


def serve(answer):
    """A server that treats each connection so; its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def loop():
        while True:
            link, _ = listener.accept()
            try:
                link.recv(4096)
                answer(link)
            except OSError:
                pass  # the client had enough
            link.close()
    threading.Thread(target=loop, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def says(claim, url, status, expected, within=2.0, **environment):
    """`voltbus get --via URL` ends with that status, in that time (of a computer that does nothing else: in
    five times that), and says so."""
    global failed
    begin = time.monotonic()
    done = subprocess.run([VOLTBUS, "get", "--via", url, "panel", "level"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})
    took = time.monotonic() - begin
    said = done.stdout if status == 0 else done.stderr
    if done.returncode == status and expected in said and took < 5 * within:
        print(f"ok {claim}")
    else:
        failed = 1
        print(f"FAILED {claim}: status {done.returncode} after {took:.1f} s, '{done.stdout}' '{done.stderr}', expected '{expected}'")


def send(*pieces, wait=0.0):
    def answer(link):
        for piece in pieces:
            link.sendall(piece)
            time.sleep(wait)
    return answer


def with_length(body):
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


url = serve(send(with_length(STATE)))
says("an answer", url, 0, "3\n")
says("an answer whatever proxy the environment names", url, 0, "3\n", http_proxy="http://127.0.0.1:9")
says("an answer in pieces", serve(send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + STATE[:5] + b"\r\n",
                                       b"%x\r\n" % len(STATE[5:]) + STATE[5:] + b"\r\n0\r\n\r\n", wait=0.1)), 0, "3\n")
says("an answer byte by byte", serve(send(*[bytes([byte]) for byte in with_length(STATE)], wait=0.001)), 0, "3\n")

nobody = socket.create_server(("127.0.0.1", 0))
port = nobody.getsockname()[1]
nobody.close()
for address in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://127.0.0.1:{port}/"):
    says(f"nobody at {address}", address, 1, "no voltbus answers at " + address.rstrip("/"))
for claim, answer in (("one that closes", send()), ("rubbish", send(b"\0\1\2 hello\r\n\r\n")),
                      ("an answer that is cut off", send(HEAD + b"Content-Length: 1000\r\n\r\n" + STATE))):
    says(claim, serve(answer), 1, "no voltbus answers at http://127.0.0.1:")
says("one that never answers", serve(lambda link: time.sleep(30)), 1, "does not answer within 5 s", within=7)
says("one that dribbles", serve(send(HEAD + b"Content-Length: 100000\r\n\r\n", *[b"{"] * 100, wait=0.2)), 1,
     "does not answer within 5 s", within=7)
says("gigabytes", serve(send(HEAD + b"Content-Length: 9000000000\r\n\r\n", *[b"x" * 100000] * 1000)), 1,
     "more than 4 MB: this is no voltbus")
says("something else", serve(send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello")), 1, "this is no voltbus")
asked = []
elsewhere = serve(lambda link: asked.append(1))
says("a redirection", serve(send(b"HTTP/1.1 302 Found\r\nLocation: " + elsewhere.encode() + b"/\r\nContent-Length: 0\r\n\r\n")),
     1, "voltbus get: ")
if asked:
    failed = 1
    print("FAILED a redirection: it was followed")
for address in ("http://example.org", "http://192.168.1.1:8080", "http://0.0.0.0:80", "http://[::2]:80"):
    says(f"{address}", address, 1, "is not on this machine: voltbus answers on 127.0.0.1 only")
for address in ("https://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:99999", "http://127.0.0.1:0", "ftp://127.0.0.1"):
    says(f"{address}", address, 1, "is not http://HOST:PORT")
sys.exit(failed)
