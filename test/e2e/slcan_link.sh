#!/bin/sh
# slcan_link.sh - how an slcan adapter is opened: each answers in its own way, and none of the answers may be
# taken for that of another command.
set -eu
. "$TEST_DIR/e2e/lib.sh"

run "adapters" timeout 60 python3 - "$VOLTBUS" "$work" <<'END'
import socket, subprocess, sys, threading, time

program, work = sys.argv[1:]
FRAME = b"t55B8A440AA00DFC01095\r"


class Adapter:
    """answer(command) gives the bytes of the answer, which are sent `late`; babble: (every, bytes, seconds)."""

    def __init__(self, name, answer, late=0.0, babble=None, keys=""):
        self.name, self.answer, self.late, self.babble, self.keys = name, answer, late, babble, keys
        self.log = []  # (time, "<" heard or ">" answered, command)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.peer, self.since = None, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.peer, _ = self.server.accept()
            self.since = self.since or time.monotonic()
            if self.babble:
                threading.Thread(target=self.chatter, daemon=True).start()
            pending = b""
            while data := self.receive():
                *lines, pending = (pending + data).split(b"\r")
                self.log += [(time.monotonic(), "<", line) for line in lines]
                for line in lines:
                    if answer := self.answer(line):
                        time.sleep(self.late)
                        self.log.append((time.monotonic(), ">", line))
                        self.send(answer)

    def receive(self):
        try:
            return self.peer.recv(1000)
        except OSError:
            return b""

    def send(self, data):
        try:
            self.peer.sendall(data)
        except OSError:
            pass

    def chatter(self):
        every, data, seconds = self.babble
        while time.monotonic() < self.since + seconds:
            self.send(data)
            time.sleep(every)

    def commands(self):
        return [line.decode() for _, what, line in self.log if what == "<"]

    def when(self, command):
        return next(t for t, what, line in self.log if what == "<" and line == command) - self.since


def cr(line):
    return b"\r"


adapters = [
    Adapter("clear", lambda line: b"\a" if line in (b"", b"C") else b"\r"),
    Adapter("slow", lambda line: b"\a" if line == b"C" else b"\r", late=0.06),
    Adapter("mute", lambda line: None),
    Adapter("streams", cr, babble=(0.01, FRAME, 60)),
    Adapter("babbles", cr, babble=(0.04, b"\a", 0.3)),
    Adapter("endless", lambda line: None, babble=(0.04, b"\r", 60)),
    Adapter("rate", lambda line: b"\a" if line[:1] == b"S" else b"\r", keys=",bitrate=83300"),
    Adapter("deaf", lambda line: b"\a" if line == b"L" else b"\r"),
]
named = {adapter.name: adapter for adapter in adapters}
with open(f"{work}/adapters.yaml", "w") as config:
    print("links:", file=config)
    for a in adapters:
        port = a.server.getsockname()[1]
        print(f'  {a.name}: "slcan:tcp://127.0.0.1:{port}{a.keys}"', file=config)
    print("devices: {pack: {type: leaf-battery, link: streams}}", file=config)
    print("outputs: {frames: {type: candump, path: %s/frames.log}}" % work, file=config)
with open(f"{work}/said", "w") as said:
    voltbus = subprocess.Popen([program, "run", f"{work}/adapters.yaml"], stderr=said)


def heard():
    return open(f"{work}/said").read()


def until(seconds, what, true):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            print("not so:", what, file=sys.stderr)
            for a in adapters:
                print(a.name, [(round(t - a.since, 3), w, line) for t, w, line in a.log[:14]], file=sys.stderr)
            print(heard(), file=sys.stderr)
            voltbus.kill()
            sys.exit(1)
        time.sleep(0.02)
    print("ok", what)


def opened(name):
    return lambda: named[name].commands()[:6] == ["", "", "C", "S6", "Z0", "L"]


def said(text):
    return lambda: text in heard()


until(5, "BEL for empty lines and for closing what is closed is no refusal", opened("clear"))
until(5, "a slow adapter is opened", opened("slow"))
log = [(what, line) for _, what, line in named["slow"].log]
until(0, "no command goes out before the one before it is answered",
      lambda: log.index((">", b"C")) < log.index(("<", b"S6")) < log.index((">", b"S6"))
      < log.index(("<", b"Z0")) < log.index((">", b"Z0")) < log.index(("<", b"L")))
until(5, "an adapter that is open already and streams is opened", opened("streams"))
until(0, "and not waited for longer than another", lambda: named["streams"].when(b"S6") < 0.45)
until(5, "answers that go on for a while are waited for", opened("babbles"))
until(0, "until there are no more", lambda: named["babbles"].when(b"S6") > 0.3)
until(5, "answers without end", opened("endless"))
until(0, "are waited for half a second", lambda: 0.45 < named["endless"].when(b"S6") < 1)
until(5, "who refuses the bit rate is told",
      said("link rate is waiting: the adapter refuses the bit rate 83300"))
until(5, "so is who cannot listen only",
      said("link deaf is waiting: the adapter refuses to listen only (listen=no opens"))
until(5, "an adapter that never answers is asked everything", opened("mute"))
until(5, "and said to be silent", said("link mute is open: the adapter does not answer (baud=? is it "
                                       "slcan?); frames are taken all the same\n"))
named["mute"].send(FRAME)
until(5, "until something is heard", lambda: heard().count("link mute is open\n") == 2)
until(0, "of the others nothing of that kind is said", lambda: heard().count("does not answer") == 1)
voltbus.terminate()
until(5, "it ends", lambda: voltbus.poll() == 0)
until(1, "and closes the adapter", lambda: named["clear"].commands()[-1] == "C")
until(0, "the frame of the silent adapter was taken", lambda: " mute 55B#" in open(f"{work}/frames.log").read())
END
status_is 0
grep '^ok' "$work/out" || true

# ---- what an adapter cannot be asked is refused where the LINK is read ----

cat >"$work/bad.yaml" <<END
links:
  odd: slcan:/dev/ttyACM0,bitrate=83333
  both: slcan:/dev/ttyACM1,bitrate=750000,listen=no
devices:
  pack: {type: leaf-battery, link: odd}
  other: {type: leaf-battery, link: both}
outputs: {samples: {type: json}}
END
run "a bit rate without a digit" "$VOLTBUS" check "$work/bad.yaml"
status_is 1
err_has "bad.yaml:2:35: links.odd: bitrate: slcan has no digit for 83333 bit/s (it has 10000, "
err_has "bad.yaml:3:36: links.both: bitrate: 750000 is 800000 to some adapters: only with listen=yes"

finish
