#!/bin/sh
# voltbus decode: the contract of the command line, on worked examples, and bad input.
set -u
. "$TEST_DIR/e2e/lib.sh"

# ---- what is right ----

run "a LIN frame of the battery sensor" "$VOLTBUS" decode --json --as hella-ibs --hex '22#AB841EF42E847A'
status_is 0
out_is '{"t":0.000000,"t0":"relative","link":"lin","device":"hella-ibs","frame":"22","values":{"battery.current":0.043,"battery.voltage":12.020,"battery.temperature":26.0,"current.unknown_6":122,"sensor.error":"no"}}'

run "the same with spaces, without naming the device" "$VOLTBUS" decode --json --hex '22#AB 84 1E F4 2E 84 7A'
out_has '"device":"hella-ibs"'
out_has '"battery.voltage":12.020'

run "a setting changes what a row means" "$VOLTBUS" decode --csv --as hella-ibs --set generation=2 --hex '26#C504CD045FFF'
out_has '0.000000,lin,hella-ibs,battery.capacity_configured,190,Ah'
run "the default setting" "$VOLTBUS" decode --csv --as hella-ibs --hex '26#C504CD045FFF'
out_has '0.000000,lin,hella-ibs,battery.capacity_configured,95,Ah'

run "a Leaf frame with good CRC" "$VOLTBUS" decode --json --as leaf-battery --hex '1DB#0160B32B32000004'
status_is 0
out_has '"battery.current":5.5,'
out_has '"battery.voltage":358.0,'

run "a weather packet with the documented default" "$VOLTBUS" decode --json --hex '243cce6219630f0300020000000000a9c9'
out_has '"device":"wh24"'
out_has '"air.temperature":13.7,"air.humidity":99,"wind.speed":2.10,"wind.gust":3.36,"rain.total":0.6'
out_has_not wh65b

run "the same packet of another family" "$VOLTBUS" decode --json --set family=wh65b --hex '243cce6219630f0300020000000000a9c9'
out_has '"device":"wh65b"'
out_has '"rain.total":0.508'
out_has_not '"wh24"'
run "the family with --as" "$VOLTBUS" decode --json --as wh24 --set family=wh65b --hex '243cce6219630f0300020000000000a9c9'
out_has '"device":"wh65b"'

run "an RFM69 line has the receiver's values beside" "$VOLTBUS" decode --csv \
    --hex 'RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9 r 116 l 2 a-1525'
out_has 'radio,wh24,radio.rssi,-58.0,dBm'
out_has 'radio,wh24,wind.direction,206,°'

run "a LIN byte stream for a LIN device" "$VOLTBUS" decode --json --as hella-ibs \
    --hex '00 55 E2 AB 84 1E F4 2E 84 7A AC 00 55 25 81 80 E9 B8 BB 00 7A'
out_has '"frame":"22","values":{"battery.current":0.043'
out_has '"frame":"25","values":{"battery.soc":64.5'

printf '(1712145600.123456) can0 1DB#0160B32B32000004\n(1712145600.223456) can0 123#00\n' >"$work/two.log"
run "a candump log keeps its times and its link" "$VOLTBUS" decode --json "$work/two.log"
status_is 0
out_has '{"t":1712145600.123456,"link":"can0","device":"leaf-battery","frame":"1DB","values":{'
out_has_not relative
err_has '2 frames (candump-log): 1 decoded, 0 failed, 1 unknown (1 id: 123)'
run "frames that no row knows with --all" "$VOLTBUS" decode --json --all "$work/two.log"
out_has '{"t":1712145600.223456,"link":"can0","frame":"123","data":"00"}'
run "text for people" "$VOLTBUS" decode "$work/two.log"
out_has '1712145600.123456 can0 leaf-battery 1DB  battery.current 5.5 A  '
run "standard input" sh -c "\"$VOLTBUS\" decode --csv - <\"$work/two.log\""
out_has 't,link,device,signal,value,unit'
out_has '1712145600.123456,can0,leaf-battery,battery.voltage,358.0,V'

