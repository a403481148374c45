#!/bin/sh
# can_links.sh - links to a bus behind GVRET, socketcand and cannelloni: the other ends are scripts that send
# literal bytes, whole, one by one, wrong, and go away.
set -eu
. "$TEST_DIR/e2e/lib.sh"

run "far ends" timeout 60 python3 - "$VOLTBUS" "$work" <<'END'
import re, socket, subprocess, sys, threading, time

program, work = sys.argv[1:]
LEAF = bytes.fromhex("0004C262000003B6")  # of 1DB


class Server:
    """A TCP server that keeps what it hears; talk(self, data) is called for each piece."""

    def __init__(self, talk=lambda server, data: None, hello=b""):
        self.talk, self.hello, self.heard, self.peer, self.times = talk, hello, b"", None, 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.peer, _ = self.server.accept()
            self.times += 1
            self.send(self.hello)
            while data := self.receive():
                self.heard += data
                self.talk(self, data)

    def receive(self):
        try:
            return self.peer.recv(1000)
        except OSError:
            return b""

    def send(self, data):
        try:
            self.peer.sendall(data)
        except OSError:
            pass


def device(buses=2, rate0=500000, how0=1):
    def talk(server, data):
        if b"\xf1\x0c" in data:
            server.send(b"\xf1\x0c" + bytes([buses]))
        if b"\xf1\x06" in data:
            server.send(b"\xf1\x06" + bytes([how0]) + rate0.to_bytes(4, "little") + b"\x11\x90\xd0\x03\x00")
        if b"\xf1\x09" in data:
            server.send(b"\xf1\x09\xde\xad")
    return talk


def daemon(server, data):
    if b"< open can0 >" in data:
        server.send(b"< ok >")
    elif b"< open " in data:
        server.send(b"< error could not open bus >")
    elif b"< rawmode >" in data:
        server.send(b"< ok >")


gvret, set_up, small = Server(device()), Server(device(rate0=250000)), Server(device(buses=1))
can0, wrong, mute = Server(daemon, b"< hi >"), Server(daemon, b"< hi >"), Server()
tunnel, web = Server(hello=b"CANNELLONIv1"), Server(hello=b"HTTP/1.1 400 Bad Request\r\n")
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_port:
    any_port.bind(("127.0.0.1", 0))
    local = any_port.getsockname()[1]

with open(f"{work}/links.yaml", "w") as config:
    print(f"""
links:
  gvret: gvret:tcp://127.0.0.1:{gvret.port}
  set-up: gvret:tcp://127.0.0.1:{set_up.port},bus=0,bitrate=500000
  small: gvret:tcp://127.0.0.1:{small.port},bus=1
  can0: socketcand:tcp://127.0.0.1:{can0.port}
  wrong: socketcand:tcp://127.0.0.1:{wrong.port},bus=can7
  mute: socketcand:tcp://127.0.0.1:{mute.port}
  udp: cannelloni:udp://127.0.0.1:{udp.getsockname()[1]},local={local}
  tunnel: cannelloni:tcp://127.0.0.1:{tunnel.port}
  web: cannelloni:tcp://127.0.0.1:{web.port}
outputs: {{frames: {{type: candump, path: {work}/frames.log}}}}
""", file=config)
with open(f"{work}/said", "w") as said:
    voltbus = subprocess.Popen([program, "run", f"{work}/links.yaml"], stderr=said)


def text():
    return open(f"{work}/said").read()


def frames():
    try:
        return open(f"{work}/frames.log").read()
    except FileNotFoundError:
        return ""


def until(seconds, what, true):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            print("not so:", what, file=sys.stderr)
            print(text(), frames(), gvret.heard, set_up.heard, can0.heard, file=sys.stderr)
            voltbus.kill()
            sys.exit(1)
        time.sleep(0.02)
    print("ok", what)


def said(part):
    return lambda: part in text()


def recorded(part):
    return lambda: part in frames()


def bytewise(server, data):
    for i in range(len(data)):
        server.send(data[i:i + 1])
        time.sleep(0.001)


# ---- GVRET ----
until(5, "a GVRET adapter is switched to binary and asked",
      lambda: gvret.heard.startswith(b"\xe7\xe7\xf1\x0c\xf1\x06\xf1\x09"))
bytewise(gvret, b"\xf1\x00\x10\x27\x00\x00\xdb\x01\x00\x00\x08" + LEAF + b"\x00")
until(5, "its frame is taken, byte by byte", recorded(" gvret 1DB#0004C262000003B6\n"))
gvret.send(b"\xf1\x00\x11\x27\x00\x00\xdc\x01\x00\x00\x11\x55\x00"      # bus 1: not ours
           b"\xf1\x77" b"\xf1\x00\x12\x27\x00\x00\x23\x01\x00\x00\x09"  # nonsense, 9 bytes
           b"\xf1\x00\xf8\x2a\x00\x00\x10\xf1\xda\x98\x02\xaa\xbb\x00"   # 1 ms after the first
           b"\xf1\x00\xe0\x2e\x00\x00\x11\xf1\xda\x98\x02\xaa\xbb\x00")  # and 2 ms
