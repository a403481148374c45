#!/bin/sh
# voltbus convert: the lines of each format, worked out by hand; what a format cannot hold is told; other programs read
# what was written; recordings come back as they were; and a file that is not whole never has its name.
set -u
. "$TEST_DIR/e2e/lib.sh"
export TZ=UTC
vectors="$TEST_DIR/vectors/can"

# ---- each format, line by line ----

# Everything that CAN has: sent, remote, error on the wire, state of the controller, 29 bits, FD with and without
# flags, nanoseconds, two buses; a frame of LIN.
cat >"$work/all.log" <<'END'
(1712145600.250000) can0 1DB#0160B32B32000004
(1712145600.260123) can1 18FF50E5#0102 T
(1712145600.270000) can0 7DF#R5
(1712145600.280000) can0 00000123#
(1712145600.290000) can0 20000080#0000000000000000
(1712145600.300000) can0 20000004#000C000000000000
(1712145600.310000) can0 123##4AABBCC
(1712145600.320000) can0 124##70102030405060708090A0B0C T
(1712145600.330000456) can0 125#FF
(1712145600.340000) lin0 22#AB84
END

# is FORMAT EXPECTED TOLD: out of all.log
is() {
    run "$1" "$VOLTBUS" convert --to "$1" "$work/all.log" -
    status_is 0
    out_is "$2"
    err_is "$work/all.log: 10 frames (candump-log)
$3"
}

is candump-log '(1712145600.250000) can0 1DB#0160B32B32000004
(1712145600.260123) can1 18FF50E5#0102 T
(1712145600.270000) can0 7DF#R5
(1712145600.280000) can0 00000123#
(1712145600.290000) can0 20000080#0000000000000000
(1712145600.300000) can0 20000004#000C000000000000
(1712145600.310000) can0 123##4AABBCC
(1712145600.320000) can0 124##70102030405060708090A0B0C T
(1712145600.330000456) can0 125#FF
(1712145600.340000) lin0 22#AB84' 'stdout: times with nine digits, which older can-utils take for microseconds: 1 frame
stdout: 10 frames (candump-log)'

is candump-console ' (1712145600.250000)  can0  1DB   [8]  01 60 B3 2B 32 00 00 04
 (1712145600.260123)  can1  TX - -  18FF50E5   [2]  01 02
 (1712145600.270000)  can0  7DF   [5]  remote request
 (1712145600.280000)  can0  00000123   [0]
 (1712145600.290000)  can0  20000080   [8]  00 00 00 00 00 00 00 00   ERRORFRAME
 (1712145600.300000)  can0  20000004   [8]  00 0C 00 00 00 00 00 00   ERRORFRAME
 (1712145600.310000)  can0  123  [03]  AA BB CC
 (1712145600.320000)  can0  TX B E  124  [12]  01 02 03 04 05 06 07 08 09 0A 0B 0C
 (1712145600.330000456)  can0  125   [1]  FF' 'stdout: candump-console has no frames of other wires than CAN: 1 left out
stdout: times with nine digits, which older can-utils take for microseconds: 1 frame
stdout: 9 frames (candump-console)'

# can0 stands first, so it is 1, and can1 is the next.
is asc 'date Wed Apr 03 12:00:00.250 pm 2024
base hex  timestamps absolute
no internal events logged
Begin Triggerblock Wed Apr 03 12:00:00.250 pm 2024
   0.000000 Start of measurement
   0.000000 1  1DB             Rx   d 8 01 60 B3 2B 32 00 00 04
   0.010123 2  18FF50E5x       Tx   d 2 01 02
   0.020000 1  7DF             Rx   r 5
   0.030000 1  123x            Rx   d 0
   0.040000 1  ErrorFrame
   0.050000 1  ErrorFrame
   0.060000 CANFD   1 Rx        123                                   0 0 3  3 AA BB CC        0    0     1000        0        0        0        0        0
   0.070000 CANFD   1 Tx        124                                   1 1 9 12 01 02 03 04 05 06 07 08 09 0A 0B 0C        0    0     7000        0        0        0        0        0
   0.080000 1  125             Rx   d 1 FF
