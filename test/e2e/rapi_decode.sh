#!/bin/sh
# voltbus decode: lines of an OpenEVSE, from the command line and from logs. Exchanges: reference/rapi.md
# section 7.
set -u
. "$TEST_DIR/e2e/lib.sh"
export TZ=UTC

# ---- --hex ----

run "a question and its answer" "$VOLTBUS" decode --json --as openevse --hex '$GS^30 $OK 03 754 03 0140^13'
status_is 0
out_has '"device":"openevse","frame":"GS","values":{"evse.state":"charging","session.time":754,"pilot.state":"charging"'
err_is '--hex: 2 frames: 1 decoded, 0 failed, 0 unknown, 1 question'
run "the same in two" "$VOLTBUS" decode --json --hex '$GS^30' --hex '$OK 03 754 03 0140^13'
out_has '"evse.state":"charging","session.time":754'
run "the code instead of the question" "$VOLTBUS" decode --csv --hex 'GG: $OK 15980 239800^15'
out_has '0.000000,rapi,openevse,charge.current,15.980,A'
out_has '0.000000,rapi,openevse,charge.voltage,239.800,V'
run "before RAPI 5 the state is decimal" "$VOLTBUS" decode --csv --hex '> $GS^30 < $OK 254 1820^18'
out_has 'evse.state,sleeping,'
out_has 'session.time,1820,s'
run "an answer of RAPI 1 without checksum" "$VOLTBUS" decode --csv --hex '$GV^35 $OK D3.8.4 1.0.3'
out_has 'firmware.version,D3.8.4,'
out_has 'firmware.rapi,1.0.3,'
run "news" "$VOLTBUS" decode --csv --hex '$AT 03 03 16 0140^33'
out_has 'pilot.current,16,A'
run "a limit that was clamped has a value behind NK" "$VOLTBUS" decode --csv --hex '$SC 3^27 $NK 6^37'
out_has 'pilot.current,6,A'
run "text with what JSON must quote" "$VOLTBUS" decode --json --hex '$GI^2A $OK  a"b\c^3E'
out_has '"values":{"board.id":"a\"b\\c"}'
run "text with what CSV must quote" "$VOLTBUS" decode --csv --hex '$GI^2A $OK  a"b,c^4E'
out_has 'board.id,"a""b,c",'

run "an answer alone" "$VOLTBUS" decode --hex '$OK 03 754 03 0140^13'
status_is 2
out_is ''
err_is "voltbus decode: --hex '\$OK 03 754 03 0140^13': a reply does not say what it answers: write the question before it ('\$GS^30 \$OK ..') or its code ('GS: \$OK ..')"
run "no line of RAPI" "$VOLTBUS" decode --hex '$gs'
status_is 2
err_is "voltbus decode: --hex '\$gs': expected lines of RAPI: \$GS^30 \$OK 03 754 03 0140^13"
run "two letters only" "$VOLTBUS" decode --hex '$GSX'
status_is 2
err_is "voltbus decode: --hex '\$GSX': expected a line of RAPI: \$GS^30, \$OK 16^07"
run "for a device of another wire" "$VOLTBUS" decode --as hella-ibs --hex '$GS^30'
status_is 2
err_has 'read as a rapi frame, which no device of --as has'
run "a damaged line" "$VOLTBUS" decode --json --hex '$GS^30 $OK 03 755 03 0140^13'
status_is 0
out_is '{"t":0.000000,"t0":"relative","link":"rapi","frame":"--","error":"sum","line":"$OK 03 755 03 0140^13"}'
err_has '--hex: 2 frames: 0 decoded, 1 failed, 0 unknown, 1 question'

# ---- logs ----

