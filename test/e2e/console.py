#!/usr/bin/env python3
"""console.py - `voltbus console` on a terminal: keys, Tab, history, news while somebody types, damaged lines, its end.
The box is a small one of the test's own at a pseudo terminal or a TCP port, with literal lines (reference/rapi.md, section 7).
VOLTBUS names the program. SPDX-License-Identifier: MIT
"""
import fcntl
import os
import pty
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

VOLTBUS = os.environ["VOLTBUS"]
ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|.)")
RED = b"\x1b[31m"
failed = 0

ANSWERS = {
    b"$GV^35": b"$OK 8.2.3 5.2.1^2F",
    b"$GS^30": b"$OK 03 754 03 0140^13",
    b"$GC^20": b"$OK 6 80 16 32^18",
    b"$GE^26": b"$OK 32 0021^22",
    b"$GP^33": b"$OK 253 -2560 0^29",  # 28 would be right
}


class Box:
    """An OpenEVSE that answers; what it heard is in self.heard."""

    def __init__(self):
        self.heard = []
        self.write = None

    def listen(self, read, write):
        self.write = write
        rest = b""
        while True:
            try:
                got = read()
            except OSError:
                return
            if not got:
                return
            *lines, rest = (rest + got).split(b"\r")
            for line in lines:
                self.heard.append(line)
                if line in ANSWERS:
                    write(ANSWERS[line] + b"\r")

    def at_a_terminal(self):
        """Its place."""
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.kept = theirs  # so that it is not hung up before somebody opens it
        threading.Thread(target=self.listen, args=(lambda: os.read(ours, 4096), lambda b: os.write(ours, b)), daemon=True).start()
        return os.ttyname(theirs)


