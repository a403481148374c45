"""exi_notes.py VOLTBUS NOTES: the byte strings of the notes on real chargers and cars (ccs-exi.md) decode to the fields that
the notes name, and encode to the same bytes.
The fields were printed by another decoder, which names them a little differently, prints enumerations as numbers, and
shows zeros for what is not in the message: what cannot be compared is left out, and the count of the rest is looked at.
"""
import json
import re
import subprocess
import sys

program, notes = sys.argv[1:]
EXI = ("1.", "2.", "3.", "4.", "7.", "8.")  # the sections of V2G messages
OTHER_NAMES = {"DC_EVErrorCodeText": "EVErrorCode", "EVSEStatusCode_text": "EVSEStatusCode"}
strings = []  # (hex, fields)
section = ""
last = None
for line in open(notes, encoding="utf-8"):
    if line.startswith("## "):
        section = line[3:]
    if not section.startswith(EXI):
        continue
    found = re.findall(r"`((?:80|01fe8001)[0-9a-f]+)`", line)
    strings += [[text, {}] for text in found]
    if line.startswith("- ") and found:
        last = strings[-1]
    elif line.startswith("  - ") and last and not line.startswith(("  - source", "  - seen")):
        text = line.split("|", 1)[1] if "|" in line else line[len("  - fields: "):] if "fields:" in line else ""
        last[1] = dict(f.strip().split("=", 1) for f in text.split(";") if "=" in f)


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, path + (key,))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, path + (str(i),))
    else:
        yield path, value


def run(direction, lines):
    done = subprocess.run([program, "exi", direction], input="".join(line + "\n" for line in lines),
                          capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def agrees(name, said, value):
    """Is the value as the notes say? None: it cannot be compared."""
    if isinstance(value, bool):
        return said == str(int(value))
    if isinstance(value, int):
        return said == str(value) if re.fullmatch(r"-?\d+", said) else None
    if value == said or value.encode().hex() == said:
        return True
    if name in ("SessionID", "EVCCID", "EVSEID", "ProtocolNamespace"):
        return False
    return None if re.fullmatch(r"\d+", said) or name == "Unit" else False


status, decoded = run("decode", [text for text, fields in strings])
faults = int(status != 0 or len(decoded) != len(strings))
compared = 0
for (text, fields), line in zip(strings, decoded):
    message = json.loads(line)
    found = list(leaves(message))
    for field, said in fields.items():
        entry = re.fullmatch(r"(NameSpace|SchemaID|Priority)_(\d)", field)
        parts = re.sub(r"\[\d+\]|\.array\b", "", field).split(".")
        parts[-1] = OTHER_NAMES.get(parts[-1], parts[-1])
        suffix = tuple(parts[-2:]) if parts[0] != "header" else ("Header", parts[-1])
        if entry:
            suffix = (entry[2], {"NameSpace": "ProtocolNamespace"}.get(entry[1], entry[1]))
        results = [agrees(suffix[-1], said, value) for path, value in found if path[-len(suffix):] == suffix]
        results = [result for result in results if result is not None]
        compared += bool(results)
        if results and not any(results):
            faults += 1
            print(f"FAILED {text}: {field} is {said} in the notes: {line}")
status, encoded = run("encode", decoded)
faults += int(status != 0)
for (text, fields), line in zip(strings, encoded):
    if line != (text[16:] if text.startswith("01fe") else text):
        faults += 1
        print(f"FAILED {text}: encodes to {line}")
print(f"ok {len(strings)} strings, {compared} fields are as the notes say")
sys.exit(1 if faults or len(strings) < 170 or compared < 700 else 0)
