#!/usr/bin/env python3
"""api.py - the HTTP API for shell scripts.

usage: api.py URL get PATH [KEY]...          prints the body, or what stands there under the keys
       api.py URL post PATH BODY             prints the status and the body
       api.py URL refused SECONDS PATH BODY ERROR   posts until it is refused by this error
       api.py URL end NUMBER PATH BODY       ends that process and posts until it refuses; prints as post does,
                                             or "gone" where that took longer than the end
       api.py URL until SECONDS PATH VALUE KEY...   waits until what stands there is VALUE; SECONDS are those
                                             of a computer that does nothing else: ten times as long at most
SPDX-License-Identifier: MIT
"""
import http.client
import json
import os
import signal
import sys
import time
import urllib.parse


def connect(url):
    place = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(place.hostname, place.port, timeout=10)


def ask(url, method, path, body=None, link=None):
    link = link or connect(url)
    link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = link.getresponse()
    return answer.status, answer.read().decode()


def under(document, keys):
    for key in keys:
        if document is None:
            return None
        document = document[int(key)] if isinstance(document, list) else document.get(key)
    return document


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def main():
    url, verb, *rest = sys.argv[1:]
    if verb == "get":
        status, body = ask(url, "GET", rest[0])
        print(text(under(json.loads(body), rest[1:])) if len(rest) > 1 else body)
        return 0 if status == 200 else 1
    if verb == "post":
        status, body = ask(url, "POST", rest[0], rest[1])
        print(status, body)
        return 0
    if verb == "end":  # over a connection from before: the end does not take long
        link = connect(url)
        ask(url, "GET", "/api/state", link=link)
        os.kill(int(rest[0]), signal.SIGTERM)
        status = 200
        while status == 200:
            try:
                status, body = ask(url, "POST", rest[1], rest[2], link)
            except (OSError, http.client.HTTPException):
                status, body = "gone", ""
        print(status, body)
        return 0
    end = time.monotonic() + 10 * float(rest[0])
    if verb == "refused":
        link = connect(url)
        while time.monotonic() < end:
            status, body = ask(url, "POST", rest[1], rest[2], link)
            if json.loads(body).get("error") == rest[3]:
                return 0
            time.sleep(0.005)
        print("after %s s: %s %s" % (rest[0], status, body))
        return 1
    _, path, value, *keys = rest
    got = None
    while time.monotonic() < end:
        try:
            got = text(under(json.loads(ask(url, "GET", path)[1]), keys))
        except OSError:
            pass  # it is not up yet
        if got == value:
            return 0
        time.sleep(0.05)
    print("after %s s: %s is %s, expected %s" % (rest[0], " ".join(keys), got, value))
    return 1


sys.exit(main())