End TriggerBlock' 'stdout: asc has no frames of other wires than CAN: 1 left out
stdout: asc has no class of error frames: lost in 1 frame
stdout: asc has no time below 1 us: cut off in 1 frame
stdout: buses of asc have numbers, no names: can0 is 1, can1 is 2
stdout: 9 frames (asc)'

# Start: 45385 days from 1899-12-30 to 2024-04-03; 43200.25 s = 0.500002893519 days
run trc "$VOLTBUS" convert --to trc "$work/all.log" "$work/all.trc"
status_is 0
err_is "$work/all.log: 10 frames (candump-log)
$work/all.trc: trc has no frames of other wires than CAN: 1 left out
$work/all.trc: trc has no time below 1 us: cut off in 1 frame
$work/all.trc: buses of trc have numbers, no names: can0 is 1, can1 is 2
$work/all.trc: 9 frames (trc)"
run "trc, its lines" grep -v '^;  \|^;--\|^;$' "$work/all.trc"
out_is ';$FILEVERSION=2.1
;$STARTTIME=45385.500002893519
;$COLUMNS=N,O,T,B,I,d,R,L,D
      1         0.000 DT 1      01DB Rx -  8    01 60 B3 2B 32 00 00 04
      2        10.123 DT 2  18FF50E5 Tx -  2    01 02
      3        20.000 RR 1      07DF Rx -  5
      4        30.000 DT 1  00000123 Rx -  0
      5        40.000 ER 1         - Rx -  5    08 00 00 00 00
      6        50.000 ST 1         - Rx -  4    00 00 00 0C
      7        60.000 FD 1      0123 Rx -  3    AA BB CC
      8        70.000 BI 1      0124 Tx -  9    01 02 03 04 05 06 07 08 09 0A 0B 0C
      9        80.000 DT 1      0125 Rx -  1    FF'

# 1.1: tenths of a millisecond, no FD, no error frames
run trc-1.1 "$VOLTBUS" convert --to trc-1.1 "$work/all.log" "$work/all.trc1"
status_is 0
err_is "$work/all.log: 10 frames (candump-log)
$work/all.trc1: trc-1.1 has no frames of other wires than CAN: 1 left out
$work/all.trc1: trc-1.1 has no frames of CAN FD: 2 left out
$work/all.trc1: trc-1.1 has no error frames: 2 left out
$work/all.trc1: trc-1.1 has no buses: lost in 5 frames
$work/all.trc1: trc-1.1 has no time below 100 us: cut off in 2 frames
$work/all.trc1: 5 frames (trc-1.1)"
run "trc-1.1, its lines" grep -v '^;  \|^;--\|^;$' "$work/all.trc1"
out_is ';$FILEVERSION=1.1
;$STARTTIME=45385.500002893519
     1)         0.0  Rx         01DB  8  01 60 B3 2B 32 00 00 04
     2)        10.1  Tx     18FF50E5  2  01 02
     3)        20.0  Rx         07DF  5  RTR
     4)        30.0  Rx     00000123  0
     5)        80.0  Rx         0125  1  FF'

is crtd '1712145600.250000 CXX OVMS CRTD
1712145600.250000 CVR 3.0
1712145600.250000 1R11 1DB 01 60 B3 2B 32 00 00 04
1712145600.260123 2T29 18FF50E5 01 02
1712145600.280000 1R29 00000123
1712145600.330000 1R11 125 FF' 'stdout: crtd has no frames of other wires than CAN: 1 left out
stdout: crtd has no frames of CAN FD: 2 left out
stdout: crtd has no remote frames: 1 left out
stdout: crtd has no error frames: 2 left out
stdout: crtd has no time below 1 us: cut off in 1 frame
stdout: buses of crtd have numbers, no names: can0 is 1, can1 is 2
stdout: 4 frames (crtd)'

is savvycan 'Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8
1712145600250000,000001DB,false,Rx,0,8,01,60,B3,2B,32,00,00,04,
1712145600260123,18FF50E5,true,Tx,1,2,01,02,
1712145600280000,00000123,true,Rx,0,0,
1712145600330000,00000125,false,Rx,0,1,FF,' 'stdout: savvycan has no frames of other wires than CAN: 1 left out
stdout: savvycan has no frames of CAN FD: 2 left out
stdout: savvycan has no remote frames: 1 left out
stdout: savvycan has no error frames: 2 left out
stdout: savvycan has no time below 1 us: cut off in 1 frame
stdout: 4 frames (savvycan)'

