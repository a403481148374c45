#!/bin/sh
# voltbus check, voltbus config: every error of a configuration with its place, in words that help.
set -u
. "$TEST_DIR/e2e/lib.sh"
cd "$work" || exit 1
kinds='(kinds: lin, can, slcan, gvret, socketcand, cannelloni, rfm69, rapi, file)'

# check NAME: the configuration on standard input.
check() {
    cat >van.yaml
    run "$1" "$VOLTBUS" check van.yaml
}

# ---- good ones ----

check "the configuration of the manual" <<'END'
site: van
links:
  house: lin:/dev/ttyUSB0,baud=19200
  drive: slcan:/dev/ttyACM0,bitrate=500000
devices:
  battery: {type: hella-ibs, link: house, generation: 2}
  solar:   {type: votronic-mppt, link: house}
  pack:    {type: leaf-battery, link: drive}
  mast:    {type: wh24, link: "rfm69:tcp://192.0.2.7:8023"}
outputs:
  frames: {type: candump, path: frames.log}
END
status_is 0
out_is 'van.yaml: ok: 3 links, 4 devices, 1 output'
err_is ''

check "one of each" <<'END'
devices:
  solar: {type: votronic-mppt, link: "file:van.log"}
END
status_is 0
out_is 'van.yaml: ok: 1 link, 1 device, 0 outputs'

run "as JSON" "$VOLTBUS" check --json van.yaml
status_is 0
out_is '{"path":"van.yaml","ok":true,"errors":0,"links":1,"devices":1,"outputs":0}'

"$VOLTBUS" config example >example.yaml
run "the example is good" "$VOLTBUS" check example.yaml
status_is 0
out_has 'example.yaml: ok: '

# the manual has the same example, and errors as they are
awk '/^```yaml/ { on = 1; next } /^```/ { on = 0 } on' "$SOURCE_DIR/docs/config.md" >manual.yaml
run "the example of the manual" cmp example.yaml manual.yaml
status_is 0
awk '/^\$ cat van.yaml/ { on = 1; next } /^\$ voltbus check/ { on = 0 } on' "$SOURCE_DIR/docs/config.md" >van.yaml
run "the errors of the manual" "$VOLTBUS" check van.yaml
awk '/^\$ voltbus check/ { on = 1; next } /^```/ { on = 0 } on' "$SOURCE_DIR/docs/config.md" >manual.txt
# but for the lists of what there is: they grow
err=$(printf '%s' "$err" | sed 's/ (.*)$//')
err_is "$(sed 's/ (.*)$//' manual.txt)"

# ---- bad ones: the whole of standard error ----

check "a device that does not exist" <<'END'
links: {house: "lin:/dev/ttyUSB0"}
devices:
  pump: {type: nugget-panl, link: house}
END
status_is 1
out_is ''
err_has "van.yaml:3:16: devices.pump.type: unknown device 'nugget-panl'; did you mean nugget-panel? (leaf-battery, "
err_has '
van.yaml: 1 error'

check "all of them at once, in the order of the file" <<'END'
links:
  house: lim:/dev/ttyUSB0
  drive: slcan:/dev/ttyACM0,bitrat=250000
devices:
  battery: {type: hella-ibs, link: hose, generation: 3}
  panel: {type: nugget-panel, link: house, control: true, limits: {coolbox.level: 0..9}}
  pack: {type: leaf-battery, link: drive, stale: 80x}
END
status_is 1
err_is "van.yaml:2:10: links.house: unknown kind 'lim'; did you mean lin? $kinds
van.yaml:3:29: links.drive: unknown key 'bitrat'; did you mean bitrate? (slcan: bitrate, baud, listen)
van.yaml:5:36: devices.battery.link: unknown link 'hose'; did you mean house? (house, drive)
van.yaml:5:54: devices.battery.generation: 3: no such word (1 or 2)
van.yaml:6:83: devices.panel.limits.coolbox.level: 0..9: beyond the hard limits (0..5)
van.yaml:7:50: devices.pack.stale: 80x: unknown unit 'x' (ms, s, min, h, d)
van.yaml: 6 errors"

run "the same as JSON" "$VOLTBUS" check --json van.yaml
status_is 1
err_is ''
out_has '{"path":"van.yaml","line":2,"column":10,"key":"links.house","error":"unknown kind '"'lim'; did you mean lin? $kinds"'"}'
out_has '{"path":"van.yaml","ok":false,"errors":6}'
if python3 -c 'import json, sys
for line in sys.stdin: assert isinstance(json.loads(line), dict)' <"$work/out"; then
    echo "ok $name: JSON"