until(5, "frames of its other bus are not, and nonsense does no harm", recorded(" gvret 18DAF111#AABB\n"))
until(0, "so it is", lambda: "1DC#" not in frames())
stamps = [float(t) for t in re.findall(r"\((\S+)\) gvret 18DAF11", frames())]
until(0, "its stamps are the adapter's: 1 ms apart", lambda: abs(stamps[1] - stamps[0] - 0.001) < 2e-6)
until(5, "bitrate= sets its bus up, and leaves the other as it is", lambda:
      b"\xf1\x05" + (0xE0000000 + 500000).to_bytes(4, "little") + (0xE0000000 + 250000).to_bytes(4, "little") + b"\0"
      in set_up.heard)
until(0, "without it nothing is set", lambda: b"\xf1\x05" not in gvret.heard)
until(5, "a bus that is not there is said", said(
    "link small is waiting: the adapter has 1 buses, counted from 0: there is no bus=1"))
until(5, "it is asked again and again, and switched to binary", lambda: gvret.heard.endswith(b"\xe7\xe7\xf1\x09"))
until(0, "not for what it has answered", lambda: gvret.heard.count(b"\xf1\x06") == 1)
gvret.peer.shutdown(socket.SHUT_RDWR)
until(5, "it goes away", said("link gvret is waiting: 127.0.0.1:%d has closed the connection" % gvret.port))
until(5, "and is opened again", lambda: gvret.times == 2)

# ---- socketcand ----
until(5, "a bus of socketcand is opened", lambda: can0.heard == b"< open can0 >< rawmode >")
bytewise(can0, b"< frame 1DB 1700000000.000100 0004C262000003B6 >")
can0.send(b"< frame 18DAF110 1700000000.001100 AABB >< fra< frame 123 17 x >< rtr 123 1700000000.002000 4 >"
          b"< error 004 1700000000.003000 >")
until(5, "its frames are taken", recorded(" can0 20000004#\n"))
until(0, "all of them", lambda: [l.split()[2] for l in frames().splitlines() if " can0 " in l]
      == ["1DB#0004C262000003B6", "18DAF110#AABB", "123#R4", "20000004#"])
can0.send(b"< error unknown command >")
until(5, "what the server says is told", said("link can0: the server says: unknown command"))
until(5, "a refused bus is", said("link wrong is waiting: the server refuses the bus 'can7': could not open bus"))
until(7, "and a server that says nothing", said("link mute is waiting: no greeting came (is it socketcand?)"))

# ---- cannelloni ----
to = ("127.0.0.1", local)
until(5, "an idle tunnel is open", said("link udp is open: nothing has come yet (an idle bus is silent, too)"))
stranger.sendto(b"\x02\x00\x00\x00\x01\x00\x00\x07\x77\x00", to)
udp.sendto(b"hello", to)
until(5, "packets of others are told", said("link udp is open: packets come that are not cannelloni's"))
udp.sendto(b"\x02\x00\x07\x00\x02\x00\x00\x01\xdb\x08" + LEAF + b"\x98\xda\xf1\x10\x02\xaa\xbb", to)
until(5, "a packet has two frames", recorded(" udp 18DAF110#AABB\n"))
until(0, "the first is there", recorded(" udp 1DB#0004C262000003B6\n"))
udp.sendto(b"\x02\x00\x0b\x00\x02\x00\x00\x01\x24\x00\x00\x00\x01\x25\x08\x11", to)  # cut short
until(5, "lost packets are counted", said("link udp: 3 packets were lost on the way"))
until(5, "of a packet that is cut the whole frames are taken", recorded(" udp 124#\n"))
until(0, "not the rest, nor those of a stranger", lambda: "125#" not in frames() and "777#" not in frames())
until(5, "a tunnel over TCP greets", lambda: tunnel.heard == b"CANNELLONIv1")
bytewise(tunnel, b"\x00\x00\x01\xdb\x08" + LEAF + b"\x00\x00\x01\x23\x8c\x05abcdefghijkl")
until(5, "its frames are taken", recorded(" tunnel 123##56162636465666768696A6B6C\n"))
tunnel.send(b"\x00\x00\x01\xdb\x09")
until(5, "what is no frame ends the connection", said("link tunnel is waiting: what comes is no frame"))
until(5, "somebody else is told", said(
    "link web is waiting: the other end does not speak cannelloni (version 1 over TCP)"))
voltbus.terminate()
until(5, "it ends", lambda: voltbus.poll() == 0)
END
status_is 0
grep '^ok' "$work/out" || true

# ---- what cannot be is refused where the LINK is read ----

cat >"$work/bad.yaml" <<END
links:
  a: gvret:/dev/ttyUSB0,bus=2,bitrate=500000
  b: gvret:udp://10.0.0.1:23
  c: socketcand:tcp://10.0.0.1:29536,bus=can 0
  d: cannelloni:udp://10.0.0.1
outputs: {frames: {type: candump, path: /tmp/x.log}}
END
run "bad links" "$VOLTBUS" check "$work/bad.yaml"
status_is 1
err_has "bad.yaml:2:39: links.a: bitrate: GVRET can set up the buses 0 and 1, not bus=2"
err_has "bad.yaml:3:12: links.b: gvret does not come in datagrams: expected a serial port, pty:PATH, tcp://host:port or"
err_has "bad.yaml:4:42: links.c: bus: expected 1 to 16 characters without spaces"
err_has "bad.yaml:5:17: links.d: the port is missing: expected udp://HOST:PORT"

finish
