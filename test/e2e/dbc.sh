#!/bin/sh
# DBC files: the example of docs/dbc.md, --db in decode, list, watch and the configuration, and every file of the captures.
set -u
. "$TEST_DIR/e2e/lib.sh"
cd "$work" || exit 1

# the first example of the page, and what the page says of it
awk '/^`car.dbc`/ { on = 1 } on && /^```/ { fence++; next } fence == 1' "$SOURCE_DIR/docs/dbc.md" >car.dbc
shown() { # COMMAND: the lines below "$ COMMAND" on the page
    sed -n "/^\$ $1/,/^[\$\`]/p" "$SOURCE_DIR/docs/dbc.md" | sed '1d;$d'
}
run "list signals --db" "$VOLTBUS" list signals --db car.dbc
status_is 0
out_is "$(shown 'voltbus list signals --db car.dbc')"
run "decode --db" "$VOLTBUS" decode --db car.dbc --csv --hex '1DB#FDE0C1800150'
status_is 0
out_is "$(shown 'voltbus decode --db car.dbc --csv --hex')"

# the built-in devices know 1DB too: with --db they are silent, unless one is named
run "only the DBC" "$VOLTBUS" decode --db car.dbc --json --hex '1DB#FDE0C1800150FF00'
out_is '{"t":0.000000,"t0":"relative","link":"can","device":"car","frame":"1DB","values":{"Pack.Current":-8.5,"Pack.Voltage":387.0,"Pack.Gear":"drive","Pack.Speed":20.00}}'
run "the DBC and a built-in device" "$VOLTBUS" decode --db car.dbc --as leaf-battery --json --hex '1DB#FDE0C18001500000'
out_has '"device":"car"'
out_has '"device":"leaf-battery"'

run "list messages" "$VOLTBUS" list messages --db car.dbc --json
out_is '{"device":"car","frame":"1DB","message":"Pack","title":"HVBAT","period_ms":10,"signals":4}'
run "list signals as JSON" "$VOLTBUS" list signals --db car.dbc --json
out_has '"signal":"Pack.Gear","unit":"","title":"","words":{"0":"park","1":"drive","2":"not_available"},"min":0,"max":3}'

# a unit may be anything; so CSV quotes it
printf 'BO_ 1 M: 8 X\n SG_ A : 0|8@1+ (1,0) [0|0] "1/min, \\"x\\"" X\n' >unit.dbc
run "units are quoted where they must be" "$VOLTBUS" decode --db unit.dbc --csv --hex '001#05'
out_has '0.000000,can,unit,M.A,5,"1/min, ""x"""'

# floating point
printf 'BO_ 1 M: 8 X\n SG_ A : 0|32@1- (1,0) [0|0] "V" X\nSIG_VALTYPE_ 1 A : 1;\n' >float.dbc
run "floating point is a number of JSON" "$VOLTBUS" decode --db float.dbc --json --hex '001#CDCCCC3D'
out_has '"values":{"M.A":0.1}'
run "NaN is no value" "$VOLTBUS" decode --db float.dbc --json --hex '001#0000C07F'
out_has '"values":{}'

# what is odd is told with its line, the first ten unless all are wanted
{
    echo 'BO_ 1 M: 8 X'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo " SG_ S$i : 0-8@1+ (1,0) [0|0] \"\" X"; done
    echo ' SG_ Good : 0|8@1+ (1,0) [0|0] "" X'
} >odd.dbc
run "ten oddities" "$VOLTBUS" decode --db odd.dbc --csv --hex '001#05'
status_is 0
out_has 'M.Good,5,'
err_has 'odd.dbc:2: expected START|BITS@ORDER'
err_has 'odd.dbc: 2 more of these (voltbus list signals --db odd.dbc --verbose shows all)'
run "all oddities" "$VOLTBUS" list signals --db odd.dbc --verbose
err_has 'odd.dbc:13: expected START|BITS@ORDER'

run "no DBC" "$VOLTBUS" decode --db "$SOURCE_DIR/LICENSE" --hex '001#05'
status_is 2
err_has 'LICENSE: no DBC: none of its statements'
printf '\377\376V\000E\000' >"$work/utf16.dbc"
run "a DBC in UTF-16" "$VOLTBUS" list signals --db "$work/utf16.dbc"
status_is 2
err_has 'utf16.dbc: text in UTF-16: save it as UTF-8'
run "no such file" "$VOLTBUS" list signals --db nowhere.dbc
status_is 2
err_has '--db nowhere.dbc: cannot be read: No such file or directory'
mkdir other
cp car.dbc other
run "two of one name" "$VOLTBUS" decode --db car.dbc --db other/car.dbc --hex '001#05'
status_is 2
err_has '--db other/car.dbc: it would be called car, like car.dbc: rename the file'

# the configuration
printf '(1700000000.000000) can0 1DB#FDE0C1800150\n' >one.log
printf 'links: {drive: "file:one.log,format=candump-log"}\ndevices:\n  pack: {db: car.dbc, link: drive}\noutputs:\n  values: {type: csv, path: values.csv}\n' >good.yaml
run "check" "$VOLTBUS" check good.yaml
status_is 0
run "run" "$VOLTBUS" run good.yaml --exit-at-end --speed max
status_is 0
if grep -q '^1700000000.000000,drive,pack,Pack.Speed,20.00,m/s$' values.csv; then
    echo "ok $name: the gateway reads by it"
else
    fail "values.csv: $(cat values.csv)"