else
    fail "not JSON"
fi

check "a LINK in quotes" <<'END'
devices:
  solar:
    type: votronic-mppt
    link: "lin:/dev/ttyUSB0,baud=115200"
END
err_is 'van.yaml:4:34: devices.solar.link: baud: 115200: too large (1000 to 20000 bit/s)
van.yaml: 1 error'

check "a CAN device on LIN" <<'END'
links: {house: "lin:/dev/ttyUSB0"}
devices: {pack: {type: leaf-battery, link: house}}
END
err_is 'van.yaml:2:44: devices.pack.link: house is a lin link; leaf-battery needs another kind (can, slcan, gvret, socketcand, cannelloni, file)
van.yaml: 1 error'

check "control without commands, limits without the safe value, a missing link" <<'END'
links: {house: "lin:/dev/ttyUSB0"}
devices:
  solar: {type: votronic-mppt, link: house, control: true}
  panel: {type: nugget-panel, link: house, control: true, limits: {coolbox.level: 2..3}}
  battery: {type: hella-ibs}
END
err_is 'van.yaml:3:54: devices.solar.control: votronic-mppt takes no commands (voltbus list commands)
van.yaml:4:83: devices.panel.limits.coolbox.level: 2..3: leaves out 0, the safe value
van.yaml:5:3: devices.battery: link is missing: the name of a link, or a LINK of its own
van.yaml: 3 errors'

check "one port for two links, a name for two devices" <<'END'
links:
  house: lin:/dev/ttyUSB0
  mast: rfm69:/dev/ttyUSB0
devices:
  solar: {type: votronic-mppt, link: house}
  solar: {type: wh24, link: mast}
END
err_is 'van.yaml:3:15: links.mast: /dev/ttyUSB0 is the place of link house in line 2 already
van.yaml:6:3: devices.solar: stands twice; first in line 5
van.yaml: 2 errors'

check "outputs" <<'END'
devices: {solar: {type: votronic-mppt, link: "file:van.log"}}
outputs:
  a: {type: candmp, path: a}
  b: {type: candump}
  c: {type: candump, path: c.log, rotate_size: 5x, keep: 3}
  d: candump
  e: {}
END
err_has "van.yaml:3:13: outputs.a.type: unknown output 'candmp'; did you mean candump? ("
err_has 'van.yaml:4:3: outputs.b: path is missing: the file'
err_has "van.yaml:5:48: outputs.c.rotate_size: 5x: unknown unit 'x' (B, kB, MB, GB)"
err_has "van.yaml:5:52: outputs.c.keep: unknown key 'keep'; did you mean keep_files? (type, path, "
err_has 'van.yaml:6:6: outputs.d: expected a map, {type: TYPE}; not a text'
err_has 'van.yaml:7:3: outputs.e: type is missing: which output it is (voltbus list outputs)'

check "a simulator" <<'END'
links:
  a: slcan:sim://leaf-batery
  b: slcan:sim://leaf-battery,spede=2
  c: rfm69:sim://leaf-battery
END
err_has "van.yaml:2:18: links.a: unknown simulator 'leaf-batery'; did you mean leaf or leaf-battery? (slcan: leaf, leaf-battery)"
err_has "van.yaml:3:31: links.b: unknown key 'spede'; did you mean speed? (slcan: "
err_has 'van.yaml:4:12: links.c: the simulator leaf-battery is reached by slcan:sim://leaf-battery, not by rfm69'

printf 'links:\n\thouse: lin:/dev/ttyUSB0\n' >van.yaml
run "tabs" "$VOLTBUS" check van.yaml
err_is 'van.yaml:2:1: a tab: lines are indented with spaces
van.yaml: 1 error'

printf 'site: W\344rme\n' >van.yaml
run "Latin-1" "$VOLTBUS" check van.yaml
err_is 'van.yaml:1:8: the byte E4 is not UTF-8
van.yaml: 1 error'

: >van.yaml
run "an empty file" "$VOLTBUS" check van.yaml
status_is 1
err_is 'van.yaml:1:1: the file is empty
van.yaml: 1 error'

run "a file that is not there" "$VOLTBUS" check nothing.yaml
status_is 1
err_is 'nothing.yaml: cannot be read: No such file or directory
nothing.yaml: 1 error'
run "a folder" "$VOLTBUS" check "$work"
status_is 1
err_has ': cannot be read: Is a directory'
run "a file of zeros" "$VOLTBUS" check /dev/zero
status_is 1
err_is '/dev/zero: more than a megabyte: no configuration
/dev/zero: 1 error'

