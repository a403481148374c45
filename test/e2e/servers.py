"""servers.py - the far ends of servers.sh. usage: servers.py VOLTBUS FOLDER
SPDX-License-Identifier: MIT
"""
import atexit
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time

import can

program, work = sys.argv[1:]
LEAF = bytes.fromhex("0004C262000003B6")  # of 1DB
running = []


class Adapter:
    """An slcan adapter that says CR to everything and keeps what is sent through it."""

    def __init__(self):
        self.frames, self.peer, self.ready = [], None, threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        self.peer, _ = self.server.accept()
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while data := self.peer.recv(1000):
            *lines, pending = (pending + data).split(b"\r")
            for line in lines:
                if line[:1] in b"tTrR" and line:
                    self.frames.append(line.decode())
                    self.peer.sendall(b"z\r")
                else:
                    self.peer.sendall(b"\r")
                if line in (b"O", b"L"):
                    self.ready.set()

    def send(self, *lines):
        self.peer.sendall("".join(line + "\r" for line in lines).encode())


class Voltbus:
    def __init__(self, name, text):
        self.said = f"{work}/{name}.said"
        with open(f"{work}/{name}.yaml", "w") as config:
            config.write(text)
        with open(self.said, "w") as said:
            self.process = subprocess.Popen([program, "run", f"{work}/{name}.yaml"], stderr=said)
        running.append(self)
        atexit.register(self.process.kill)

    def text(self):
        return open(self.said).read()

    def says(self, part):
        return lambda: part in self.text()

    def port(self, output):
        until(5, f"{output} is open", lambda: re.search(f"output {output}: .*:\\d+ is open", self.text()))
        return int(re.search(f"output {output}: listen://[^ ]*:(\\d+) is open", self.text()).group(1))

    def end(self):
        self.process.terminate()
        until(5, "it ends", lambda: self.process.poll() == 0)


def until(seconds, what, true):
    """SECONDS are those of a computer that does nothing else: ten times as long at most."""
    end = time.monotonic() + 10 * seconds
    while not true():
        if time.monotonic() > end:
            print("not so:", what, file=sys.stderr)
            for one in running:
                print(one.text(), file=sys.stderr)
                one.process.kill()
            print(drive.frames, file=sys.stderr)
            sys.exit(1)
        time.sleep(0.01)
    print("ok", what)


def read(sock, n):
    data = b""
    sock.settimeout(60)
    while len(data) < n and (more := sock.recv(n - len(data))):
        data += more
    return data


def connect(port, *words):
    sock = socket.create_connection(("127.0.0.1", port))
    for said, answer in words:
        sock.sendall(said)
        got = read(sock, len(answer))
        until(0, f"{said!r} is answered by {answer!r}", lambda: got == answer)
    return sock


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


drive, body = Adapter(), Adapter()
tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tunnel.bind(("127.0.0.1", 0))
tunnel.settimeout(60)
local, here, there = free_port(), free_port(), free_port()
gateway = Voltbus("gateway", f"""
links:
  drive: "slcan:tcp://127.0.0.1:{drive.port},listen=no,bitrate=250000"
  body: "slcan:tcp://127.0.0.1:{body.port}"
outputs:
  savvy: {{type: gvret, listen: "127.0.0.1:0"}}
  savvy-sends: {{type: gvret, listen: "127.0.0.1:0", links: drive, send: yes}}
  daemon: {{type: socketcand, listen: "127.0.0.1:0", beacon: yes}}
  daemon-sends: {{type: socketcand, listen: "127.0.0.1:0", links: drive, send: yes, rate: 20}}
  tunnel: {{type: cannelloni, peer: "127.0.0.1:{tunnel.getsockname()[1]}", local: {local}, links: drive, send: yes}}
  second: {{type: cannelloni, peer: "127.0.0.1:{there}", local: {here}, links: drive, send: yes}}
  adapter: {{type: slcan, listen: "pty:{work}/adapter", links: drive, send: yes}}
  adapter-tcp: {{type: slcan, listen: "127.0.0.1:0", links: body}}
  frames: {{type: candump, path: {work}/frames.log}}
""")
until(5, "its links are open", lambda: drive.ready.is_set() and body.ready.is_set())
ports = {name: gateway.port(name) for name in ("savvy", "savvy-sends", "daemon", "daemon-sends", "adapter-tcp")}

