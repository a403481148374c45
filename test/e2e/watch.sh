#!/bin/sh
# watch.sh - `voltbus watch`: plain text in a pipe; on a terminal a table that is drawn in place, fits, can
# be scrolled, and leaves the terminal as it was.
set -eu
export LC_ALL=C.UTF-8
. "$TEST_DIR/e2e/lib.sh"

plain() { # text, and nothing that moves a cursor
    if grep -q '[[:cntrl:]]' "$work/out"; then fail "a control character"; else echo "ok $name: plain text"; fi
    if [ "$(wc -L <"$work/out")" -le 80 ]; then echo "ok $name: 80 columns"; else fail "$(wc -L <"$work/out") columns"; fi
}

run "a recording" "$VOLTBUS" watch "file:$TEST_DIR/replay/leaf_aze0.log" --as leaf-battery --for 500ms --speed max
status_is 0
out_has "leaf-battery: ok"
out_has "  battery.voltage "
plain
run "a live link" "$VOLTBUS" watch slcan:sim://leaf-battery --for 1500ms
status_is 0
out_has "slcan:sim://leaf-battery open  frames "
out_has "leaf-battery: ok"
plain
if [ "$(grep -c '^leaf-battery: ok' "$work/out")" = 2 ]; then
    echo "ok $name: once a second, and at the end"
else
    fail "expected two tables"
fi
run "many devices" "$VOLTBUS" watch lin:sim://camper-van --for 1500ms
status_is 0
out_has "nugget-panel: ok"
out_has "  coolbox.level "
plain
run "who reads one line and goes" sh -c '"$VOLTBUS" watch slcan:sim://leaf-battery --for 10s | head -1'
out_has "slcan:sim://leaf-battery open"

refused() { # NAME STATUS EXPECTED ARGUMENT...
    name=$1
    expected=$2
    text=$3
    shift 3
    run "$name" "$VOLTBUS" watch "$@"
    status_is "$expected"
    err_has "$text"
}
refused "an unknown kind" 2 "unknown kind 'lim'; did you mean lin?" lim:/dev/ttyUSB0
refused "no place" 2 "expected KIND:PLACE" ttyUSB0
refused "an unknown simulator" 2 "unknown simulator 'camper'" lin:sim://camper
refused "an unknown key" 2 "did you mean baud?" lin:/dev/ttyUSB0,bawd=9600
refused "a recording that is not there" 1 "$work/no.log" "file:$work/no.log"
refused "a device of another wire" 2 "leaf-battery is no device of a lin link" lin:sim://camper-van --as leaf-battery
refused "no LINK" 2 "expected one LINK"
refused "a wrong time" 2 "--for" slcan:sim://leaf-battery --for 10
run "a port that is not there" "$VOLTBUS" watch lin:/dev/ttyUSB255 --for 200ms
out_has "waiting: /dev/ttyUSB255 is not there (unplugged?)"

# ---- on a terminal ----

run "a terminal" timeout 60 /usr/bin/python3 - "$VOLTBUS" <<'END'
import codecs, fcntl, os, pty, re, select, signal, struct, sys, termios, time

ENTER, LEAVE = "\033[?1049h", "\033[?1049l"  # the screen of its own
HIDE, SHOW = "\033[?25l", "\033[?25h"        # the cursor


class Terminal:
    def __init__(self, columns, rows, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            time.sleep(0.1)  # until the size is set
            os.execv(sys.argv[1], ["voltbus", "watch", *arguments])
        self.text = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.columns, self.rows = columns, rows
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.fd)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        end = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            self.text += self.decoder.decode(data)

    def picture(self):
        """The lines of the newest whole picture."""
        pictures = self.text.split("\033[H")
        whole = pictures[-2] if len(pictures) > 2 else ""
        return re.sub("\033\\[[0-9;?]*[A-Za-z]", "", whole).split("\r\n")

    def until(self, what, good, seconds=5):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)
            if good(self.picture()):
                return
        sys.exit(f"{what}: {self.picture()}")

    def fits(self, lines):
        return 2 < len(lines) <= self.rows and all(len(line) <= self.columns for line in lines)

    def key(self, text):
        os.write(self.fd, text.encode())

    def ends(self, what):
        """It has ended well, and the terminal is as it was."""
        end = time.monotonic() + 5
        done, status = 0, 0
        while not done and time.monotonic() < end:
            self.read(0.05)
            done, status = os.waitpid(self.pid, os.WNOHANG)
        assert done, f"{what}: it does not end"
        assert os.waitstatus_to_exitcode(status) == 0, (what, status)
        self.read(0.2)
        for on, off in ((ENTER, LEAVE), (HIDE, SHOW), ("\033[?7l", "\033[?7h")):
            assert self.text.count(on) == 1 and self.text.count(off) == 1, (what, on)
            assert self.text.index(on) < self.text.index(off)
        assert "\033[H" not in self.text.split(LEAVE)[1], f"{what}: it draws on the screen of others"
        print(f"{what}: the terminal is as it was")