is cabana 'time,addr,bus,data
1712145600.250000,475,0,0160B32B32000004
1712145600.260123,419385573,1,0102
1712145600.280000,291,0,
1712145600.330000456,293,0,FF' 'stdout: cabana has no frames of other wires than CAN: 1 left out
stdout: cabana has no frames of CAN FD: 2 left out
stdout: cabana has no remote frames: 1 left out
stdout: cabana has no error frames: 2 left out
stdout: cabana has no direction (sent): lost in 1 frame
stdout: cabana has no mark of 29-bit ids up to 7FF: lost in 1 frame
stdout: 4 frames (cabana)'

# Bytes by hand from the pcap draft: 0xA1B23C4D, 2.4, link type 227; 1712145600 s =
# 0x660D44C0; 250000000, 260123000, 270000000 ns = 0x0EE6B280, 0x0F812978, 0x1017DF80
head -3 "$work/all.log" >"$work/three.log"
"$VOLTBUS" convert --to pcap "$work/three.log" - 2>"$work/err" | od -An -v -tx1 | tr -d ' \n' >"$work/out"
name=pcap
out=$(cat "$work/out")
out_is "4d3cb2a1020004000000000000000000""48000000e3000000\
c0440d6680b2e60e1000000010000000""000001db0800000001""60b32b32000004\
c0440d66""7829810f0a0000000a000000""98ff50e5020000000102\
c0440d66""80df17100800000008000000""400007df05000000"
err=$(cat "$work/err")
err_is "$work/three.log: 3 frames (candump-log)
stdout: pcap has no direction (sent): lost in 1 frame
stdout: pcap has no buses: lost in 3 frames
stdout: 3 frames (pcap)"

# pcapng holds all; test_pcapng has its bytes.
run pcapng "$VOLTBUS" convert "$work/all.log" "$work/all.pcapng"
status_is 0
err_is "$work/all.log: 10 frames (candump-log)
$work/all.pcapng: 10 frames (pcapng)"

# Error frames that were sent; TRC has states of the controller, and what it cannot say is an error of another kind.
printf '(1.0) can1 20000080#0000000000000000 T\n(2.0) can1 20000004#0030000000000000\n(3.0) can1 20000001#0B00000000000000\n' >"$work/error.log"
run "error frames in asc" "$VOLTBUS" convert --to asc "$work/error.log" -
err_has 'stdout: asc has no class of error frames: lost in 2 frames
stdout: asc has no direction of error frames (sent): lost in 1 frame'
run "error frames in trc" "$VOLTBUS" convert --to trc "$work/error.log" "$work/error.trc"
err_has 'trc has no class of error frames: lost in 1 frame'
run "error frames out of trc" "$FRAMES" --bus "$work/error.trc"
out_is 'trc
1.000000000 can1 T 20000080#0000000000000000
2.000000000 can1 R 20000004#0030000000000000
3.000000000 can1 R 20000080#0000000000000000'

# ---- times ----

# Before noon and after midnight the hours of ASC are 12 am, 1 am, ..; what comes before the first frame is negative.
printf '(1712104200.5) can3 1DB#00\n(1712104199) can3 1DB#01\n' >"$work/night.log"
run "asc at night" "$VOLTBUS" convert --to asc "$work/night.log" -
out_has 'date Wed Apr 03 12:30:00.500 am 2024'
out_has '
  -1.500000 3  1DB             Rx   d 1 01'
err_has 'stdout: negative times, which other programs may not read: 1 frame'
case $err in *numbers*) fail "can3 is 3, nothing to tell" ;; esac

