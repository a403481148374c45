#!/bin/sh
# voltbus doctor: a healthy recording, one fault after the other in it, a live link, wrong usage.
set -u
. "$TEST_DIR/e2e/lib.sh"

# Two seconds of a VCM that charges: the four frames of leaf-can.md section 9, every 10 ms, and the air
# conditioner's every 100 ms, which has no check.
awk 'BEGIN {
    split("306420AC003C0006 306420AC003C0107 306420AC003C0208 306420AC003C0309", f, " ")
    for (i = 0; i < 200; i++) {
        printf "(%.6f) can0 1F2#%s\n", 1700000000 + i / 100, f[i % 4 + 1]
        if (i % 10 == 0) printf "(%.6f) can0 54B#1108800A04000000\n", 1700000000.0002 + i / 100
    }
}' >"$work/good.log"

run "healthy" "$VOLTBUS" doctor --as leaf-vcm --as leaf-climate "$work/good.log"
status_is 0
out_has '220 frames, 2 ids, 2.0 s'
out_has '
  id   name   frames every of from to ms bytes  rules
  1F2  charge    200  10.0 10 10.0  10.0     8  counter, sum: good
'
out_has '
  id   name frames every  of  from to ms bytes  rules
  54B  air      20 100.0 100 100.0 100.0     8  no rule
'
out_has 'nothing is wrong'

# sick NAME SED-PROGRAM TEXT: what is told of the recording with that fault
sick() {
    sed "$2" "$work/good.log" >"$work/sick.log"
    run "$1" "$VOLTBUS" doctor --as leaf-vcm --as leaf-climate "$work/sick.log"
    status_is 1
    out_has "$3"
}
sick "a bit flipped" '30s/AC003C/AE003C/' '1F2 charge: the sum is 08, but the bytes give 0A (at 0.260 s, '
sick "a frame dropped" '30d' '1F2 charge: the counter jumps from 1 to 3, 1 frame is lost (at 0.270 s, '
sick "a counter repeated" '31s/0309/0208/' '1F2 charge: the counter stands still at 2 (at 0.270 s, '
sick "a length changed" '30s/0208$/02/' '1F2 charge: 7 bytes instead of 8 (at 0.260 s, '
sick "a frame without a check dropped" '0,/500200/{/500200/d}' '54B air: comes after 200 ms instead of 100 (at 0.600 s, '
sick "four in a row" '30,33d' '1F2 charge: comes after '

run "as JSON" "$VOLTBUS" doctor --json --as leaf-vcm "$work/sick.log"
status_is 1
out_has '"healthy":false'
out_has '"kind":"late","count":1'
python3 -m json.tool "$work/out" >/dev/null || fail "no JSON"

# What was asked for and is silent is not healthy.
run "nothing of a device was heard" "$VOLTBUS" doctor --as leaf-vcm --as leaf-charger "$work/good.log"
status_is 1
out_has 'nothing of leaf-charger was heard

nothing is wrong with what was heard'
run "nothing of a device was heard, as JSON" "$VOLTBUS" doctor --json --as leaf-charger "$work/good.log"
status_is 1
out_has '{"healthy":false,"times":true,"lines_not_understood":0,"not_heard":["leaf-charger"],'

# A device that falls silent is one line, and each of its messages in JSON.
awk 'BEGIN {
    split("306420AC003C0006 306420AC003C0107 306420AC003C0208 306420AC003C0309", f, " ")
    for (i = 0; i < 800; i++) {
        printf "(%.6f) can0 1F2#%s\n", 1700000000 + i / 100, f[i % 4 + 1]
        if (i % 10 == 0 && i < 300)
            for (id = 0; id < 3; id++) printf "(%.6f) can0 %s#1108800A04000000\n", 1700000000.0002 + i / 100, substr("54A54B54C", 3 * id + 1, 3)
    }
}' >"$work/silent.log"
run "a device falls silent" "$VOLTBUS" doctor --as leaf-vcm --as leaf-climate "$work/silent.log"
status_is 1
out_has '
findings
  leaf-climate is silent for 4.'
