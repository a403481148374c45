"""exi_vectors.py VOLTBUS FILE...: every vector decodes to its value, and its value encodes to its bytes.
One line of FILE is one vector: {"id","schema","kind","root","exi","value"}. One run of the program for each schema, kind
and direction.
"""
import json
import subprocess
import sys

program, files = sys.argv[1], sys.argv[2:]
vectors = [json.loads(line) for name in files for line in open(name, encoding="utf-8")]
faults = 0


def fault(vector, what, expected, got):
    global faults
    faults += 1
    if faults <= 20:
        print(f"FAILED {vector['id']}: {what}\n  expected {expected}\n  got      {got}")


def convert(direction, schema, kind, lines):
    done = subprocess.run([program, "exi", direction, "--schema", schema, "--kind", kind],
                          input="".join(line + "\n" for line in lines), capture_output=True, text=True)
    result = done.stdout.splitlines()
    if done.returncode != 0 or len(result) != len(lines):
        print(f"FAILED {direction} {schema} {kind}: exit status {done.returncode}, "
              f"{len(result)} lines for {len(lines)}: {done.stderr.strip()}")
        global faults
        faults += 1
    return result + [""] * (len(lines) - len(result))


def same(a, b):
    """As JSON: 1 is neither true nor 1.0, and the order of members does not matter."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


groups = sorted({(v["schema"], v["kind"]) for v in vectors})
for schema, kind in groups:
    group = [v for v in vectors if (v["schema"], v["kind"]) == (schema, kind)]
    decoded = convert("decode", schema, kind, [v["exi"] for v in group])
    for vector, line in zip(group, decoded):
        expected = {vector["root"]: vector["value"]}
        if not line or not same(json.loads(line), expected):
            fault(vector, "decode", json.dumps(expected), line)
    values = [json.dumps({v["root"]: v["value"]}) for v in group]
    for vector, line in zip(group, convert("encode", schema, kind, values)):
        if line != vector["exi"]:
            fault(vector, "encode", vector["exi"], line)
    # what decode wrote is what encode reads
    for vector, line in zip(group, convert("encode", schema, kind, decoded)):
        if line != vector["exi"]:
            fault(vector, "encode what decode wrote", vector["exi"], line)
    print(f"ok {len(group)} vectors of {schema}, {kind}")
if not vectors:
    print("FAILED no vectors")
sys.exit(1 if faults or not vectors else 0)
