#!/usr/bin/env python3
"""ccs_test.py - recordings of charging sessions against what other decoders made of them.

usage: ccs_test.py VOLTBUS FOLDER

Beside NAME may lie NAME.values.txt (times and values of a few signals) and NAME.decoded.txt (every message).
Every recording must decode; what cannot be decoded stands in DAMAGED, with the reason.
In ../../vectors lie messages with their content: each word and number of it that ccs-session has a signal for must
be one of its values.
SPDX-License-Identifier: MIT
"""
import collections
import csv
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SIGNALS = {
    "EVRESSSOC": "ev.soc",
    "EVTargetVoltage": "ev.voltage_target",
    "EVTargetCurrent": "ev.current_target",
    "EVSEPresentVoltage": "evse.voltage_present",
    "EVSEPresentCurrent": "evse.current_present",
}
WORDS = {  # elements whose words are those of a signal
    "ResponseCode": "session.response",
    "EVSEProcessing": "session.processing",
    "FaultCode": "session.fault_code",
    "SelectedPaymentOption": "session.payment",
    "SelectedAuthorizationService": "session.payment",
    "EVRequestedEnergyTransferType": "session.transfer_mode",
    "RequestedEnergyTransferMode": "session.transfer_mode",
    "ChargingSession": "session.stop",
    "ChargeProgress": "ev.charge_progress",
    "EVErrorCode": "ev.error_code",
    "EVSEStatusCode": "evse.status_code",
    "EVSEIsolationStatus": "evse.isolation",
    "EVSENotification": "evse.notification",
}
NUMBERS = {"EVRESSSOC": "ev.soc", "PresentSOC": "ev.soc", "NotificationMaxDelay": "evse.notification_delay"}
PAYLOADS = {"iso15118-20-common": "8002", "iso15118-20-ac": "8003", "iso15118-20-dc": "8004"}
# frames that are no message, by recording: how many, and why
DAMAGED = {
    "2024-05-09_clara_QingdaoPenodato_serh270_precharge.claralog.pcap": (6, "bit errors in the serial log"),
    "2024-02-18_clara_numbat_lightbulb_ok.claralog": (1, "14 bytes overwritten with 55 in the car's buffer"),
}

# frames that no row and no schema knows: payload type 4C41 of Tesla's chargers, which nobody documents
UNKNOWN = {
    "2024-02-13_clara_tesla_timeout_in_cablecheck_multiple_times.claralog.pcap": 1,
    "2024-02-14_SuC_without_authorization.claralog.pcap": 1,
}