for i in $(seq 100); do echo "key$i: x"; done >van.yaml
run "a hundred errors" "$VOLTBUS" check van.yaml
err_has "van.yaml:50:1: key50: unknown key 'key50'"
err_has 'van.yaml: 51 more errors
van.yaml: 101 errors'

# ---- usage ----

run "no file" "$VOLTBUS" check
status_is 2
err_has 'expected one CONFIG.yaml'
run "two files" "$VOLTBUS" check a b
status_is 2
run "an unknown option" "$VOLTBUS" check --jsn van.yaml
status_is 2
err_has "unknown option '--jsn'; did you mean --json?"
run "help" "$VOLTBUS" check --help
status_is 0
out_has 'usage: voltbus check CONFIG.yaml'
run "a full disk" sh -c "\"$VOLTBUS\" check example.yaml >/dev/full"
status_is 1
err_has 'cannot write the output'

# ---- voltbus config ----

run "the schema" "$VOLTBUS" config schema
status_is 0
out_has 'lin                 baud           19200       1000 to 20000 bit/s           bits per second'
out_has 'hella-ibs           generation     1           1 or 2'
out_has 'candump             path           (required)  any text'
run "the schema as JSON" "$VOLTBUS" config schema --json
status_is 0
out_has '{"section":"links","of":"lin","key":"baud","type":"number","required":false,"default":"19200","allowed":"1000 to 20000 bit/s","unit":"bit/s","min":1000,"max":20000,"help":"bits per second"}'
if python3 -c 'import json, sys
for line in sys.stdin: assert isinstance(json.loads(line), dict)' <"$work/out"; then
    echo "ok $name: JSON"
else
    fail "not JSON"
fi
run "a word that config does not know" "$VOLTBUS" config shema
status_is 2
err_is "voltbus config: expected one of schema, example; not 'shema'; did you mean schema?"
run "nothing to do" "$VOLTBUS" config
status_is 2
run "an example in JSON" "$VOLTBUS" config example --json
status_is 2
run "help" "$VOLTBUS" config --help
status_is 0
out_has 'voltbus config schema'

# What only an output knows: its links, its place.
cat >"$work/servers.yaml" <<'EOF'
links:
  drive: slcan:/dev/ttyACM0
  body: gvret:tcp://192.0.2.7:23
  house: lin:/dev/ttyUSB0
outputs:
  a: {type: gvret, listen: "0.0.0.0"}
  b: {type: gvret, links: "drive, motor"}
  c: {type: socketcand, links: house}
  d: {type: slcan, listen: "pty:/tmp/can"}
  e: {type: cannelloni, peer: "192.0.2.9:20000", links: drive, send: yes}
  f: {type: cannelloni, peer: "192.0.2.9", links: drive}
  g: {type: http, listen: "0.0.0.0:80"}
  h: {type: socketcand}
EOF
run "outputs that serve links" "$VOLTBUS" check "$work/servers.yaml"
status_is 1
err_has 'servers.yaml:6:28: outputs.a.listen: the port is missing: expected listen://HOST:PORT'
err_has "servers.yaml:7:27: outputs.b.links: unknown link 'motor'"
err_has 'servers.yaml:8:32: outputs.c.links: house is no CAN link'
err_has 'servers.yaml:9:3: outputs.d: links: slcan has room for 1 of them'
err_has 'servers.yaml:10:70: outputs.e.send: link drive only listens (listen=no lets it send)'
err_has 'servers.yaml:11:31: outputs.f.peer: the port is missing: expected udp://HOST:PORT'
err_has "servers.yaml:12:27: outputs.g.listen: '0.0.0.0:80' is not an address of this machine alone"
err_has 'servers.yaml: 7 errors'

cat >"$work/two.yaml" <<'EOF'
links: {drive: "slcan:/dev/ttyACM0,listen=no"}
devices:
  a: {type: leaf-vcm, link: drive, control: true}
  b: {type: leaf-vcm, link: drive}
  c: {type: leaf-vcm, link: drive, control: true}
EOF
run "two that would send the same" "$VOLTBUS" check "$work/two.yaml"
status_is 1
err_has 'two.yaml:5:45: devices.c.control: device a runs leaf-vcu on link drive already: only one of them may'
err_has 'two.yaml: 1 error'

finish