printf '(100.500000) can0 1DB#0160B32B32000004\n(100.600000) can0 1DB#0160B32B320001%s\n' 81 >"$work/rel.log"
run "times since power-on count from the start" "$VOLTBUS" decode --json "$work/rel.log"
out_has '{"t":0.000000,"t0":"relative","link":"can0",'
out_has '{"t":0.100000,"link":"can0",'

gzip -k "$work/two.log"
"$VOLTBUS" decode --json "$work/two.log" >"$work/plain" 2>/dev/null
run "gzip" "$VOLTBUS" decode --json "$work/two.log.gz"
out_is "$(cat "$work/plain")"
zstd -q "$work/two.log"
run "zstd" "$VOLTBUS" decode --json "$work/two.log.zst"
out_is "$(cat "$work/plain")"

printf 't1DB80160B32B32000004\rt12310\r' >"$work/slcan.txt"
run "slcan text with carriage returns" "$VOLTBUS" decode --json "$work/slcan.txt"
out_has '"battery.voltage":358.0'
err_has '(slcan)'

for expected in "$TEST_DIR"/replay/*.csv; do
    base=$(basename "$expected" .csv)
    device=${base##*.}
    log=$(ls "$TEST_DIR/replay/${base%."$device"}".*log)
    set=$(sed -n "s/^$base //p" "$TEST_DIR/replay/settings.txt")
    # shellcheck disable=SC2086
    run "replay of $base" "$VOLTBUS" decode --csv --as "$device" $set "$log"
    status_is 0
    if cmp -s "$work/out" "$expected"; then
        echo "ok replay of $base: $(wc -l <"$expected") lines"
    else
        diff "$expected" "$work/out" | head -10
        fail "differs from $expected"
    fi
done

run "each --hex has a format of its own" "$VOLTBUS" decode --json --hex '1DB#0160B32B32000004' \
    --hex '243cce6219630f0300020000000000a9c9' --hex '22#AB841EF42E847A'
status_is 0
out_has '"device":"leaf-battery"'
out_has '"device":"wh24"'
out_has '"device":"hella-ibs"'
err_has '--hex: 3 frames: 3 decoded, 0 failed, 0 unknown'
run "LIN bytes need no --as" "$VOLTBUS" decode --json --hex '55 E2 AB 84 1E F4 2E 84 7A AC'
out_has '"battery.voltage":12.020'
run "a LINK file:PATH" "$VOLTBUS" decode --json "file:$work/two.log"
out_is "$(cat "$work/plain")"
printf 't1DB80160B32B320000040064\rt1DB80160B32B3200018100C8\r' >"$work/stamps.txt"
run "slcan time stamps" "$VOLTBUS" decode --json "$work/stamps.txt"
out_has '{"t":0.000000,"t0":"relative"'
out_has '{"t":0.100000,'
run "a damaged packet fails as the device whose length it has" "$VOLTBUS" decode --json \
    --hex '243cce6219630f0300020000000000a9ca'
out_is '{"t":0.000000,"t0":"relative","link":"radio","device":"wh24","frame":"24","error":"sum","data":"243CCE6219630F0300020000000000A9CA"}'
run "a LIN id of another bus" "$VOLTBUS" decode --json --hex '18#FEFFFFFFFFFFFFFF'
err_has '0 failed, 1 unknown (1 id: 18)'
run "unless the device was named" "$VOLTBUS" decode --json --as dometic-smp439a --hex '18#FEFFFFFFFFFFFFFF'
err_has 'dometic-smp439a 18: length: 8 bytes, expected 4'

# ---- what is wrong ----

run "a wrong CRC gives an error and no values" "$VOLTBUS" decode --json --as leaf-battery --hex '1DB#0160B32B32000005'
status_is 0
out_is '{"t":0.000000,"t0":"relative","link":"can","device":"leaf-battery","frame":"1DB","error":"crc","data":"0160B32B32000005"}'
err_has '--hex:1: leaf-battery 1DB: crc: the CRC does not match the data'
err_has '--hex: 1 frame: 0 decoded, 1 failed, 0 unknown'
run "a wrong CRC gives no CSV row" "$VOLTBUS" decode --csv --as leaf-battery --hex '1DB#0160B32B32000005'
out_is 't,link,device,signal,value,unit'

run "a truncated frame names both lengths" "$VOLTBUS" decode --json --as leaf-battery --hex '1DB#0160B32B32'
status_is 0
out_has '"error":"length","data":"0160B32B32"'
err_has 'leaf-battery 1DB: length: 5 bytes, expected 8'

run "a counter that stands still" "$VOLTBUS" decode --json --as leaf-battery \
    --hex '1DB#0160B32B32000004' --hex '1DB#0160B32B32000004'
out_has '"error":"counter"'

run "a value out of range is shown and marked" "$VOLTBUS" decode --json --as hella-ibs --hex '25#FF80E9B8BB00'
status_is 0
out_has '"values":{"battery.soh":64.0,'
out_has '"out_of_range":{"battery.soc":127.5}'
err_has 'battery.soc 127.5 % is out of range, expected 0 to 100'
run "and gives no CSV row, which could not mark it" "$VOLTBUS" decode --csv --as hella-ibs --hex '25#FF80E9B8BB00'
out_has 'battery.soh,64.0,%'
out_has_not 'battery.soc'

run "an unknown device offers the nearest" "$VOLTBUS" decode --as hela-ibs --hex '22#00'
status_is 2
err_has "unknown device 'hela-ibs'; did you mean hella-ibs?"
run "an unknown setting" "$VOLTBUS" decode --as hella-ibs --set generatoin=2 --hex '26#C504CD045FFF'
status_is 2
err_has 'no chosen device has this setting; did you mean generation?'
run "an unknown value of a setting" "$VOLTBUS" decode --as hella-ibs --set generation=3 --hex '26#C504CD045FFF'
status_is 2
err_has 'no such value (hella-ibs: 1, 2)'
run "a setting without value" "$VOLTBUS" decode --set generation --hex '26#00'
status_is 2
err_has 'expected KEY=VALUE'
run "an unknown format" "$VOLTBUS" decode --format candmp-log "$work/two.log"
status_is 2
err_has 'did you mean candump-log'
run "an unknown verb" "$VOLTBUS" decod x
status_is 2
err_has "unknown verb 'decod'; did you mean decode?"
run "no file" "$VOLTBUS" decode
status_is 2
err_has "expected FILE"
run "bytes that are no frame" "$VOLTBUS" decode --hex '1DB#0G'
status_is 2
err_has "--hex '1DB#0G': column 6: expected ID#DATA"
run "one bad --hex among good ones" "$VOLTBUS" decode --json --hex '22#AB841EF42E847A' --hex ZZ
status_is 2
out_has '"battery.voltage":12.020'
err_has "--hex 'ZZ': column 1: expected two hexadecimal digits"
run "a PID in place of an id" "$VOLTBUS" decode --hex 'E2#AB841EF42E847A'
status_is 2
err_has 'E2 is a PID: write the id, 22#..'
run "bytes for a CAN device" "$VOLTBUS" decode --as leaf-battery --hex '01 60 B3 2B 32 00 00 04'
status_is 2
err_has 'read as a radio frame, which no device of --as has (CAN: 1DB#00.., LIN:'
run "too many bytes" "$VOLTBUS" decode --hex '1DB#001122334455667788'
status_is 2
err_has 'the id or the count of bytes is too large'
run "an RFM69 line that was cut" "$VOLTBUS" decode --hex 'RF69 #16: 24 3c ce 62 19'
status_is 2
err_has 'the line does not have as many bytes as it says'
run "an unknown option" "$VOLTBUS" decode --frmat x
status_is 2
out_is ''
if [ "$err" = "voltbus decode: unknown option '--frmat'; did you mean --format? (voltbus decode --help)" ]; then
    echo "ok $name: one line"
else
    fail "expected one line that offers --format"
fi
run "an option without its value" "$VOLTBUS" decode --hex
status_is 2
err_has 'voltbus decode: --hex needs a value'
run "two outputs" "$VOLTBUS" decode --json --csv --hex '22#00'
status_is 2
err_has 'either --json or --csv, not both'
run "a family that contradicts --as" "$VOLTBUS" decode --as wh65b --set family=wh24 --hex '22#00'
status_is 2
err_has '--set family=wh24 contradicts --as'
run "a family that is none" "$VOLTBUS" decode --set family=nope --hex '22#00'
status_is 2
err_has '--set family=nope: no such family (wh24, wh65b, ws69, wh1080)'
run "a setting of a device that is none" "$VOLTBUS" decode --set hela-ibs.generation=2 --hex '22#00'
status_is 2
err_has "unknown device 'hela-ibs'; did you mean hella-ibs?"
run "help on a full disk" sh -c "\"$VOLTBUS\" decode --help >/dev/full"
status_is 1

run "a file that is not there" "$VOLTBUS" decode "$work/missing.log"
status_is 1
err_has 'missing.log: No such file or directory'
run "a folder" "$VOLTBUS" decode "$work"
status_is 1
err_has 'Is a directory'
head -c 100000 /dev/urandom >"$work/noise.bin"
run "a file that is not a capture" "$VOLTBUS" decode "$work/noise.bin"
status_is 1
err_has 'not a recording that voltbus knows'
: >"$work/empty.log"
run "an empty file" "$VOLTBUS" decode "$work/empty.log"
status_is 1
err_has 'the file is empty'
printf '\377\376(\0001\000)\000' >"$work/utf16.log"
run "text in UTF-16" "$VOLTBUS" decode "$work/utf16.log"
status_is 1
err_has 'text in UTF-16: save it as UTF-8'
printf 'VERSION ""\n\nBO_ 475 Pack: 8 HVBAT\n' >"$work/car.dbc"
run "a DBC file in place of a recording" "$VOLTBUS" decode "$work/car.dbc"
status_is 1
err_has 'a DBC file, not a recording: --db FILE says what'
for i in 1 2 3 4 5 6 7 8 9 10; do printf '(%d.0) can0 123#00\n(%d.5) can0 124#00\n' $i $i; done >"$work/other.log"
run "a bus of no device that is known" "$VOLTBUS" decode "$work/other.log"
status_is 0
err_has 'no device that voltbus knows: --db FILE reads it by a DBC file, --all shows the frames'
printf '(11.0) can0 59E#1122334455667788\n' >>"$work/other.log"
run "a bus of another car, where one id is a Leaf's, too" "$VOLTBUS" decode "$work/other.log"
err_has '1 decoded, 0 failed, 20 unknown'
err_has 'ids are not unique, so these devices may not be there at all'
run "a format that the file does not have" "$VOLTBUS" decode --csv --format slcan "$work/rel.log"
status_is 1
err_has 'no frame of the format slcan in it'
head -c 30 "$work/two.log.gz" >"$work/stub.gz"
run "a compressed file that ends at once" "$VOLTBUS" decode "$work/stub.gz"
status_is 1
err_has 'the compressed data ends too early'

printf '(1.0) can0 1DB#0160B32B32000004\nwhat is this\n(1.2) can0 1DB#0160B3\n(1.2) can0 9DB#00\n' >"$work/mixed.log"
run "lines that make no sense are counted and named" "$VOLTBUS" decode --json "$work/mixed.log"
status_is 0
err_has 'mixed.log:2: expected "(seconds) interface ID#DATA"'
err_has 'mixed.log:3: leaf-battery 1DB: length: 3 bytes, expected 8'
err_has 'mixed.log:4: column 12: expected ID#DATA'
err_has '2 frames (candump-log): 1 decoded, 1 failed, 0 unknown, 2 lines not understood'

printf '(-50000000.0) can0 123#00\n(9223372029.0) can0 123#00\n' >"$work/times.log"
run "times farther apart than a number can say" "$VOLTBUS" decode --json --all "$work/times.log"
status_is 0
out_has '{"t":9223372036.854775807,'
printf '(1.0) can0 7FF#00 R\n(1.1) can0 7FF#00 T\n' >"$work/both.log"
run "an unknown id sent and received is one id" "$VOLTBUS" decode "$work/both.log"
err_has '2 unknown (1 id: 7FF)'
run "a very long name is refused at once" timeout 5 "$VOLTBUS" decode --as "$(head -c 50000 /dev/zero | tr '\0' a)" x
status_is 2

for i in $(seq 100); do echo "(1.0) can0 1DB#0160B32B32000005"; done >"$work/many.log"
run "many failures do not flood the terminal" "$VOLTBUS" decode --csv "$work/many.log"
err_has '80 more of these are not shown (--verbose shows all)'
run "unless asked to" "$VOLTBUS" decode --csv --verbose "$work/many.log"
err_has 'many.log:100: leaf-battery 1DB: crc'

head -c 60 "$work/two.log.gz" >"$work/cut.gz"
run "a compressed file that ends too early" "$VOLTBUS" decode --csv "$work/cut.gz"
status_is 1
err_has 'the compressed data ends too early'
for i in $(seq 2000); do echo "(1.0) can0 1DB#0160B32B320000$i"; done | gzip >"$work/damaged.gz"
printf 'XXXXXXXXXXXXXXXX' | dd of="$work/damaged.gz" bs=1 seek=2000 conv=notrunc 2>/dev/null
run "a damaged compressed file" "$VOLTBUS" decode --csv "$work/damaged.gz"
status_is 1
err_has 'damaged gzip data'

if [ -r /proc/self/mem ]; then
    run "a file that disappears while it is read" "$VOLTBUS" decode --format frames /proc/self/mem
    status_is 1
    err_has 'Input/output error'
fi
run "a full disk" sh -c "\"$VOLTBUS\" decode --json \"$work/two.log\" >/dev/full"
status_is 1
err_has 'cannot write the output: No space left on device'
run "a full disk while listing" sh -c "\"$VOLTBUS\" list signals >/dev/full"
status_is 1
err_has 'cannot write the output: No space left on device'

awk 'BEGIN { for (i = 0; i < 70000; i++) printf "A"; print ""; print "(1.0) can0 1DB#0160B32B32000004" }' >"$work/long.log"
run "a line without end is cut, named, and the next one read" "$VOLTBUS" decode --json --format candump-log "$work/long.log"
err_has 'long.log:1: the line is longer than 65536 bytes'
out_has '"battery.voltage":358.0'

# a slow pipe: the first frame must come out while the pipe is still open
mkfifo "$work/pipe"
"$VOLTBUS" decode --json - <"$work/pipe" >"$work/slow" 2>/dev/null &
reader=$!
exec 3>"$work/pipe"
echo '(1712145600.123456) can0 1DB#0160B32B32000004' >&3
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s "$work/slow" ] && break
    sleep 0.1
done
name="a slow pipe"
out=$(cat "$work/slow")
err=
status=0
out_has '"battery.voltage":358.0'
exec 3>&-
wait "$reader"

run "EXI without a header" "$VOLTBUS" decode --hex 809a00401151400c80c142400c0c0c4040
status_is 0
err_has 'EXI is read by voltbus exi decode'
run "a V2GTP message that is cut" "$VOLTBUS" decode --hex 01fe800100000011809a
status_is 2
err_has "--hex '01fe800100000011809a': no whole V2GTP message: 10 bytes: the header says 25"
finish