def decode(voltbus, path, *options):
    done = subprocess.run([voltbus, "decode", *options, str(path)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def values_of(path):
    """{name: [(time, value)]} of NAME.values.txt; the times are local ones, somewhere."""
    found = collections.defaultdict(list)
    for line in path.read_text().splitlines():
        match = re.match(r"\[(.*)\] (\w+)=(.*)", line)
        if match:
            at = datetime.datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=datetime.timezone.utc)
            found[match[2]].append((at.timestamp(), float(match[3])))
    return found


def signals_of(text):
    """The same of our CSV, without the SOC of PowerDeliveryReq, which that tool does not print."""
    found = collections.defaultdict(list)
    phase = None
    for row in csv.DictReader(text.splitlines()):
        if row["signal"] == "session.phase":
            phase = row["value"]
        if row["signal"] in SIGNALS.values() and not (row["signal"] == "ev.soc" and phase == "power-delivery"):
            found[row["signal"]].append((float(row["t"]), float(row["value"])))
    return found


def compare_values(path, text):
    theirs, ours = values_of(path), signals_of(text)
    if not theirs:
        yield "no values in it"
    for name, expected in theirs.items():
        got = ours[SIGNALS[name]]
        if len(got) != len(expected):
            yield f"{name}: {len(got)} values, expected {len(expected)}"
            continue
        ahead = expected[0][0] - got[0][0]  # time zone, start of the recording
        for (at, value), (our_at, our_value) in zip(expected, got):
            if abs(value - our_value) > 1e-9 or abs(at - our_at - ahead) > 0.000002:
                yield f"{name} at {our_at}: {our_value}, expected {value} at {at - ahead}"
                break


def compare_messages(path, messages):
    """The names of the messages of DIN 70121, in their order. That tool sees messages that came a second time
    as further ones, which are events here."""
    expected = [match for match in re.findall(r'"msgName": "(.*)"', path.read_text()) if match]
    got = [message["message"] for message in messages if message.get("protocol") == "din70121"]
    again = sum(message.get("event") == "again" and message["text"].startswith("a message") for message in messages)
    rest = iter(expected)
    if len(expected) != len(got) + again or not all(name in rest for name in got):
        yield f"{len(got)} messages of DIN 70121, {again} came again, expected {len(expected)}"
        for name, count in (collections.Counter(expected) - collections.Counter(got)).items():
            yield f"  {count} {name} more expected"
        for name, count in (collections.Counter(got) - collections.Counter(expected)).items():
            yield f"  {count} {name} too many"


def faults_of(voltbus, path):
    status, text, errors = decode(voltbus, path, "--json")
    if status != 0:
        yield f"exit status {status}: {errors.splitlines()[-1:]}"
        return
    messages = [json.loads(line) for line in text.splitlines()]
    failed = [message for message in messages if message.get("error") == "exi"]
    unknown = re.search(r" (\d+) unknown", errors)
    if not unknown or int(unknown[1]) != UNKNOWN.get(path.name, 0):
        yield f"unknown frames: {errors.splitlines()[-1:]}"
    expected, why = DAMAGED.get(path.name, (0, ""))
    if len(failed) != expected:
        yield f"{len(failed)} messages fail, expected {expected} {why}: {failed[:1]}"
    counts = collections.Counter(message["message"] for message in messages if message.get("message"))
    print(f"{path.name}: {sum(counts.values())} messages, {len(failed)} damaged")
    beside = path.with_name(path.name + ".decoded.txt")
    if beside.exists():
        yield from compare_messages(beside, messages)
    beside = path.with_name(path.name + ".values.txt")
    if beside.exists():
        _, text, _ = decode(voltbus, path, "--as", "ccs-session", "--csv")
        yield from compare_values(beside, text)


def leaves(value):
    """(name, value) of everything that is in no list."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner)
        elif not isinstance(inner, list):
            yield name, inner


def squeezed(word):
    return re.sub("[-_]", "", word).lower()


def vector_faults(voltbus, folder):
    """Each message as a line of our own recording, its number as the time."""
    vectors = [json.loads(line) for path in sorted(folder.glob("exi-*.jsonl")) for line in path.open()]
    vectors = [vector for vector in vectors if vector["kind"] == "document"]
    with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
        for i, vector in enumerate(vectors):
            log.write(f"({i}.000000) v V2G#{PAYLOADS.get(vector['schema'], '8001')}##{vector['exi']}\n")
        log.flush()
        _, text, errors = decode(voltbus, log.name, "--as", "ccs-session", "--csv", "--verbose")
        _, whole, _ = decode(voltbus, log.name, "--json")
    samples = collections.defaultdict(dict)
    for row in csv.DictReader(text.splitlines()):
        samples[int(float(row["t"]))][row["signal"]] = row["value"]
    messages = {int(message["t"]): message for message in map(json.loads, whole.splitlines())}
    for i, vector in enumerate(vectors):
        message = messages.get(i, {})
        if message.get("value") != {vector["root"]: vector["value"]}:
            yield f"{vector['id']}: the message is {str(message)[:300]}"
        if "session.phase" not in samples[i] or "session.protocol" not in samples[i]:
            yield f"{vector['id']}: no phase, no protocol: {samples[i]}"
        for name, value in leaves(vector["value"]):
            signal = WORDS.get(name) or NUMBERS.get(name)
            got = samples[i].get(signal, "nothing")
            if signal and squeezed(got) != squeezed(str(value)):
                yield f"{vector['id']}: {name} {value} is {signal} {got}"
    print(f"{len(vectors)} vectors: {errors.splitlines()[-1].split(': ', 1)[-1]}")


def main():
    voltbus, folder = sys.argv[1:]
    vectors = pathlib.Path(folder, "..", "..", "vectors")
    beside = (".values.txt", ".decoded.txt", ".md")
    paths = sorted(path for path in pathlib.Path(folder).rglob("*.*") if not path.name.endswith(beside))
    faults = [f"{path.name}: {fault}" for path in paths for fault in faults_of(voltbus, path)]
    if vectors.is_dir():
        faults += vector_faults(voltbus, vectors)
    if len(paths) < 60:
        faults.append(f"{len(paths)} recordings, expected 60 or more")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


sys.exit(main())