# An hour that clocks have twice: 2024-10-27 00:30 UTC and 01:30 UTC are both 02:30 in Berlin. Dates start before it.
for t in 1729989000 1729992600; do
    printf '(%s.001002) can1 1DB#00\n' $t >"$work/twice.log"
    for to in asc trc; do
        TZ=Europe/Berlin "$VOLTBUS" convert --to $to "$work/twice.log" - 2>/dev/null >"$work/twice"
        name="an hour that is there twice, $to"
        out=$(TZ=Europe/Berlin "$FRAMES" --bus "$work/twice" 2>"$work/err" | tail -1)
        out_is "$t.001002000 can1 R 1DB#00"
    done
done

# Without a date there is none in the file either.
printf '(5.250000) can1 1DB#00\n(6.5) can1 1DB#01\n' >"$work/relative.log"
run "asc without a date" "$VOLTBUS" convert --to asc "$work/relative.log" -
out_is 'base hex  timestamps absolute
no internal events logged
   5.250000 1  1DB             Rx   d 1 00
   6.500000 1  1DB             Rx   d 1 01'
printf '  can0  1DB   [1]  00\n' >"$work/no_time.txt"
run "no time" "$VOLTBUS" convert --to savvycan "$work/no_time.txt" -
out_has '
0,000001DB,false,Rx,0,1,00,'
err_has 'stdout: savvycan has no frames without a time (it is 0): lost in 1 frame'
run "no time, where there need not be one" "$VOLTBUS" convert --to candump-console "$work/no_time.txt" -
out_is '  can0  1DB   [1]  00'

# before 1970: pcap has no form for it; an interface of pcapng has a clock that begins earlier (here 2 s, then 16 s), and
# a frame in the wrong order gets another one
{
    printf -- '-1500000,000001DB,false,Rx,0,1,00,\n2500000,000001DB,false,Rx,0,1,01,\n'
    printf -- '-9000001,000001DB,false,Rx,0,1,02,\n-1400000,000001DB,false,Rx,0,1,03,\n'
} >"$work/negative.csv"
run "before 1970, pcap" "$VOLTBUS" convert --to pcap "$work/negative.csv" "$work/negative.pcap"
err_has 'pcap has no times before 1970 (they are 0): lost in 3 frames'
run "before 1970, pcapng" "$VOLTBUS" convert --to pcapng "$work/negative.csv" "$work/negative.pcapng"
err_has 'negative.pcapng: negative times, which other programs may not read: 3 frames'
out=$(od -An -v -tx1 "$work/negative.pcapng" | tr -d ' \n')
out_has 0e000800feffffffffffffff # if_tsoffset, 8 bytes, -2
out_has 0e000800f0ffffffffffffff # if_tsoffset, 8 bytes, -16
run "before 1970, back" "$VOLTBUS" convert --to candump-log "$work/negative.pcapng" -
out_is '(-1.500000) can0 1DB#00
(2.500000) can0 1DB#01
(-9.000001) can0 1DB#02
(-1.400000) can0 1DB#03'

# the last second that 64 bits of nanoseconds can say: its frames, too, have the one interface (if_tsresol is 9)
{
    printf '9223372036100000,000001DB,false,Rx,0,1,00,\n9223372036200000,000001DB,false,Rx,0,1,01,\n'
    printf '5000000,000001DB,false,Rx,0,1,02,\n'
} >"$work/last.csv"
run "the last second, pcapng" "$VOLTBUS" convert --to pcapng "$work/last.csv" "$work/last.pcapng"
out=$(od -An -v -tx1 "$work/last.pcapng" | tr -d ' \n' | grep -o 0900010009000000 | wc -l | tr -d ' ')
out_is 1
run "the last second, back" "$VOLTBUS" convert --to candump-log "$work/last.pcapng" -
out_is '(9223372036.100000) can0 1DB#00
(9223372036.200000) can0 1DB#01
(5.000000) can0 1DB#02'

printf '(1712104200.5) can3 1DB#00\n(5) can3 1DB#01\n' >"$work/far.log"
run "trc-1.1, far away" "$VOLTBUS" convert --to trc-1.1 "$work/far.log" -
out_has '
     2) -1712104195500.0  Rx         01DB  1  01'

# ---- several files ----

