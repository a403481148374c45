#!/bin/sh
# set.sh - `voltbus set` and `get`: options that mean nothing here, Ctrl-C at any time, a lease that is not renewed.
set -eu
. "$TEST_DIR/e2e/lib.sh"

refused() { # NAME EXPECTED ARGUMENT...
    name=$1
    expected=$2
    shift 2
    run "$name" "$VOLTBUS" "$@"
    status_is 2
    err_has "$expected"
}
via=http://127.0.0.1:1
lin=lin:listen://127.0.0.1:0,leader=nugget
refused "a lease on a LINK" "voltbus set: --lease is for --via; on a LINK --hold keeps it until Ctrl-C" \
    set "$lin" nugget-panel coolbox.level 3 --control --lease 1min
refused "a timeout of a voltbus" "voltbus set: --timeout is for a LINK" \
    set --via $via panel coolbox.level 3 --timeout 1s
refused "a setting of a voltbus" "voltbus set: --set is for a LINK" \
    set --via $via panel coolbox.level 3 --set generation=1
refused "a timeout of a question" "voltbus get: --timeout is for a LINK" get --via $via panel coolbox.level --timeout 1s

# interrupted NAME EXPECTED ARGUMENT...: Ctrl-C after a while. --foreground: once; else timeout sends it to its group, too,
# and a second Ctrl-C ends voltbus at once
interrupted() {
    name=$1
    expected=$2
    shift 2
    run "$name" timeout --foreground --signal=INT 0.7 "$VOLTBUS" "$@"
    err_has "$expected"
    case $status in 124) echo "ok $name: it ended" ;; *) fail "expected that it ends by the signal" ;; esac
}
interrupted "Ctrl-C before it was heard" "voltbus get: hella-ibs battery.voltage: stopped before it was heard on the bus" \
    get lin:listen://127.0.0.1:0 hella-ibs battery.voltage
interrupted "Ctrl-C before it was sent" "voltbus set: nugget-panel coolbox.level: stopped before it was sent" \
    set "lin:listen://127.0.0.1:0,leader=nugget" nugget-panel coolbox.level 3 --control
status=0
timeout --foreground --preserve-status --signal=INT 0.7 "$VOLTBUS" get lin:listen://127.0.0.1:0 hella-ibs battery.voltage \
    2>"$work/err" || status=$?
name="Ctrl-C before it was heard"
status_is 1

run "leases" timeout 60 python3 - "$VOLTBUS" <<'END'
import http.server, json, signal, subprocess, sys, threading, time

asked = []  # bodies
answers = []  # status, reason, delay; the last one stays


class Voltbus(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, reason, delay = answers.pop(0) if len(answers) > 1 else answers[0]
        time.sleep(delay)
        body = {"value": 2} if status == 200 else {"error": "not-leading", "reason": reason}
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Voltbus)
threading.Thread(target=server.serve_forever, daemon=True).start()
via = "http://127.0.0.1:%d" % server.server_port


def hold(*replies):
    asked.clear()
    answers[:] = replies
    return subprocess.Popen([sys.argv[1], "set", "--via", via, "panel", "coolbox.level", "2", "--lease", "1s", "--hold"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(count):
    end = time.monotonic() + 10
    while len(asked) < count:
        assert time.monotonic() < end, asked
        time.sleep(0.01)


good = (200, "", 0)
voltbus = hold(good)
until(3)
voltbus.send_signal(signal.SIGINT)
out, err = voltbus.communicate(timeout=10)
assert (voltbus.returncode, out, err) == (0, "panel coolbox.level 2\n", ""), (voltbus.returncode, out, err)
assert asked[0] == {"value": 2, "lease": 1.0} and asked[-1] == {"release": True}, asked
print("held, and given back")

voltbus = hold((200, "", 1), good)
until(1)
voltbus.send_signal(signal.SIGINT)  # before the first answer
out, err = voltbus.communicate(timeout=10)
assert asked[-1] == {"release": True} and len(asked) == 2, asked
print("given back after a Ctrl-C before the first answer")

voltbus = hold(good, (409, "another leader", 0), good)
out, err = voltbus.communicate(timeout=10)
assert voltbus.returncode == 1, err
assert err == ("voltbus set: not-leading: another leader\n"
               "voltbus set: panel coolbox.level: given back\n"), err
assert [sorted(body) for body in asked] == [["lease", "value"], ["lease", "value"], ["release"]], asked
print("given back when it is not renewed")

voltbus = hold(good, (409, "another leader", 0))
out, err = voltbus.communicate(timeout=10)
assert voltbus.returncode == 1
assert err.endswith("voltbus set: panel coolbox.level: not given back; it ends by itself within 1 s\n"), err
print("told when it cannot be given back")
END
status_is 0
out_has "held, and given back"
out_has "given back after a Ctrl-C before the first answer"
out_has "given back when it is not renewed"
out_has "told when it cannot be given back"

finish
