# gateway.sh - what scripts share that start programs in the background. Sourced after lib.sh; `api` asks at
# $url. Everything started ends with the script.
started_all=

# Scripts that look at what comes in time let voltbus and the far ends run before other programs, where this
# machine allows it: $ahead
ahead=
in_time() { if chrt -f 10 true 2>/dev/null; then ahead="chrt -f 10"; fi; }
trap 'kill $started_all 2>/dev/null || true; wait; rm -rf "$work"' EXIT

api() { "$TEST_DIR/e2e/api.py" "$url" "$@"; }

# is NAME COMMAND...: this must be so.
is() {
    run "$@"
    if [ "$status" = 0 ]; then echo "ok $name"; else fail "it is not so: $*"; fi
}

# start ARGUMENT...: voltbus in the background; its number is $started, what it says goes to $work/said.
start() {
    $ahead "$VOLTBUS" "$@" >"$work/printed" 2>>"$work/said" &
    started=$!
    started_all="$started_all $started"
}

# stop SIGNAL NUMBER: end it; $status is its exit status.
stop() {
    kill "-$1" "$2"
    status=0
    wait "$2" || status=$?
}

# unplug NAME NUMBER: the simulator of $work/NAME is gone, without a word. The link goes first: the number of
# its terminal is soon that of a stranger's.
unplug() {
    rm "$work/$1"
    stop KILL "$2"
}

# gateway CONFIG: a voltbus that answers at $url, where its page is; its number is $gateway.
gateway() {
    start run "$work/$1"
    gateway=$started
    is "voltbus run $1" wait_for 10 page_is_there
}
page_is_there() {
    url=$(sed -n 's|.*the page is at \(http:.*[0-9]\).*|\1|p' "$work/said" | tail -1)
    [ -n "$url" ] && api get /api/state
}

# free_port: a number that nobody listens at now
free_port() { python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])'; }

now() { python3 -c 'import time; print("%.4f" % time.monotonic())'; }

# wait_for SECONDS COMMAND...: until it succeeds. SECONDS are those of a computer that does nothing else: it may
# take ten times as long.
wait_for() {
    tries=$(($1 * 200))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# ---- a far end that keeps every byte (far_end.py) ----

# far_end KIND NAME [ANSWER]...: at $work/NAME; its number is $far. What is asked below is asked of it.
far_end() {
    wire=$2
    mkfifo "$work/to_$wire"
    kind=$1
    shift 2
    $ahead "$TEST_DIR/e2e/far_end.py" "$kind" "$work/$wire" "$work/$wire.log" "$@" <>"$work/to_$wire" &
    far=$!
    started_all="$started_all $far"
    from=1
    is "a far end at $wire" wait_for 5 test -L "$work/$wire"
}
say() { # HEX: bytes on the wire, and in the log
    before=$(grep -c '>' "$work/$wire.log" || true)
    echo "$1" >"$work/to_$wire"
    wait_for 2 sh -c "[ \$(grep -c '>' '$work/$wire.log') -gt $before ]"
}
forget() { from=$(($(wc -l <"$work/$wire.log") + 1)); } # look only at what comes from now on
wire_log() { tail -n "+$from" "$work/$wire.log"; }
heard() { wire_log | grep -q "< $1\$"; }                               # this frame was sent to us
sent_of() { wire_log | sed -n "s/.* < \(00 55 $1.*\)/\1/p"; }          # all frames with this PID
last() { sent_of "$1" | tail -1; }                                     # the last of them
last_is() { [ "$(last "$1")" = "$2" ]; }
first_time() { wire_log | grep "$1" | head -1 | cut -d ' ' -f 1; }     # when a line has come
last_time() { wire_log | grep "$1" | tail -1 | cut -d ' ' -f 1; }

# after TIME SINCE LEAST MOST: seconds between two times
after() {
    awk -v t="$1" -v since="$2" -v least="$3" -v most="$4" \
        'BEGIN { d = t - since; print d " s"; exit !(t != "" && d >= least && d <= most) }'
}

# every PID SECONDS: frames with this PID come so often: most of them, and none much too late
every() {
    wire_log | grep "< 00 55 $1" | awk '{ if (NR > 1) print $1 - before; before = $1 }' | sort -n | awk -v period="$2" '
        { gap[NR] = $1 }
        END { middle = gap[int((NR + 1) / 2)]
              print NR + 1 " frames, every " middle " s, " gap[NR] " s at most"
              exit !(NR > 2 && middle > period * 0.9 && middle < period * 1.1 && gap[NR] < 20 * period) }'
}