def scrolled(lines):
    found = re.search(r"(\d+) to (\d+) of (\d+)", lines[-1])
    return tuple(map(int, found.groups())) if found else (0, 0, 0)


van = Terminal(80, 24, "lin:sim://camper-van,day=10min")
van.until("all devices", lambda lines: scrolled(lines)[2] > 50)
assert van.text.index(ENTER) < van.text.index("camper-van")
van.until("it fits", van.fits)
assert van.picture()[0].startswith("lin:sim://camper-van,day=10min open  frames ")
assert scrolled(van.picture())[:2] == (1, 22)
assert van.picture()[1].rstrip() == "hella-ibs: ok", repr(van.picture()[1])
print("a table of 80 columns and 24 rows")

van.key("j")
van.until("j scrolls down", lambda lines: scrolled(lines)[0] == 2)
van.key("\033[B")
van.until("so does the arrow", lambda lines: scrolled(lines)[0] == 3)
van.key("\033[A\033[A")
van.until("the other arrow scrolls up", lambda lines: scrolled(lines)[0] == 1)
van.key("k")
van.until("the top is the end", lambda lines: scrolled(lines)[0] == 1)
van.key(" ")
van.until("space scrolls a page", lambda lines: scrolled(lines)[0] == 23)
van.key("b")
van.until("b scrolls it back", lambda lines: scrolled(lines)[0] == 1)
van.key("     ")
van.until("the bottom is the end", lambda lines: scrolled(lines)[1] == scrolled(lines)[2])
van.until("it fits there", van.fits)
van.key("x\t\033[C")
van.until("other keys do nothing", van.fits)
print("it scrolls")

van.resize(60, 15)
van.until("narrower and lower", lambda lines: van.fits(lines) and len(lines) == 15)
assert "voltage" in "".join(van.picture()) or "°C" in "".join(van.picture()), van.picture()
van.resize(40, 10)
van.until("narrower and lower still", lambda lines: van.fits(lines) and len(lines) == 10)
van.resize(200, 60)
van.until("wide and high", lambda lines: van.fits(lines) and len(lines) == 60)
assert max(map(len, van.picture())) <= 80
van.resize(80, 120)
van.until("higher than the table", lambda lines: van.fits(lines) and lines[-1].strip() == "q ends")
van.key("q")
van.ends("q")

for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    leaf = Terminal(80, 24, "slcan:sim://leaf-battery")
    leaf.until("a table", leaf.fits)
    os.kill(leaf.pid, number)
    leaf.ends(number.name)

leaf = Terminal(80, 24, "slcan:sim://leaf-battery")
leaf.until("a table", leaf.fits)
leaf.key("\x03")
leaf.ends("Ctrl-C")

leaf = Terminal(80, 24, "slcan:sim://leaf-battery", "--for", "1s")
leaf.ends("--for 1s")

nobody = Terminal(80, 24, "lin:/dev/ttyUSB255")
nobody.until("the reason", lambda lines: "waiting: /dev/ttyUSB255 is not there" in lines[0])
nobody.key("q")
nobody.ends("q while nothing is there")
print("done")
END
status_is 0
out_has "a table of 80 columns and 24 rows"
out_has "it scrolls"
for way in q SIGINT SIGTERM SIGHUP Ctrl-C '--for 1s' 'q while nothing is there'; do
    out_has "$way: the terminal is as it was"
done
out_has done

finish