printf '(1712145600.1) can0 1DB#00\n(1712145600.3) can0 1DB#02\n' >"$work/a.log"
"$VOLTBUS" convert --to asc "$work/a.log" - 2>/dev/null | sed 's/0.2000/0.1000/' >"$work/b.asc"
run "two files, by time" "$VOLTBUS" convert --to candump-log "$work/a.log" "$work/b.asc" -
out_is '(1712145600.100000) can0 1DB#00
(1712145600.100000) can1 1DB#00
(1712145600.200000) can1 1DB#02
(1712145600.300000) can0 1DB#02'
run "with a date and without" "$VOLTBUS" convert "$work/a.log" "$work/relative.log" "$work/x.log"
status_is 1
err_has "$work/a.log has a date and $work/relative.log has none"

# ---- files, pipes, packing ----

cp "$vectors/leaf.asc" "$work/leaf.asc"
for end in gz zst; do
    run "packed, $end" "$VOLTBUS" convert "$work/leaf.asc" "$work/leaf.log.$end"
    status_is 0
    run "unpacked, $end" sh -c "$([ $end = gz ] && echo gzip || echo zstd) -dc '$work/leaf.log.$end'"
    out_is "$(sed 's/can0/can1/; s/ R$//' "$vectors/leaf.candump.log")"
done
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "(%d.%06d) can0 1DB#%04X%04X\n", 1712145600 + i / 100, i * 7919 % 1000000, i * 40503 % 65536, i * 25717 % 65536 }' >"$work/long.log"
run "a file that is there" "$VOLTBUS" convert "$work/a.log" "$work/leaf.asc"
status_is 1
err_is "voltbus convert: $work/leaf.asc: is there already: --force writes over it"
run "the same file" "$VOLTBUS" convert --force "$work/leaf.asc" "$work/leaf.asc"
status_is 1
err_has 'is read: give OUT another name'
name="what was there is still there"
if cmp -s "$work/leaf.asc" "$vectors/leaf.asc"; then echo "ok $name"; else fail "it has changed"; fi
ln -s leaf.asc "$work/link.asc"
run "--force, through a link" "$VOLTBUS" convert --force "$work/a.log" "$work/link.asc"
status_is 0
run "the file behind it" "$FRAMES" --bus "$work/leaf.asc"
out_is 'asc
1712145600.100000000 can1 R 1DB#00
1712145600.300000000 can1 R 1DB#02'
run "a full disk" "$VOLTBUS" convert --to asc "$work/a.log" /dev/full
status_is 1
err_is 'voltbus convert: /dev/full: cannot be written: No space left on device'
run "a folder that is not there" "$VOLTBUS" convert "$work/a.log" "$work/nowhere/x.log"
status_is 1
err_is "voltbus convert: $work/nowhere/x.log: No such file or directory"
run "a full disk, a file" sh -c "trap '' XFSZ; ulimit -f 8; exec '$VOLTBUS' convert --to asc '$work/long.log' '$work/half.asc'"
status_is 1
err_is "voltbus convert: $work/half.asc: cannot be written: File too large"
name="no half file"
if [ -z "$(find "$work" -name 'half.asc*' -o -name '*.part-*')" ]; then echo "ok $name"; else fail "$(ls "$work")"; fi
# what stands before a damage is kept, and whole: all lines of the log but the one that is cut in the middle
for end in gz zst; do
    "$([ $end = gz ] && echo gzip || echo zstd)" -c "$work/long.log" 2>/dev/null | head -c 60000 >"$work/cut.log.$end"
    run "a file that is cut, $end" "$VOLTBUS" convert "$work/cut.log.$end" "$work/cut-$end.log"
    status_is 1
    n=$(wc -l <"$work/cut-$end.log")
    err_is "voltbus convert: $work/cut.log.$end: after line $n: the compressed data ends too early
$work/cut.log.$end: $n frames (candump-log), then damaged
$work/cut-$end.log: $n frames (candump-log)"
    name="all before the damage, $end"
    if [ "$n" -gt 2000 ] && head -n "$n" "$work/long.log" | cmp -s - "$work/cut-$end.log"; then echo "ok $name"; else fail "$n lines"; fi