# ---- GVRET: what SavvyCAN says first, byte for byte ----
START = b"\xe7\xe7\xf1\x0c\xf1\x06\xf1\x07\xf1\x01\xf1\x09"
savvy = connect(ports["savvy"], (START, b"\xf1\x0c\x02" b"\xf1\x06\x01\x90\xd0\x03\x00\x01\x20\xa1\x07\x00"
                                 b"\xf1\x07\x6a\x02\x20\x00\x00\x00" b"\xf1\x01"))
clock = struct.unpack("<I", read(savvy, 4))[0]
until(0, "and is alive", lambda: read(savvy, 4) == b"\xf1\x09\xde\xad")
drive.send("t1DB8" + LEAF.hex().upper(), "T18DAF1102AABB")
got = read(savvy, 20)
until(0, "a frame of bus 0 comes", lambda: got[:2] == b"\xf1\x00" and got[6:] == b"\xdb\x01\x00\x00\x08" + LEAF + b"\x00")
until(0, "with the clock that was asked for", lambda: (struct.unpack("<I", got[2:6])[0] - clock) % 2**32 < 60000000)
got = read(savvy, 14)
until(0, "29 bits as well", lambda: got[6:] == b"\x10\xf1\xda\x98\x02\xaa\xbb\x00")
body.send("t123155")
got = read(savvy, 13)
until(0, "of the second link as bus 1", lambda: got[6:] == b"\x23\x01\x00\x00\x11\x55\x00")
savvy.sendall(b"\xf1\x00\x99\x07\x00\x00\x00\x01\x77\x00")
until(5, "what it sends is refused, and said", gateway.says(
    ": frames refused: 1: sending is not allowed (send: yes in the output)"))
sender = connect(ports["savvy-sends"], (b"\xe7\xe7\xf1\x09", b"\xf1\x09\xde\xad"))
sender.sendall(b"\xf1\x00\xf2\x01\x00\x00\x00\x02\x30\x79\x00")
until(5, "where it is allowed it goes out", lambda: drive.frames == ["t1F223079"])
until(1, "and who sends is said", gateway.says(" sends on link drive"))
got = read(savvy, 14)
until(0, "the others see it", lambda: got[6:] == b"\xf2\x01\x00\x00\x02\x30\x79\x00")
sender.sendall(b"\xf1\x00\xf2\x01\x00\x00\x01\x01\x30\x00")
until(5, "a bus that is not there is no bus", gateway.says(": frames refused: 1: there is no such bus"))

# ---- socketcand: python-can as client ----
bus = can.Bus(interface="socketcand", channel="drive", host="127.0.0.1", port=ports["daemon-sends"])
time.sleep(0.1)  # python-can takes a frame behind the last < ok > for a wrong answer
drive.send("t1DB8" + LEAF.hex().upper())
message = bus.recv(60)
until(0, "python-can gets a frame from socketcand", lambda: message.arbitration_id == 0x1DB and message.data == LEAF)
until(0, "with its time", lambda: abs(message.timestamp - time.time()) < 60)
bus.send(can.Message(arbitration_id=0x1F2, data=bytes.fromhex("307920A0003C0288"), is_extended_id=False))
until(5, "and sends one", lambda: drive.frames[-1] == "t1F28307920A0003C0288")
for i in range(40):
    bus.send(can.Message(arbitration_id=0x300 + i, data=b"", is_extended_id=False))
until(5, "not more than the rate", gateway.says(": frames refused: 1: too many frames"))
until(5, "so it is", lambda: 15 <= sum(line.startswith("t3") for line in drive.frames) < 40)
bus.shutdown()
plain = connect(ports["daemon"], (b"", b"< hi >"), (b"< rawmode >", b"< error no bus is open >"),
                (b"< open body >", b"< ok >"), (b"< subscribe 0 0 123 >", b"< error not supported here"
                                                b" (rawmode, bcmmode, send, sendrtr, echo) >"),
                (b"< echo >< ec", b"< echo >"), (b"ho >", b"< echo >"), (b"< fdsend 1 >", b"< error unknown command >"),
                (b"< send 123 9 >", b"< error syntax error >"),
                (b"< send 123 1 0 >", b"< error sending is not allowed (send: yes in the output) >"),
                (b"< rawmode >", b"< ok >"))