cat >"$work/terminal.log" <<'END'
user@pi:~$ picocom -b 115200 /dev/ttyUSB0
Terminal ready
[2026-11-20 17:39:00.100] > $GC^20
[2026-11-20 17:39:00.120] < $OK 6 80 16 32^18
[2026-11-20 17:39:01.100] > $GP^33
[2026-11-20 17:39:01.110] < $AT 03 03 16 0140^33
[2026-11-20 17:39:01.120] < $OK 253 -2560 0^28
[2026-11-20 17:39:02.100] > $GM^2E
[2026-11-20 17:39:02.120] < $NK^21
[2026-11-20 17:39:03.100] > $GU^36
[2026-11-20 17:39:03.120] < $OK 12240000 31
END
run "a log of a terminal" "$VOLTBUS" decode --csv "$work/terminal.log"
status_is 0
out_is 't,link,device,signal,value,unit
1795196340.120000,rapi,openevse,limit.current_min,6,A
1795196340.120000,rapi,openevse,limit.current_hardware,80,A
1795196340.120000,rapi,openevse,pilot.current,16,A
1795196340.120000,rapi,openevse,limit.current,32,A
1795196341.110000,rapi,openevse,evse.state,charging,
1795196341.110000,rapi,openevse,pilot.state,charging,
1795196341.110000,rapi,openevse,pilot.current,16,A
1795196341.110000,rapi,openevse,evse.flags,relay-closed+ev-connected,
1795196341.110000,rapi,openevse,vehicle.connected,yes,
1795196341.110000,rapi,openevse,relay.closed,yes,
1795196341.110000,rapi,openevse,evse.locked,no,
1795196341.120000,rapi,openevse,temperature.clock,25.3,°C
1795196341.120000,rapi,openevse,temperature.infrared,0.0,°C'
err_has 'terminal.log:11: --: sum: the sum does not match the data'
err_has 'terminal.log: 9 frames (rapi): 3 decoded, 1 failed, 0 unknown, 4 questions, 1 refused (NK)'
run "what has no values with --all" "$VOLTBUS" decode --all "$work/terminal.log"
out_has '1795196342.120000 rapi - GM  $NK^21'
out_has '1795196343.120000 rapi - --  error sum  $OK 12240000 31'

run "our own text is a log too" sh -c "\"$VOLTBUS\" decode --all \"$work/terminal.log\" 2>/dev/null | \"$VOLTBUS\" decode --all -"
out_has '1795196340.100000 rapi - GC  $GC^20'
out_has '1795196342.120000 rapi - GM  $NK^21'

printf '$GS^30\r\n$GS^30\r$OK 03 754 03 0140^13\r\n$GE^26\r$OK 32 0021^22\r$GE' >"$work/raw"
run "the bytes of the line as they are, with echo, cut off" "$VOLTBUS" decode --csv "$work/raw"
out_has 'session.time,754,s'
out_has '0.000000,rapi,openevse,evse.level,2,'
err_has 'raw: 6 frames (rapi): 2 decoded, 0 failed, 0 unknown, 4 questions'

cat >"$work/both.log" <<'END'
(1712145600.000000) can0 1DB#0160B32B32000004
(1712145600.100000) left > $GG^24
(1712145600.110000) right > $GU^36
(1712145600.120000) left < $OK 15980 239800^15
(1712145600.130000) right < $OK 12240000 317257^20
END
run "two boxes and a battery in one recording" "$VOLTBUS" decode --csv "$work/both.log"
out_has '1712145600.000000,can0,leaf-battery,battery.voltage,358.0,V'
out_has '1712145600.120000,left,openevse,charge.current,15.980,A'
out_has '1712145600.130000,right,openevse,energy.total,317257,Wh'
err_has 'both.log: 5 frames (candump-log): 3 decoded, 0 failed, 0 unknown, 2 questions'

# ---- recorded and read back ----

cat >"$work/record.yaml" <<END
links: {box: file:$work/terminal.log}
devices: {wall: {type: openevse, link: box}}
outputs:
  frames: {type: candump, path: $work/frames.log}
  wires: {type: pcapng, path: $work/wires.pcapng}
END
run "a recorder" timeout 20 "$VOLTBUS" run "$work/record.yaml" --speed max --exit-at-end --quiet
status_is 0
run "what it wrote" cat "$work/frames.log"
out_has ') box > $GC^20'
out_has ') box < $OK 6 80 16 32^18'
out_has ') box < $OK 12240000 31'
run "is read back" "$VOLTBUS" decode --csv "$work/frames.log"
out_has ',box,openevse,temperature.clock,25.3,°C'
err_has '3 decoded, 1 failed, 0 unknown, 4 questions, 1 refused (NK)'
if command -v tshark >/dev/null; then
    run "and by tshark" tshark -r "$work/wires.pcapng" -T fields -e frame.interface_name -e frame.packet_flags_direction -e data.data
    out_has "box	0x00000002	$(printf '$GC^20' | od -An -tx1 | tr -d ' \n')"
    out_has "box	0x00000001	$(printf '$OK 6 80 16 32^18' | od -An -tx1 | tr -d ' \n')"
fi

# ---- a long one ----

awk 'BEGIN { for (i = 0; i < 143000; i++) {
    printf "(%d.000000) box > $GS^30\n(%d.020000) box < $OK 03 754 03 0140^13\n", 1712145600 + i, 1712145600 + i
} }' >"$work/long.log"
size=$(wc -c <"$work/long.log")
start=$(date +%s%N)
run "$size bytes" "$VOLTBUS" decode --csv "$work/long.log"
echo "speed: $size bytes in $((($(date +%s%N) - start) / 1000000)) ms"
status_is 0
err_has '286000 frames (candump-log): 143000 decoded, 0 failed, 0 unknown, 143000 questions'

finish