done
run "a file that is cut, beside one that is not" "$VOLTBUS" convert --to candump-log "$work/long.log" "$work/cut.log.gz" "$work/both.log"
status_is 1
n=$(($(wc -l <"$work/cut-gz.log") + 20000))
err_has "$work/both.log: $n frames (candump-log)"
head -c 15 "$work/cut.log.gz" >"$work/nothing.log.gz"
run "a file that is cut before its first frame" "$VOLTBUS" convert "$work/nothing.log.gz" "$work/nothing.asc"
status_is 1
name="no file of nothing"
if [ -z "$(find "$work" -name 'nothing.asc*' -o -name '*.part-*')" ]; then echo "ok $name"; else fail "$(ls "$work")"; fi
mkfifo "$work/slow"
"$VOLTBUS" convert "$work/slow" "$work/killed.asc" 2>/dev/null &
pid=$!
exec 3>"$work/slow"
printf '(1.0) can0 1DB#00\n(2.0) can0 1DB#00\n' >&3
sleep 0.5
kill -TERM $pid
wait $pid 2>/dev/null
exec 3>&-
name="no half file of a program that was stopped"
if [ -z "$(find "$work" -name 'killed.asc*')" ]; then echo "ok $name"; else fail "$(ls "$work")"; fi
run "a last line without an end, longer than all before it" sh -c \
    "printf '#\n(1.0) can0 1DB#0160B32B32000004' | '$VOLTBUS' convert --to candump-log - -"
status_is 0
out_is '(1.000000) can0 1DB#0160B32B32000004'
run "a pipe to a pipe" sh -c "'$VOLTBUS' convert --to candump-log - - <'$work/a.log' | cat"
out_has '(1712145600.300000) can0 1DB#02'
printf '(1.0) can0 1DB#00\nno line\n(2.0) can0 1DB#01\n' >"$work/bad.log"
run "a line that is none" "$VOLTBUS" convert --to asc "$work/bad.log" -
status_is 0
err_has "$work/bad.log:2: expected"
err_has "$work/bad.log: 2 frames (candump-log), 1 line not understood"

# ---- wrong usage ----

for wrong in 'blf:blf is only read; written are pcapng, pcap, candump-log, candump-console, asc, trc, trc-1.1, crtd, savvycan, cabana' \
    "acs:unknown format 'acs'; did you mean asc? (voltbus list formats)"; do
    run "--to ${wrong%%:*}" "$VOLTBUS" convert --to "${wrong%%:*}" "$work/a.log" -
    status_is 2
    err_is "voltbus convert: ${wrong#*:}"
done
run "a name of a format that is only read" "$VOLTBUS" convert "$work/a.log" "$work/x.blf"
status_is 2
err_is "voltbus convert: $work/x.blf: blf is only read; written are pcapng, pcap, candump-log, candump-console, asc, trc, trc-1.1, crtd, savvycan, cabana"
run "a name that ends as a format that no name tells" "$VOLTBUS" convert "$work/a.log" "$work/x.candump-log"
status_is 2
err_has "voltbus convert: $work/x.candump-log: its name tells no format: say --to pcapng, pcap,"
run "a name in capitals" "$VOLTBUS" convert "$work/a.log" "$work/CAPS.TRC"
status_is 0
err_has 'CAPS.TRC: 2 frames (trc)'
run "a name that tells nothing" "$VOLTBUS" convert "$work/a.log" "$work/x.dat"
status_is 2
err_has 'x.dat: its name tells no format: say --to pcapng, pcap,'
run "one file" "$VOLTBUS" convert "$work/a.log"
status_is 2
err_has 'expected IN and OUT; written are pcapng, pcap, candump-log,'

# ---- there and back ----

for f in "$vectors"/leaf.* "$work/all.log"; do
    for to in candump-log pcapng; do
        name="${f##*/} to $to and back"
        "$VOLTBUS" convert --force --to $to "$f" "$work/there" 2>"$work/err" || fail "not converted"
        "$FRAMES" --bus "$f" | sed 1d >"$work/before"
        "$FRAMES" --bus "$work/there" 2>"$work/err" | sed 1d >"$work/out"
        if [ -s "$work/before" ] && cmp -s "$work/before" "$work/out"; then echo "ok $name"; else fail "other frames"; fi
    done
done
finish