fi
# what is odd about the file of a configuration is told, once for two devices, and is no error; --quiet is quiet
printf 'links: {drive: "file:one.log"}\ndevices:\n  a: {db: odd.dbc, link: drive}\n  b: {db: odd.dbc, link: drive}\n' >odd.yaml
printf 'outputs:\n  values: {type: csv, path: odd.csv}\n' >>odd.yaml
run "check of an odd file" "$VOLTBUS" check odd.yaml
status_is 0
out_is 'odd.yaml: ok: 1 link, 2 devices, 1 output'
err_has 'odd.dbc:2: expected START|BITS@ORDER'
err_has 'odd.dbc:11: expected START|BITS@ORDER'
case $err in *odd.dbc:12:*) fail "more than ten told" ;; *) echo "ok $name: ten told" ;; esac
err_has 'odd.dbc: 2 more of these (voltbus list signals --db odd.dbc --verbose shows all)'
case $err in *odd.dbc:2:*odd.dbc:2:*) fail "told twice" ;; *) echo "ok $name: told once" ;; esac
run "run with an odd file" "$VOLTBUS" run odd.yaml --exit-at-end --speed max
status_is 0
err_has 'odd.dbc:2: expected START|BITS@ORDER'
run "run --quiet with an odd file" "$VOLTBUS" run odd.yaml --exit-at-end --speed max --quiet
status_is 0
err_is ''

# a file that is wrong about a period makes no device ill: 1 s in the file, 50 ms on the wire
sed 's/BO_ 475 10;/BO_ 475 1000;/' car.dbc >slow.dbc
awk 'BEGIN { for (i = 0; i < 40; i++) printf "(%.6f) can0 1DB#FDE0C1800150\n", 1700000000 + i / 20 }' >slow.log
run "a wrong period" "$VOLTBUS" watch file:slow.log --db slow.dbc --for 1800ms
status_is 0
out_has 'slow: ok'
out_has_not 'error'

# the history keeps integers: floating point in millionths, NaN not at all
printf '(1700000000.000000) can0 001#CDCCCC3D\n(1700000005.000000) can0 001#0000C07F\n(1700000009.000000) can0 001#0000C8C2\n' >float.log
printf 'links: {drive: "file:float.log"}\ndevices:\n  pack: {db: float.dbc, link: drive}\noutputs:\n  history: {type: sqlite, path: h.db, every: 0s, keep: 0s}\n' >history.yaml
run "a history of floating point" "$VOLTBUS" run history.yaml --exit-at-end --speed max
status_is 0
run "what the history has" python3 -c 'import sqlite3
for row in sqlite3.connect("h.db").execute("SELECT t, signal, value, unit FROM reading ORDER BY t"): print(*row)'
out_is '1700000000000000 M.A 0.1 V
1700000009000000 M.A -100.0 V'
printf 'links: {drive: "file:one.log"}\ndevices:\n  a: {db: nowhere.dbc, link: drive}\n  b: {db: one.log, link: drive}\n  c: {db: car.dbc, type: wh24, link: drive}\n' >bad.yaml
run "check of what is wrong" "$VOLTBUS" check bad.yaml
status_is 1
err_has 'bad.yaml:3:11: devices.a.db: nowhere.dbc: cannot be read: No such file or directory'
err_has 'bad.yaml:4:11: devices.b.db: one.log: no DBC'
err_has 'bad.yaml:5:11: devices.c.db: either type or db, not both'
run "watch" "$VOLTBUS" watch file:one.log --db car.dbc --for 300ms
status_is 0
out_has 'Pack.Voltage'

run "get" "$VOLTBUS" get file:one.log car Pack.Voltage --db car.dbc
status_is 0
out_is '387.0 V'
run "get of the second file" "$VOLTBUS" get file:one.log car Pack.Gear --db unit.dbc --db car.dbc --json
out_is '{"value":"drive","unit":""}'
run "get of a signal that is not there" "$VOLTBUS" get file:one.log car Pack.Volt --db car.dbc
status_is 2
err_is "voltbus get: car has no signal 'Pack.Volt'; did you mean Pack.Voltage? (voltbus list signals --db car.dbc)"
run "get of another device" "$VOLTBUS" get file:one.log leaf-battery battery.voltage --db car.dbc
status_is 2
err_is "voltbus get: no device 'leaf-battery' of --db: that of car.dbc is called car"
run "get --via --db" "$VOLTBUS" get --via http://127.0.0.1:1 car Pack.Voltage --db car.dbc
status_is 2
err_is 'voltbus get: --db is for a LINK; a running voltbus has its configuration'

[ -d "${VOLTBUS_CAPTURES:-}/dbc" ] || skip "there are no captures"
# Every file is read. Its messages and signals are counted by their lines, without those of no message.
# Not read, and told with their line: an id of 32 bits (issue_199: 1 message with 1 signal).
for file in "$VOLTBUS_CAPTURES"/dbc/*.dbc "$VOLTBUS_CAPTURES"/dbc/*.DBC "$VOLTBUS_CAPTURES"/dbc/leaf-gpl3/*.dbc; do
    name=$(basename "$file")
    counted=$(LC_ALL=C awk '/^[ \t]*BO_ / { orphans = $2 == 3221225472; messages += !orphans }
        /^[ \t]*SG_ / { signals += !orphans } END { print messages + 0, signals + 0 }' "$file")
    "$VOLTBUS" list messages --db "$file" >messages 2>err || fail "not read: $(cat err)"
    "$VOLTBUS" list signals --db "$file" >signals 2>/dev/null
    got="$(wc -l <messages) $(wc -l <signals)"
    [ "$name" != cantools_issue_199_extended.dbc ] || counted="10 $(grep -c -v '^$' signals)"
    if [ "$got" = "$counted" ]; then echo "ok $name: $got"; else fail "$name: $got, counted $counted"; fi
done
finish