class Console:
    """voltbus console on a terminal of its own."""

    def __init__(self, *arguments, columns=80, **environment):
        self.ours, theirs = pty.openpty()
        self.resize(columns)
        self.before = termios.tcgetattr(theirs)
        self.kept = theirs
        self.got = b""
        self.mark = 0
        settings = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        settings.update({"TERM": "xterm", "XDG_STATE_HOME": state, **environment})
        self.process = subprocess.Popen([VOLTBUS, "console", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
                                        env=settings, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                self.got += os.read(self.ours, 4096)
            except OSError:
                return

    def resize(self, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def text(self):
        """What was written since the last mark, without escapes."""
        return ESCAPE.sub(b"", self.got[self.mark:]).decode(errors="replace")

    def type(self, keys):
        self.mark = len(self.got)
        os.write(self.ours, keys.encode())

    def prompt(self):
        """Wait for the prompt. Before it is there the terminal would show keys by itself."""
        check("the prompt", soon(lambda: ESCAPE.sub(b"", self.got).endswith(b"> ")), self.text())

    def waits_for(self, claim, part, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if part in self.text():
                print(f"ok {claim}")
                return True
            time.sleep(0.01)
        fails(claim, f"no {part!r} in {self.text()!r}")
        return False

    def end(self, claim):
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "none: it did not end"
        check(f"{claim}: status 0", status == 0, f"{status}, {self.text()!r}")
        check(f"{claim}: the terminal is as it was", termios.tcgetattr(self.kept) == self.before, termios.tcgetattr(self.kept))


def fails(claim, why):
    global failed
    failed = 1
    print(f"FAILED {claim}: {why}")


def check(claim, holds, why):
    if holds:
        print(f"ok {claim}")
    else:
        fails(claim, why)


def soon(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


folder = tempfile.TemporaryDirectory()
state = folder.name + "/state"
history = state + "/voltbus/console_history"

# ---- keys ----
box = Box()
place = "rapi:" + box.at_a_terminal() + ",ids=off"
console = Console(place)
console.waits_for("the box is found", "firmware 8.2.3, RAPI 5.2.1")
console.type("GS\r")
console.waits_for("an answer is shown", "$OK 03 754 03 0140^13")
console.waits_for("and explained", "session.time       754 s  (12 min 34 s)")
console.prompt()
console.type("capa\t\r")
console.waits_for("Tab completes", "city ")
console.waits_for("and the call is asked", "$OK 6 80 16 32^18")
console.prompt()
console.type("set_ti\t\t")
console.waits_for("a second Tab shows the choice", "set_time_limit  set_timer")
console.type("\x15")  # Ctrl-U
count = box.heard.count(b"$GS^30")
console.type("\x1b[A\x1b[A\r")
console.waits_for("the up-arrow brings back what was typed", "$OK 03 754 03 0140^13")
check("and it is asked again", box.heard.count(b"$GS^30") == count + 1, box.heard)
console.prompt()
console.type("GX\x7fE\x1b[D\x1b[DX\x7f\x05\r")
console.waits_for("a line is edited", "$OK 32 0021^22")
console.prompt()
console.type("\x1b")
time.sleep(0.3)
console.type("\x16GE\r")  # Ctrl-V would wait for a key
console.waits_for("ESC and Ctrl-V hold nothing up", "$OK 32 0021^22")

console.prompt()
console.type("GS\rGC\rGE\r")  # as if pasted
console.waits_for("lines that are pasted", "$OK 32 0021^22")
lines = [line for line in re.split(r"[\r\n]+", console.text()) if re.match(r"(> .|\$)", line)]
check("are answered one after the other",
      lines == ["$OK 03 754 03 0140^13", "> GC", "$OK 6 80 16 32^18", "> GE", "$OK 32 0021^22"], lines)

# ---- news and damage while somebody types ----
console.prompt()
console.type("G")
console.waits_for("half a line", "G")
console.type("")
box.write(b"$AT 03 03 16 0140^33\r")
console.waits_for("news come while somebody types", "< $AT 03 03 16 0140^33  State, pilot, current or flags have changed")
console.waits_for("with their meaning", "pilot.current      16 A")
check("and a time", re.search(r"\d\d:\d\d:\d\d < \$AT", console.text()), console.text())
check("the line is there again behind them", soon(lambda: console.text().endswith("> G")), console.text()[-60:])
console.type("C\r")
console.waits_for("and can be gone on with", "$OK 6 80 16 32^18")
console.type("")
box.write(b"$AT 03 03 16 0140^34\r")
console.waits_for("a wrong checksum is told", "! $AT 03 03 16 0140^34  checksum 34, expected 33")
check("in red", RED in console.got[console.mark:], console.got[console.mark:])
check("and its values are not", "evse.state" not in console.text(), console.text())
console.prompt()
console.type("GP\r")
console.waits_for("a damaged answer is told", "! $OK 253 -2560 0^29  checksum 29, expected 28")
console.waits_for("and is no answer", "! openevse GP: the box did not answer")
check("behind which the next line begins", soon(lambda: console.text().endswith("> ")), console.text()[-60:])

# ---- stopped and gone on with ----
console.process.send_signal(signal.SIGSTOP)
termios.tcsetattr(console.kept, termios.TCSANOW, console.before)  # as a shell does meanwhile
console.process.send_signal(signal.SIGCONT)
check("after a stop the terminal is ours again", soon(lambda: termios.tcgetattr(console.kept) != console.before), "")
console.type("\x01zz\x15GS\r")
console.waits_for("and keys are keys", "$OK 03 754 03 0140^13")

# ---- what is not asked ----
console.prompt()
console.type("pause\r")
console.waits_for("a change is refused", "voltbus console --control allows that")
asked = {line for line in box.heard if not line.startswith(b"$GV")}
check("nothing was asked that nobody has typed", asked == {b"$GS^30", b"$GC^20", b"$GE^26", b"$GP^33"}, asked)

# ---- its end ----
console.type("\x04")
console.end("Ctrl-D")
check("the history is the user's alone", stat.S_IMODE(os.stat(history).st_mode) == 0o600, os.stat(history))
lines = open(history).read().split("\n")
check("and has what was typed", {"GS", "capacity", "GE", "pause"} <= set(line.strip() for line in lines), lines)

console = Console(place, columns=40, NO_COLOR="1")
console.waits_for("again, on a narrow terminal", "RAPI 5.2.1")
console.prompt()
console.type("\x1b[A\r")
console.waits_for("the history is there again", "allows that")
console.prompt()
long = "print 0 1 a text that needs more than one line"
console.type(long)
console.waits_for("a long line", "one line")
console.type("")
box.write(b"$AT 03 03 16 0140^34\r")
console.waits_for("damage above a long line", "expected 33")
check("without colour where NO_COLOR says so", RED not in console.got[console.mark:], console.got[console.mark:])
check("the long line is taken off first", b"\x1b[1A\x1b[J" in console.got[console.mark:], console.got[console.mark:])
check("and there again", soon(lambda: "".join(console.text().split()).endswith("morethanoneline")), console.text())
console.resize(60)
os.kill(console.process.pid, signal.SIGWINCH)
console.process.send_signal(signal.SIGTERM)
console.end("SIGTERM in the middle of a line")

console = Console(place)
console.waits_for("once more", "RAPI 5.2.1")
console.type("\x03")
console.end("Ctrl-C")

console = Console(place, TERM="dumb")
console.type("GS\rquit\r")
console.waits_for("a terminal that cannot be edited on", "session.time       754 s")
console.end("quit")

unwritable = folder.name + "/a file"
open(unwritable, "w").close()
console = Console(place, XDG_STATE_HOME=unwritable)
console.waits_for("a history that cannot be kept is no error", "RAPI 5.2.1")
console.type("GS\r\x04")
console.end("without history")

# ---- polling ----
box.heard.clear()
console = Console(place, "--poll")
check("--poll asks regularly", soon(lambda: {b"$GS^30", b"$GC^20"} <= set(box.heard)), box.heard)
console.type("\x04")
console.end("the end of polling")

# ---- the link goes and comes ----
listener = socket.create_server(("127.0.0.1", 0))
console = Console("rapi:tcp://127.0.0.1:%d,ids=off" % listener.getsockname()[1])
for turn in ("", " again"):
    link, _ = listener.accept()
    box = Box()
    threading.Thread(target=box.listen, args=(lambda: link.recv(4096), link.sendall), daemon=True).start()
    console.waits_for("the box is found" + turn, "firmware 8.2.3, RAPI 5.2.1")
    console.type("GS\r")
    console.waits_for("and answers" + turn, "session.time       754 s")
    console.type("")
    link.shutdown(socket.SHUT_RDWR)
    link.close()
    console.waits_for("its loss is told" + turn, "-- the link is waiting: 127.0.0.1:")
console.type("\x04")
console.end("the end without a link")
sys.exit(failed)
