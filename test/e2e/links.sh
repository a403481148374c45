#!/bin/sh
# links.sh - cables as they are: servers that go away or behave badly, ports that disappear and come back,
# adapters that refuse, say nothing or fall silent, and a flood of noise beside a good link.
set -eu
. "$TEST_DIR/e2e/lib.sh"
. "$TEST_DIR/e2e/gateway.sh"

url=http://127.0.0.1:18560
cat >"$work/links.yaml" <<END
links:
  away: "slcan:tcp://127.0.0.1:18561"
  mute: "slcan:tcp://127.0.0.1:18562"
  shut: "slcan:tcp://127.0.0.1:18563"
  door: "slcan:listen://127.0.0.1:18564"
  port: "slcan:$work/port"
  refuses: "slcan:$work/refuses"
  silent: "slcan:$work/silent,bitrate=250000,listen=no"
devices:
  away: {type: leaf-battery, link: away}
  mute: {type: leaf-battery, link: mute}
  shut: {type: leaf-battery, link: shut}
  door: {type: leaf-battery, link: door}
  port: {type: leaf-battery, link: port}
  refuses: {type: leaf-battery, link: refuses}
  silent: {type: leaf-battery, link: silent}
outputs:
  page: {type: http, listen: "127.0.0.1:18560"}
END

server() { # KIND PORT
    "$TEST_DIR/e2e/server.py" "$1" "$2" >"$work/$1" 2>&1 &
    server=$!
    started_all="$started_all $server"
}
link_is() { api until "$1" /api/state "$3" links "$2" state; }     # SECONDS NAME STATE
device_is() { api until "$1" /api/state "$3" devices "$2" health; } # SECONDS NAME HEALTH
reason_has() { api get /api/state links "$1" reason | grep -qF "$2"; }
link_says() { is "link $1 says why: $2" wait_for 2 reason_has "$1" "$2"; }
device_says() { run "device $1 says why" api get /api/state devices "$1" reason && out_has "$2"; }

start sim leaf-battery listen://127.0.0.1:18561
leaf=$started
start sim leaf-battery "pty:$work/port"
port=$started
server mute 18562
server shut 18563
far_end slcan refuses =0D L=07                # BEL: this adapter cannot listen only
far_end slcan silent                          # answers nothing, ever
gateway links.yaml

# ---- a server that goes away ----

is "a Leaf behind TCP is heard" device_is 5 away ok
stop KILL "$leaf"
is "its server is gone" link_is 3 away waiting
link_says away "127.0.0.1:18561 "
is "what it said is stale" device_is 5 away stale
device_says away "link away: 127.0.0.1:18561 refuses the connection: nothing listens there"
run "an old value is not given as a new one" "$VOLTBUS" get --via "$url" away battery.voltage
status_is 1
err_has "voltbus get: away is stale: link away: 127.0.0.1:18561 refuses the connection"
start sim leaf-battery listen://127.0.0.1:18561
is "it comes back by itself" device_is 9 away ok
is "the link is open" link_is 1 away open
link_says away ""

# ---- servers that behave badly ----

is "a server that says nothing is open" link_is 1 mute open
is "its device was never heard" device_is 1 mute silent
device_says mute "nothing heard yet on link mute"

is "a server that closes at once" link_is 1 shut waiting
link_says shut "the connection"
is "is asked five times" wait_for 12 sh -c "[ \$(wc -l <'$work/shut') -ge 5 ]"
# 0.5, 1, 2, 4 s after each other, as good as a busy machine does it
run "with longer and longer pauses" awk '
    NR > 1 { gap = $1 - before; print gap; wait = 0.5 * 2 ^ (NR - 2)
             if (gap < wait - 0.01 || gap > wait * 1.3 + 0.2) wrong = 1 }
    { before = $1 } NR == 5 { exit } END { exit wrong }' "$work/shut"
status_is 0

# ---- a door for one ----

is "a place that waits for a client" link_is 1 door open
link_says door "nobody is connected"
start sim leaf-battery tcp://127.0.0.1:18564
first=$started
is "the first client is heard" device_is 5 door ok
run "a second is sent away" python3 -c 'import socket
second = socket.create_connection(("127.0.0.1", 18564), 5)
print(second.recv(10))'
out_is "b''"
is "the log says so" grep -q 'link door: 127.0.0.1:[0-9]* was refused: one at a time' "$work/said"
is "the first is still heard" device_is 1 door ok
stop TERM "$first"
is "the log says that it is gone" grep -q 'link door: 127.0.0.1:[0-9]* is gone' "$work/said"
is "what it said is stale" device_is 5 door stale
start sim leaf-battery tcp://127.0.0.1:18564
is "the next one may come" device_is 5 door ok

# ---- a serial port that is unplugged ----

is "a Leaf at a serial port is heard" device_is 1 port ok
unplug port "$port"
is "it is unplugged" link_is 3 port waiting
link_says port "$work/port"
is "what it said is stale" device_is 5 port stale
device_says port "link port: $work/port is not there (unplugged?)"
start sim leaf-battery "pty:$work/port"
is "the same name is there again" device_is 9 port ok

# ---- adapters ----

asked() { # LINE...: these were the first
    printf '%s\n' "$@" >"$work/expected"
    sed -n 's/.* <[ ]*//p' "$work/$wire.log" | head -$# | diff - "$work/expected"
}
asked_again() { [ "$(grep -c '< C$' "$work/$wire.log")" -gt 1 ]; }

is "an adapter that refuses" link_is 1 refuses waiting
link_says refuses "the adapter refuses to listen only (listen=no opens it as a full member of the bus"
wire=refuses
is "was asked in this order" asked '' '' C S6 Z0 L

wire=silent
is "an adapter that never answers is opened all the same" link_is 3 silent open
is "it was asked in this order" asked '' '' C S5 Z0 O
sends_and_is_heard() { # again, if just then it is asked anew after 10 s of silence
    say "$(printf 't55B8A440AA00DFC01095\r' | od -An -v -tx1 | tr -d ' \n')" && device_is 0.1 silent ok
}
is "what it sends is heard by its device" wait_for 2 sends_and_is_heard
is "silent for 10 s, it is asked again" wait_for 14 asked_again
opened=$(first_time '< O$')
again=$(awk -v opened="$opened" '/< C$/ && $1 > opened { print $1; exit }' "$work/silent.log")
is "10 s later" after "$again" "$opened" 10 100
stop TERM "$gateway"
name="the gateway ends"
status_is 0
is "and leaves the adapter closed" wait_for 2 sh -c "tail -1 '$work/silent.log' | grep -q '< C\$'"

finish