body.send("r1234", "t124101")
got = read(plain, 65)
until(0, "a remote frame and another, of the bus that was opened", lambda: re.fullmatch(
    rb"< rtr 123 \d+\.\d{6} 4 >< frame 124 \d+\.\d{6} 01 >", got))
until(5, "that GVRET has no form for one is said", gateway.says(
    ": gvret has no form for remote frames (123): they are left out, and counted"))
body.send("d12490102030405060708090A0B0C", "d1240", "t123101")
got = read(plain, 34)
until(0, "the next one comes", lambda: re.fullmatch(rb"< frame 123 \d+\.\d{6} 01 >", got))
until(5, "that socketcand has none for CAN FD, too", gateway.says(
    ": socketcand has no form for frames of CAN FD (124): they are left out, and counted"))
wrong = connect(ports["daemon"], (b"", b"< hi >"), (b"< open can7 >", b"< error could not open bus >"))
until(0, "who wants another bus is hung up on", lambda: read(wrong, 1) == b"")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beacon:
    beacon.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    beacon.bind(("", 42000))
    beacon.settimeout(60)
    until(5, "the beacon names it and its buses", lambda: (
        f"<URL>can://127.0.0.1:{ports['daemon']}</URL><Bus name=\"drive\"/><Bus name=\"body\"/></CANBeacon>"
        in beacon.recv(2000).decode()))  # others may be there, too

# ---- slcan: python-can as host of our pseudo terminal ----
host = can.Bus(interface="slcan", channel=f"{work}/adapter", bitrate=500000, sleep_after_open=0)
until(5, "a host of slcan is there", gateway.says("output adapter: /dev/pts/"))
until(0, "it gets the version", lambda: host.get_version(60) == (10, 13))
drive.send("t1DB8" + LEAF.hex().upper(), "R18DAF1103")
messages = []
until(5, "two frames come", lambda: messages.extend(m for m in [host.recv(0.5)] if m) or len(messages) == 2)
until(0, "python-can gets frames from our slcan adapter", lambda: [
    (m.arbitration_id, m.is_extended_id, m.is_remote_frame, m.dlc) for m in messages]
    == [(0x1DB, False, False, 8), (0x18DAF110, True, True, 3)] and messages[0].data == LEAF)
host.send(can.Message(arbitration_id=0x18FF50E5, data=b"\x01\x02", is_extended_id=True))
until(5, "and sends one", lambda: drive.frames[-1] == "T18FF50E520102")
host.shutdown()
until(5, "when it goes, that is said", lambda: re.search("output adapter: /dev/pts/.* is gone", gateway.text()))
deaf = connect(ports["adapter-tcp"], (b"V\r", b"V1013\r"), (b"t12300\r", b"\a"), (b"what\r", b"\a"),
               (b"S6\rZ1\rO\r", b"\r\r\r"), (b"t1230\r", b"\a"))
body.send("t123155")
got = read(deaf, 12)
until(0, "a stamp of milliseconds, if it is wanted", lambda: re.fullmatch(rb"t123155[0-9A-F]{4}\r", got))

# ---- cannelloni ----
while tunnel.recv(2000)[5:9] != bytes.fromhex("98FF50E5"):  # all that was there before
    pass
drive.send("t1DB8" + LEAF.hex().upper(), "t124101")
got = tunnel.recv(2000)
until(0, "two frames in one packet", lambda: got[:2] + got[3:] == b"\x02\x00\x00\x02\x00\x00\x01\xdb\x08" + LEAF
      + b"\x00\x00\x01\x24\x01\x01")
tunnel.sendto(b"\x02\x00\x00\x00\x01\x00\x00\x07\x77\x01\x42", ("127.0.0.1", local))
until(5, "a frame comes back", lambda: drive.frames[-1] == "t777142")

# ---- a second gateway whose links are these servers ----
second = Voltbus("second", f"""
links:
  gvret: gvret:tcp://127.0.0.1:{ports["savvy"]}
  sends: gvret:tcp://127.0.0.1:{ports["savvy-sends"]},listen=no
  socketcand: socketcand:tcp://127.0.0.1:{ports["daemon"]},bus=drive
  slcan: slcan:tcp://127.0.0.1:{ports["adapter-tcp"]}
  daemon-sends: socketcand:tcp://127.0.0.1:{ports["daemon-sends"]},bus=drive,listen=no
  cannelloni: cannelloni:udp://127.0.0.1:{here},local={there},listen=no
outputs:
  frames: {{type: candump, path: {work}/second.log}}
  back: {{type: socketcand, listen: "127.0.0.1:0", links: "sends, daemon-sends,cannelloni", send: yes}}
""")
back = second.port("back")
until(5, "a second gateway connects", lambda: second.text().count(" is open") >= 7)