out_has ' s, while others go on: all its 3 messages are missing (at 7.'
case $out in *'54B air: missing'*) fail "told twice" ;; esac
run "a device falls silent, as JSON" "$VOLTBUS" doctor --json --as leaf-vcm --as leaf-climate "$work/silent.log"
out_has '"frame":"54A","kind":"missing","count":1,'
out_has '"frame":"54B","kind":"missing","count":1,'
out_has '"frame":"54C","kind":"missing","count":1,'
run "one message falls silent" sh -c "grep -v '54[AC]#' '$work/silent.log' | '$VOLTBUS' doctor --as leaf-vcm --as leaf-climate -"
out_has 'leaf-climate 54B air: missing for 4.'

# A recording that is cut off is looked at as far as it goes.
gzip -c "$work/silent.log" | head -c 2000 >"$work/cut.log.gz"
run "a recording that is cut off" "$VOLTBUS" doctor --as leaf-vcm "$work/cut.log.gz"
status_is 1
out_has '
nothing is wrong with what was heard'
err_has 'cut.log.gz: after line '
err_has ': the compressed data ends too early'
run "a recording that is cut off, as JSON" "$VOLTBUS" doctor --json --as leaf-vcm "$work/cut.log.gz"
status_is 1
out_has '{"healthy":false,'
out_has '"findings":[]'
err_has ': the compressed data ends too early'

# Of whom nobody said that he is there: only whose checks are good.
run "by itself" "$VOLTBUS" doctor "$work/good.log"
status_is 0
out_has 'leaf-vcm (generation: auto)'
out_has 'frames that nobody knows'
out_has '54B        20 frames of 8 bytes, every 100.0 ms'
run "another car" sh -c "sed 's/0[0-9]\$/55/' '$work/good.log' | '$VOLTBUS' doctor -"
status_is 0
out_has '1F2       200 frames of 8 bytes'
out_has 'no device that voltbus knows is there: nothing could be checked'
run "a clock that jumps back" sh -c "printf '(9.0) can0 123#00\n(5.0) can0 123#00\n' | '$VOLTBUS' doctor -"
out_has 'stdin can0: 2 frames, 1 id, 4.0 s'
out_has '123         2 frames of 1 byte, every 4000.0 ms'
# moments that are further apart than 64 bits of nanoseconds
{
    printf '(-9000000000.0) can0 123#00\n(9000000000.0) can0 123#00\n'
    printf '(-9000000000.0) can0 1DB#0160B32B32000004\n(9000000000.0) can0 1DB#0160B32B32000105\n'
} >"$work/far.log"
run "moments far apart" "$VOLTBUS" doctor "$work/far.log"
out_has 'far.log can0: 4 frames, 2 ids, 18000000000.0 s'
out_has '123         2 frames of 1 byte, every 18000000000000.0 ms'
run "moments far apart, JSON" "$VOLTBUS" doctor --json "$work/far.log"
out_has '"seconds":18000000000.0'

# On a busy computer a simulator is late, and the doctor says so: no exit status is expected.
run "live" "$VOLTBUS" doctor 'slcan:sim://leaf-battery' --for 2s
out_has 'leaf-battery (generation: aze0, by frame 59E of 8 bytes)'
out_has '1DB  pack '

run "no such file" "$VOLTBUS" doctor "$work/nothing.log"
status_is 1
err_has 'nothing.log'
run "no recording" sh -c "echo hello | '$VOLTBUS' doctor -"
status_is 1
err_has 'voltbus doctor: '
run "of another wire" sh -c "echo 'GS: \$OK 03 754 03 0140^13' | '$VOLTBUS' doctor -"
status_is 1
err_has 'no CAN frame in it'
run "nothing named" "$VOLTBUS" doctor
status_is 2
err_has 'expected one FILE or LINK'
run "a wrong option" "$VOLTBUS" doctor --jsn x
status_is 2
err_has 'did you mean --json?'
finish