def channel_is_open():
    body.send("t7FE0")
    return " slcan 7FE#" in open(f"{work}/second.log").read()


until(5, "its slcan link has opened its channel", channel_is_open)
sent = [f"t1{i:02X}2{i:02X}55" for i in range(200)]
for i in range(0, 200, 20):
    drive.send(*sent[i:i + 20])
    body.send(*sent[i:i + 20])
    time.sleep(0.01)
wanted = [f"1{i:02X}#{i:02X}55" for i in range(200)]


def seen(link):
    try:
        lines = [line.split() for line in open(f"{work}/second.log")]
    except FileNotFoundError:
        return []
    return [line[2] for line in lines if line[1] == link and line[2].endswith("55") and len(line[2]) == 8]


for link in ("gvret", "sends", "socketcand", "slcan", "cannelloni"):
    until(5, f"{link} has all 200 frames in order", lambda: seen(link) == wanted)
for i, link in enumerate(("sends", "daemon-sends", "cannelloni")):
    chain = connect(back, (b"", b"< hi >"), (b"< open %s >" % link.encode(), b"< ok >"))
    chain.sendall(b"< send 18FF50E5 2 a %d >" % i)
    until(5, f"a frame goes all the way back on {link}", lambda: drive.frames[-1] == f"T18FF50E520A0{i}")
second.end()

# ---- whatever clients say, the gateway stands ----
dice = random.Random(20000)
PIECES = [b"\xf1", b"\xe7", b"\xf1\x00", b"\xf1\x14", b"< ", b" >", b"< open drive >", b"< rawmode >", b"< send ", b"t", b"T",
          b"O\r", b"C\r", b"\r", b"<" * 300, b"\x02\x00\x00\x00\x05", b"7FF", b"8", b"\xff\xff"]
for name in ports:
    for _ in range(10):
        noise = b"".join(dice.choice(PIECES) if dice.random() < 0.7 else dice.randbytes(3) for _ in range(500))
        with socket.create_connection(("127.0.0.1", ports[name])) as sock:
            try:
                sock.sendall(noise)
            except OSError:
                pass  # hung up on
for _ in range(200):
    tunnel.sendto(b"\x02\x00" + dice.randbytes(dice.randrange(100)), ("127.0.0.1", local))
until(0, "whatever is said to it, it runs", lambda: gateway.process.poll() is None)
connect(ports["savvy"], (b"\xe7\xf1\x09", b"\xf1\x09\xde\xad")).close()
connect(ports["daemon"], (b"", b"< hi >")).close()

# ---- who reads slowly harms nobody; a ninth client is refused ----
others = [connect(ports["savvy"], (b"\xe7\xf1\x09", b"\xf1\x09\xde\xad")) for _ in range(7)]
ninth = socket.create_connection(("127.0.0.1", ports["savvy"]))
until(0, "a ninth client is refused", lambda: read(ninth, 1) == b"")
until(5, "and said", gateway.says(" is refused: 8 clients are connected"))
slow = socket.socket()
slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
slow.connect(("127.0.0.1", ports["daemon"]))
slow.sendall(b"< open body >< rawmode >")
for sock in [savvy, plain, deaf] + others:
    sock.close()
until(5, "how many were left out is said at the end of a client", lambda: re.search(
    "output daemon: .*: frames left out that socketcand has no form for: 2\n", gateway.text()))
quick = connect(ports["daemon"], (b"", b"< hi >"), (b"< open body >", b"< ok >"), (b"< rawmode >", b"< ok >"))
quick.settimeout(None)
count = [0]


def count_all():
    while data := quick.recv(65536):
        count[0] += data.count(b">")


threading.Thread(target=count_all, daemon=True).start()
batch = ["t7FF80011223344556677"] * 200
total = 0
end = time.monotonic() + 60
while "is too slow: frames lost to it" not in gateway.text() and time.monotonic() < end:
    body.send(*batch)
    total += len(batch)
    time.sleep(0.05)
until(0, "a slow client loses frames, and it is said", gateway.says("is too slow: frames lost to it"))
until(5, f"another one has all {total}", lambda: count[0] == total)
gateway.end()
