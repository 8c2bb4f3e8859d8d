"""Requests to a chain of the real programs, as clients make them, and what must come of them.

    cases.py CASE…      with CHAIN_FRONT and CHAIN_WEB (ADDRESS:PORT of the balancer and of a web server), CHAIN_DOMAIN,
                        CHAIN_SEEN (what the apps write) and CHAIN_ROOT (the hosts' folders) in the environment

Each case is a function; one that fails says what came instead, and the exit status is 1.
"""

import base64
import glob
import gzip
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import quote

address, port = os.environ["CHAIN_FRONT"].split(":")
domain = os.environ["CHAIN_DOMAIN"]
root = os.environ["CHAIN_ROOT"]
url = f"https://{address}:{port}"
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
PATIENCE_SECONDS = 60


class Connection:
    """HTTP/1.1 by hand."""

    def __init__(self, port=port, tls=True):
        plain = socket.create_connection((address, int(port)), PATIENCE_SECONDS)
        self.socket = context.wrap_socket(plain) if tls else plain
        self.stream = self.socket.makefile("rb")

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))

    def head(self):
        """Status and headers (a list of pairs, names in lower case)."""
        line = self.stream.readline().decode("latin-1")
        if not line:
            return None, []
        headers = []
        while (field := self.stream.readline().rstrip(b"\r\n")):
            name, value = field.decode("latin-1").split(":", 1)
            headers.append((name.lower(), value.strip()))
        return int(line.split()[1]), headers

    def answer(self, method="GET"):
        status, headers = self.head()
        fields = dict(headers)
        body = b""
        if status is None or status < 200 or status in (204, 304) or method == "HEAD":
            pass
        elif "content-length" in fields:
            body = self.stream.read(int(fields["content-length"]))
        elif fields.get("transfer-encoding") == "chunked":
            body = b"".join(piece for piece in iter(self.chunk, b""))
        else:
            body = self.stream.read()
        return status, fields, body.decode("latin-1")

    def chunk(self):
        size = int(self.stream.readline() or b"0", 16)
        piece = self.stream.read(size)
        self.stream.readline()
        return piece


class HTTP2:
    """As much of HTTP/2 as it takes to have requests side by side on one connection, of any size: the usual clients refuse
    to send what these tests want refused."""

    KNOWN = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}

    def __init__(self):
        offer = ssl.create_default_context()
        offer.check_hostname, offer.verify_mode = False, ssl.CERT_NONE
        offer.set_alpn_protocols(["h2"])
        self.socket = offer.wrap_socket(socket.create_connection((address, int(port)), PATIENCE_SECONDS))
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(4, 0, 0, b""))
        self.next, self.statuses, self.ended = 1, {}, None

    @staticmethod
    def frame(kind, flags, stream, content):
        return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content

    @staticmethod
    def text(value):
        value, size = value.encode("latin-1"), len(value)
        if size < 127:
            return bytes([size]) + value
        size, more = size - 127, b""
        while size >= 128:
            size, more = size >> 7, more + bytes([size & 127 | 128])
        return b"\x7f" + more + bytes([size]) + value

    def ask(self, target, headers=(), host=None, method="GET"):
        """The number of the stream."""
        pseudo = [(":method", method), (":scheme", "https"), (":path", target), (":authority", host or domain)]
        block = b"".join(b"\x00" + self.text(name) + self.text(value) for name, value in [*pseudo, *headers])
        pieces = [block[i : i + 16384] for i in range(0, len(block), 16384)]
        sent = b""
        for i, piece in enumerate(pieces):
            sent += self.frame(9 if i else 1, (0 if i else 1) | (4 if i == len(pieces) - 1 else 0), self.next, piece)
        self.socket.sendall(sent)
        self.next += 2
        return self.next - 2

    def status(self, stream):
        """Of the answer; None where the stream is reset, or the connection ended."""
        while stream not in self.statuses and self.ended is None:
            head = self.stream.read(9)
            if len(head) < 9:
                self.ended = "closed"
                break
            kind, flags, number = head[3], head[4], int.from_bytes(head[5:9], "big")
            content = self.stream.read(int.from_bytes(head[:3], "big"))
            if kind == 1:
                while content[0] & 0xE0 == 0x20:
                    content = content[1:]
                first = content[0]
                self.statuses[number] = self.KNOWN[first & 127] if first & 128 else int(content[2:5])
            elif kind == 3:
                self.statuses.setdefault(number, None)
            elif kind == 7:
                self.ended = f"GOAWAY {content[4:8].hex()}"
            elif kind == 4 and not flags & 1:
                self.socket.sendall(self.frame(4, 1, 0, b""))
        return self.statuses.get(stream)


def ask(target="/", headers=(), method="GET", host=domain, body="", connection=None):
    connection = connection or Connection()
    fields = [("Host", host), *headers] if host is not None else list(headers)
    if body:
        fields.append(("Content-Length", str(len(body))))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
    connection.send(head + "\r\n" + body)
    return connection.answer(method)


def seen_by_app(target="/headers", headers=(), **more):
    status, _, body = ask(target, headers, **more)
    assert status == 200, (status, body)
    return json.loads(body)


def lines_seen():
    with open(os.environ["CHAIN_SEEN"]) as log:
        # The last one may be half written, and its rest be there a moment later.
        return [json.loads(line) for line in log.read().split("\n")[:-1]]


def runs(target):
    """How often apps were given it."""
    return sum(line[2] == target for line in lines_seen())


def curl(*arguments, timeout=40):
    outcome = subprocess.run(
        ["curl", "-sSk", "--max-time", str(timeout), "-H", f"Host: {domain}", *arguments], capture_output=True)
    return outcome.returncode, outcome.stdout.decode("latin-1"), outcome.stderr.decode()


def expect(found, wanted, what=""):
    assert found == wanted, f"{what}: expected {wanted!r}, found {found!r}"


# Who speaks


FORGED = """Forwarded X-Forwarded X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix
X-Forwarded-Server X-Forwarded-Scheme X-Forwarded-Ssl X-Forwarded-User X-Forwarded-Anything Client-IP X-Client-IP True-Client-IP
X-Cluster-Client-IP X-Real-IP X-Remote-Addr X-Remote-User X-Original-URL X-Original-Host X-Rewrite-URL X-Script-Name Script-Name
X-Scheme X-URL-Scheme X-Host X-HTTP-Host-Override Front-End-Https CF-Connecting-IP CF-Visitor Fastly-Client-IP Fly-Client-IP
CloudFront-Viewer-Address X-Envoy-External-Address X-AppEngine-User-IP X-Azure-ClientIP X-Arr-SSL WL-Proxy-Client-IP
Proxy-Client-IP Proxy X-ProxyUser-IP Remote-User X-Auth-Request-User X-Goog-Authenticated-User-Email X-Amzn-Oidc-Identity
X-MS-Client-Principal SSL-Client-Verify X-SSL-Client-Cert X-Client-Cert X-Sendfile-Type X-Accel-Mapping
X-Middleware-Subrequest X-Tandem-Web X-Tandem-Balancer X-Tandem-Unsent X-Tandem-Anything""".split()


def forged_headers():
    own = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-tandem-web", "x-tandem-balancer"}
    harmless = [("X-Csrf-Token", "t"), ("X-Requested-With", "r"), ("Accept-Language", "de"), ("Via", "1.0 cache"), ("X-Clientele", "c")]
    for spelling in (str, str.upper, lambda name: name.replace("-", "_")):
        sent = [(spelling(name), "forged") for name in FORGED]
        # Fewer at a time than the app in use would mind.
        for part in (sent[::2], sent[1::2]):
            found = seen_by_app(headers=part + harmless)
            assert not [pair for pair in found if pair[1] == "forged"], [pair for pair in found if pair[1] == "forged"]
            names = [name for name, _ in found]
            assert own <= set(names), names
            assert all(names.count(name) == 1 for name in own), names
            for name, value in harmless:
                assert [name.lower(), value] in found, (name, found)
    code, output, _ = curl("--http2", "-H", "X-Forwarded-Prefix: forged", "-H", "True-Client-IP: forged", f"{url}/headers")
    assert code == 0 and "forged" not in output and "x-forwarded-for" in output, output


def names_of_a_local_stack():
    known = ["localhost", f"localhost:{port}", "127.0.0.1", f"{address}:{port}", "app.localhost", "my-box", "shop.test",
             "LocalHost", "box.local", "10.1.2.3", "[::1]", "[::1]:8443"]
    for name in known:
        expect(ask("/x", host=name)[0], 200, name)
    strangers = ["evil.com", "localhost.evil.com", "127.0.0.1.nip.io", f"evil.com:{port}", "evil.com.", "localhost,evil.com", "a/b"]
    for name in strangers:
        before = len(lines_seen())
        status, _, body = ask("/x", host=name)
        assert status in (400, 421), (name, status)
        assert status == 400 or "answers for localhost" in body, body
        expect(len(lines_seen()), before, f"{name} reached an app")


def names_of_a_domain():
    for name in [domain, f"{domain}:{port}", domain.upper(), "localhost", address]:
        expect(ask("/x", host=name)[0], 200, name)
    for name in ["evil.com", f"www.{domain}", f"{domain}.evil.com", f"x{domain}", "10.9.8.7", "my-box", "shop.test", "a.localhost"]:
        expect(ask("/x", host=name)[0], 421, name)
    connection = HTTP2()
    expect(connection.status(connection.ask("/x", host="evil.com")), 421, "HTTP/2")
    expect(connection.status(connection.ask("/x")), 200, "HTTP/2")


def missing_host():
    expect(ask("/x", host=None)[0], 400, "HTTP/1.1 without Host")
    connection = Connection()
    connection.send("GET /headers HTTP/1.0\r\n\r\n")
    status, _, body = connection.answer()
    assert status == 200 and ["host", domain] in json.loads(body), (status, body)


def private_paths():
    paths = """/.tandem/shop/secrets.json /.tandem /.tandem/ /x/y/.tandem/shop/pki/ca-key.pem /%2etandem/a /%2Etandem/a
        /.%74andem/a /%2e%74%61%6e%64%65%6d/a //.tandem/a /./.tandem/a /x/../.tandem/a /x/%2e%2e/.tandem/a /x/..%2f.tandem/a
        /.TANDEM/a /%252etandem/a /.tandem%2fa /x%2f.tandem%2fa /.tandem;x/a /.tandem?x /x/..;/.tandem/a /.tandem%5ca /.tandem/tunnel
        /tandem.yaml /sub/tandem.yaml /tandem%2eyaml /%74andem.yaml /tandem.yml /TANDEM.YAML /tandem.yaml~ /.tandem.yaml.swp
        /%23tandem.yaml%23 /tandem.yaml.bak /tandem.yaml?x=1 /tandem.yaml/ /own-name.yaml /sub/own-name.yaml""".split()
    websocket = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "x" * 24)]
    before = len(lines_seen())
    for path in paths:
        for method, more in [("GET", ()), ("HEAD", ()), ("POST", ()), ("GET", websocket)]:
            expect(ask(path, more, method=method)[0], 404, f"{method} {path} {more[:2]}")
    expect(len(lines_seen()), before, "an app was asked")
    for path in ["/tandem", "/tandem.yam", "/x.tandem", "/my-tandem.yaml", "/.well-known/x"]:
        expect(ask(path)[2], f"app saw {path}")


def upgrades():
    for value in ["foo", "h2c", "TLS/1.0", "websocket2"]:
        found = dict(seen_by_app(headers=[("Connection", "Upgrade"), ("Upgrade", value)]))
        assert "upgrade" not in found and found.get("connection") != "upgrade", (value, found)
    assert websocket_echo(0) == ["one", "two"]
    headers_of_one_hop()


def headers_of_one_hop():
    """What a client lists in Connection strips none of the front's own headers, and the list goes no further."""
    own = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-request-id", "x-tandem-balancer", "host"]
    for listed in [", ".join(own), ", ".join(["close", *own]), ", ".join(["keep-alive", *own])]:
        names = [name for name, _ in seen_by_app(headers=[("Connection", listed)])]
        assert set(own) <= set(names), (listed, names)
        assert "connection" not in names and "keep-alive" not in names, names


def websocket_echo(pause):
    connection = Connection()
    say = websocket(connection)
    first = say(b"one")
    time.sleep(pause)
    return [first, say(b"two")]


def busy_app():
    """An app that reads nothing for a while is no host that is gone: what waits for it arrives."""
    count = 12_000_000
    connection = Connection()
    handshake(connection, f"/swallow?rest=3&bytes={count}")
    connection.send(b"x" * count)
    length = connection.stream.read(2)
    expect(connection.stream.read(length[1]) if len(length) == 2 else b"cut off", str(count).encode())


def handshake(connection, target):
    key = base64.b64encode(os.urandom(16)).decode()
    connection.send(
        f"GET {target} HTTP/1.1\r\nHost: {domain}\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n")
    expect(connection.head()[0], 101)


def websocket(connection):
    handshake(connection, "/echo")

    def say(text):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        connection.send(struct.pack("BB", 0x81, 0x80 | len(text)) + mask + masked)
        head = connection.stream.read(2)
        return connection.stream.read(head[1]).decode() if len(head) == 2 else "(cut off)"

    return say


# Streams


def arrivals(target, headers=()):
    """When each piece of a chunked answer came, after it was sent; seconds."""
    connection = Connection()
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    connection.send(f"GET {target} HTTP/1.1\r\nHost: {domain}\r\n{fields}\r\n")
    expect(connection.head()[0], 200, target)
    times, text = [], b""
    while (piece := connection.chunk()):
        text += piece
        while b"\n\n" in text:
            event, text = text.split(b"\n\n", 1)
            times.append(time.time() - float(event.split()[-1]))
    return times


def at_once(*functions):
    """Runs them side by side, because most of the time they wait."""
    with ThreadPoolExecutor(len(functions)) as pool:
        for outcome in [pool.submit(function) for function in functions]:
            outcome.result()


def streams_and_slow_clients():
    """With `timeouts: request` of 2 s."""
    kinds = ["text/event-stream", "text/plain", "application/x-ndjson", "application/json"]
    at_once(
        *[lambda kind=kind: stream(kind) for kind in kinds], stream_over_http2, lambda: silent_stream(()),
        lambda: silent_stream([("Accept", "text/event-stream")]), hanging_request, slow_upload, slow_headers, busy_app,
        lambda: expect(websocket_echo(5), ["one", "two"]))


def as_it_is_sent(ask_for_stream):
    """Three pieces, each of which comes before the next one is sent. A busy machine may be late with one for once; what gathers
    pieces is late each time."""
    for _ in range(5):
        try:
            times = ask_for_stream()
            assert len(times) == 3 and max(times) < 1, times
            return
        except Exception as error:
            last = error
    raise last


def stream(kind):
    as_it_is_sent(lambda: arrivals(f"/stream?pieces=3&pause=1.2&type={kind}"))


def stream_over_http2():
    def delays():
        process = subprocess.Popen(
            ["curl", "-skN", "--http2", "-H", f"Host: {domain}", f"{url}/stream?pieces=3&pause=1.2&type=text/event-stream"],
            stdout=subprocess.PIPE)
        found = [time.time() - float(line.split()[-1]) for line in process.stdout if line.strip()]
        process.wait()
        return found

    as_it_is_sent(delays)


def silent_stream(headers):
    times = arrivals("/stream?pieces=2&pause=5&type=text/event-stream", headers)
    assert len(times) == 2, (headers, times)


def hanging_request():
    expect(ask("/sleep?s=30")[0], 504, "an app that does not answer")
    expect(runs("/sleep?s=30"), 1, "a request that hangs")


def slow_headers():
    connection = Connection()
    connection.send("GET / HTTP/1.1\r\nHost:")
    expect(connection.head()[0], 408, "headers that do not end")


def slow_upload():
    """The bound is the app's and not the client's."""
    connection = Connection()
    connection.send(f"POST /count HTTP/1.1\r\nHost: {domain}\r\nContent-Length: 30\r\n\r\n")
    for _ in range(2):
        time.sleep(4)
        connection.send("x" * 15)
    status, _, body = connection.answer()
    expect((status, body), (200, "30"))


# Sizes


def large_headers():
    for length in [15_200, 20_000, 60_000]:
        for protocol in ["--http1.1", "--http2"]:
            code, output, errors = curl(protocol, "-H", f"Cookie: a={'x' * length}", f"{url}/headers")
            assert code == 0 and "x" * length in output, (protocol, length, code, output[:100], errors)
    many = [argument for i in range(200) for argument in ("-H", f"X-Field-{i}: {i}")]
    for protocol in ["--http1.1", "--http2"]:
        code, output, errors = curl(protocol, *many, f"{url}/headers")
        assert code == 0 and "x-field-199" in output, (protocol, output[:100], errors)


def too_large_headers():
    large = {
        "70 KB": [("cookie", f"a={'x' * 70_000}")],
        "100 KB": [("cookie", f"a={'x' * 100_000}")],
        "20 cookies of 4 KB": [("cookie", f"a{i}={'x' * 4096}") for i in range(20)],
        "700 fields": [(f"x-field-{i}", "x") for i in range(700)],
    }
    for what, headers in large.items():
        status, _, body = ask("/x", headers)
        assert status == 431 and "64 KB" in body, (what, status, body)
        connection = HTTP2()
        slow = connection.ask("/sleep?s=1")
        refused, next_one = connection.ask("/x", headers), connection.ask("/y")
        expect(connection.status(refused), 431, f"HTTP/2, {what}, {connection.ended}")
        expect(connection.status(next_one), 200, f"HTTP/2, the next request, {what}")
        expect(connection.status(slow), 200, f"HTTP/2, the request under way, {what}")
    expect(runs("/x"), 0, "apps were asked")


def large_answers():
    for target in ["/large-head?bytes=15800", "/large-head?bytes=60000", "/large-head?bytes=10&fields=300"]:
        for protocol in ["--http1.1", "--http2"]:
            code, output, errors = curl(protocol, "-w", "%{http_code}", f"{url}{target}")
            assert output == "large200", (target, protocol, code, output[:200], errors)
        expect(runs(target), 2, target)
    for target in ["/large-head?bytes=80000", "/large-head?bytes=10&fields=2000"]:
        expect(ask(target)[0], 502, target)
        expect(runs(target), 1, target)


# Answers as they are


def own_errors():
    for code in [500, 502, 503, 504]:
        for method in ["GET", "POST"]:
            target = f"/status?code={code}&body=own{method}"
            status, _, body = ask(target, method=method)
            expect((status, body), (code, f"own{method}"), target)
            expect(runs(target), 1, target)


def details():
    connection = Connection()
    connection.send(f"OPTIONS * HTTP/1.1\r\nHost: {domain}\r\n\r\n")
    expect(connection.answer()[0], 200, "OPTIONS *")
    expect(ask("/" + "x" * 40_000)[0], 414, "a long address")
    answers_without_body()


def answers_without_body():
    """A 204 or 304 has none, whatever the app says; what it sends all the same is no part of the next answer."""
    for target in ["/bodiless?code=204&length=0", "/bodiless?code=204&length=5&body=stray", "/bodiless?code=304&length=5",
                   "/bodiless?code=304&length=5&body=stray"]:
        code = int(target.split("code=")[1][:3])
        for _ in range(3):
            connection = Connection()
            status, fields, _ = ask(target, connection=connection)
            expect(status, code, target)
            if fields.get("connection") != "close":
                expect(ask("/next", connection=connection)[2], "app saw /next", f"after {target}, on its connection")
            expect(ask("/next")[2], "app saw /next", f"after {target}")
        over_http2 = HTTP2()
        expect(over_http2.status(over_http2.ask(target)), code, f"HTTP/2, {target}")
        expect(over_http2.status(over_http2.ask("/next")), 200, f"HTTP/2, after {target}")



def interim_answers():
    """All arrive, then the answer; and nobody's request meets the connection that they came on."""
    at_once(*[lambda code=code: interim_and_final(code) for code in ["100", "102", "103", "110", "199", "100,102,103"]])
    # Not large ones that come in one piece with the interim answer: HAProxy before 3.3 cuts those off.
    forms = [f"&pause=0.3&form={form}&bytes={size}" for form in ("length", "chunked") for size in (0, 5_000, 300_000)]
    forms += ["&bytes=0", "&bytes=5000"]
    at_once(*[lambda form=form: finals_after_interim(form) for form in forms])
    for code in ["204", "304"]:
        expect(ask(f"/interim?code=103&form=none&final={code}", connection=Final())[0], int(code))
    for code in ["301", "404", "503"]:
        expect(ask(f"/interim?code=103&final={code}", connection=Final())[::2], (int(code), "final "))
    # Side by side with others' requests, over connections that all of them share, and with stray bytes behind the answer.
    at_once(*[lambda client=client: interim_among_others(client) for client in range(16)])


class Final(Connection):
    """A client that passes over interim answers."""

    def head(self):
        while True:
            status, headers = super().head()
            if status is None or status >= 200 or status == 101:
                return status, headers


def interim_and_final(codes):
    for protocol in ["--http1.1", "--http2"]:
        code, output, errors = curl(protocol, "-i", f"{url}/interim?code={codes}")
        lines = output.splitlines()
        statuses = [line.split()[1] for line in lines if line.startswith("HTTP/")]
        expect(statuses, [*codes.split(","), "200"], f"{protocol} {codes} {errors}")
        expect([line.split()[1] for line in lines if line.lower().startswith("x-interim:")], codes.split(","), "its headers")
        expect(lines[-1], "final ", f"{protocol} {codes}")
        # The front's own headers are on the answer, and the app's.
        answer = lines[max(i for i, line in enumerate(lines) if line.startswith("HTTP/")) :]
        names = [line.split(":")[0].lower() for line in answer if ":" in line]
        assert {"x-request-id", "cache-control", "x-app"} <= set(names) and not [n for n in names if n.startswith("x-tandem")], answer


def finals_after_interim(form):
    """GET, POST with a body, and one that waits for 100 itself; on a connection that goes on."""
    wanted = "final " + "x" * int(form.split("bytes=")[1])
    connection = Final()
    for method, headers, body in [("GET", (), ""), ("POST", (), "x" * 70_000), ("PUT", [("Expect", "100-continue")], "x" * 70_000)]:
        status, fields, answer = ask(f"/interim?code=103{form}", headers, method, body=body, connection=connection)
        assert (status, answer) == (200, wanted), f"{method} {form}: {status}, {len(answer)} bytes: {answer[:80]}"
        if fields.get("connection") == "close":
            connection = Final()


def interim_among_others(client):
    connection = Final()
    for number in range(30):
        mark = f"{os.getpid()}-{client}-{number}"
        stray = "&stray=1" if number % 3 == 0 else ""
        target, wanted = [
            (f"/interim?code=103&mark={mark}{stray}", f"final {mark}"), (f"/after?{mark}", f"app saw /after?{mark}"),
        ][(client + number) % 2]
        status, fields, body = ask(target, method="POST" if number % 5 == 0 else "GET", connection=connection)
        expect((status, body), (200, wanted), target)
        expect(runs(target), 1, target)
        if fields.get("connection") == "close":
            connection = Final()


def compression():
    """What says no-transform stays as it is (RFC 9110, 7.7), and Cache-Control and Expires always do."""
    past, future = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    for cache in [None, "no-cache", "private, max-age=60", "public, max-age=31536000, immutable", "no-store", "transform"]:
        for expires in [None, past, future]:
            expect_answer(cache, expires, is_compressed=True)
    for cache in ["no-transform", "public, max-age=60, No-Transform", "no-cache,no-transform", "private, no-transform, no-store"]:
        for expires in [None, past, future]:
            expect_answer(cache, expires, is_compressed=False)
    # An app cannot speak in the name of nginx, nor a client in that of the balancer.
    expect_answer(None, None, True, more_query="&carried=public")
    expect_answer("private", None, True, more_query="&carried=public")
    expect_answer("no-transform", None, False, headers=[("Via", "1.0 cache, 1.1 tandem")])
    expect_answer("private", None, True, headers=[("Via", "1.0 cache")])
    code, output, errors = curl("--http2", "--compressed", "-i", f"{url}/x?more=5000&type=application/json&cache=private")
    assert code == 0 and "cache-control: private\r" in output and "content-encoding: gzip\r" in output, (output[:500], errors)
    # A balancer of an earlier version, which would not put anything back.
    code, output, errors = curl(
        "--compressed", "-i", "--cert", f"{root}/balancer.pem", "--key", f"{root}/balancer-key.pem",
        f"https://{os.environ['CHAIN_WEB']}/x?more=5000&type=application/json&cache=private")
    assert code == 0 and "cache-control: private\r" in output.lower() and "content-encoding: gzip\r" in output.lower(), (output[:500], errors)


def expect_answer(cache, expires, is_compressed, headers=(), more_query=""):
    fields = {"cache": cache, "expires": expires}
    query = "".join(f"&{name}={quote(value)}" for name, value in fields.items() if value) + more_query
    for more, accepts in [(5000, True), (5000, False), (0, True)]:
        target = f"/x?more={more}&type=application/json{query}"
        status, found, body = ask(target, [*headers, *([("Accept-Encoding", "gzip")] if accepts else [])])
        plain = f"app saw {target}" + "x" * more
        if is_compressed and accepts and more:
            expect(found.get("content-encoding"), "gzip", target)
            body = gzip.decompress(body.encode("latin-1")).decode()
        else:
            expect(found.get("content-encoding"), None, target)
        expect((status, body), (200, plain), target)
        expect((found.get("cache-control"), found.get("expires")), (cache, expires), target)
        assert not [name for name in found if name.startswith("x-tandem")], found


def access_log():
    """The time of each request in nginx' log, with milliseconds: those of several servers can be put in order."""
    times = []
    for number in range(3):
        before = time.time()
        expect(ask(f"/in-log?{number}")[0], 200)
        times.append((before, time.time()))
        time.sleep(0.05)
    pattern = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) \S+ .*/in-log\?(\d)")
    found, end = {}, time.time() + PATIENCE_SECONDS
    while len(found) < 3 and time.time() < end:
        time.sleep(0.1)
        for name in glob.glob(f"{root}/*/log/nginx-access.log"):
            with open(name) as log:
                lines = [match for match in map(pattern.match, log) if match]
            # A web server's own line, or that of the door behind it.
            found |= {int(match[2]): datetime.fromisoformat(match[1]).timestamp() for match in lines}
    expect(sorted(found), [0, 1, 2], "requests in the log")
    seen = [found[number] for number in range(3)]
    expect(seen, sorted(seen), "order")
    assert all(before - 0.05 <= time_seen <= after + 1 for time_seen, (before, after) in zip(seen, times)), (seen, times)
    assert any(time_seen % 1 for time_seen in seen), seen


def lost_requests():
    """Where an app dies of a request, or hangs up: a POST is not sent twice, a GET at most once more."""
    expect(ask("/hang-up", method="POST")[0], 502)
    expect(runs("/hang-up"), 1, "POST")
    expect(ask("/hang-up?get")[0], 502)
    # nginx itself tries once more where the connection had been kept from an earlier request.
    assert 1 <= runs("/hang-up?get") <= 4, runs("/hang-up?get")


def connections_that_end():
    """A POST does not meet a connection that the app ends without a word; what may be sent twice is."""
    before = len(lines_seen())
    for number in range(8):
        expect(ask("/gone-quietly")[2], "there")
        target = f"/after?{before}-{number}"
        for method in ["POST", "PATCH", "PUT", "GET"]:
            status, _, body = ask(target, method=method, body="" if method == "GET" else "x")
            expect((status, body), (200, f"app saw {target}"), f"{method} after a connection that ends")
            expect(ask("/gone-quietly")[2], "there")
        expect(runs(target), 4, target)


def nobody_there():
    """502, and no other error, while there is no app."""
    for method in ["GET", "POST"]:
        for _ in range(4):
            expect(ask("/x", method=method)[0], 502, method)


def passed_on():
    """All is answered while one of two apps is away."""
    for number in range(40):
        expect(ask(f"/?{number}", method="POST", body="x")[0], 200, f"POST {number}")
        expect(ask(f"/?g{number}")[0], 200, f"GET {number}")
    stream("text/event-stream")
    target = "/status?code=502&body=afar"
    expect(ask(target)[0::2], (502, "afar"))
    expect(runs(target), 1, target)


def one_app_only():
    """New requests, on connections that were there and on new ones, go to the one app that does not leave; no connection is closed."""
    connection = Connection()
    expect(ask("/first", connection=connection)[0], 200)
    apps, before = set(), len(lines_seen())
    for number in range(40):
        status, fields, _ = ask(f"/?{number}", method="POST", body="x", connection=connection if number % 2 else None)
        expect(status, 200, f"POST {number}")
        apps.add(ask("/status?code=200")[1]["x-app"])
    expect(apps, {os.environ["CHAIN_STAYS"]}, "apps that answered")
    expect(len(lines_seen()) - before, 80, "requests that apps were given")


# Static files: the test makes the folders that are meant here.


def replaced_folder():
    def point(target):
        os.symlink(target, f"{root}/next")
        os.replace(f"{root}/next", f"{root}/current")

    for folder, text in [(root, "key"), (f"{root}/.tandem/x", "key"), (f"{root}/server1/tls", "key"), (f"{root}/release2", "two")]:
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/plain.txt", "w") as file:
            file.write(text)
    os.makedirs(f"{root}/server2/tls", exist_ok=True)
    expect(ask("/style.css")[2], "css")
    for target in [".", ".tandem", ".tandem/x", "/", ".."]:
        point(target)
        for name in ["/plain.txt", "/x/plain.txt", "/etc/passwd"]:
            expect(ask(name)[0], 404, (target, name))
    point("release2")
    expect(ask("/plain.txt")[2], "two")
    point("release")
    expect(ask("/style.css")[2], "css")


def static_files():
    def get(target, **more):
        status, headers, body = ask(target, **more)
        return status, headers, body

    expect(get("/style.css")[2], "css")
    for program in ["index.php", "a.PHP", "lib.inc", "x.phtml", "app.py", "x.rb", "x.pl", "run.cgi", "old.php~", "old.php.bak", ".env",
                    ".git/config", "docs/.secret", "docs/index.php"]:
        expect(get(f"/{program}")[2], f"app saw /{program}", program)
        expect(get(f"/media/{program}")[2], f"app saw /media/{program}", program)
    expect(get("/%69ndex.php")[2], "app saw /%69ndex.php")
    expect(get("/nothing.css")[2], "app saw /nothing.css")
    expect(get("/style.css", method="POST")[2], "app saw /style.css")
    expect(get("/.well-known/x.txt")[2], "known")
    # Types.
    for name, kind in [("m.mjs", "text/javascript"), ("app.webmanifest", "application/manifest+json"), ("m.js.map", "application/json"),
                       ("style.css", "text/css"), ("docs/", "text/html")]:
        status, headers, _ = get(f"/{name}")
        assert status == 200 and headers["content-type"].startswith(kind), (name, status, headers)
        assert "etag" in headers, headers
        expect(headers.get("cache-control"), "no-cache", name)
        again = ask(f"/{name}", [("If-None-Match", headers["etag"])])
        expect(again[0], 304, name)
    for name in ["app.0a1b2c3d.css", "app-0a1b2c3d4e5f.js"]:
        expect(get(f"/{name}")[1].get("cache-control"), "public, max-age=31536000, immutable", name)
    for name in ["report-20240101.css", "app-deadbeef.css"]:
        expect(get(f"/{name}")[1].get("cache-control"), "no-cache", name)
    assert "cache-control" not in get("/nothing.css")[1]
    # Folders.
    for target, location in [("/docs", "./docs/"), ("/docs?x=1&y=2", "./docs/?x=1&y=2"), ("/x/../docs", "./docs/"), ("//evil.com/../docs", "./docs/"),
                             ("/media/pictures", "./pictures/")]:
        status, headers, _ = get(target)
        expect((status, headers.get("location")), (301, location), target)
    expect(get("/docs/")[2], "docs")
    expect(get("/docs", method="POST")[2], "app saw /docs")
    expect(get("/empty")[2], "app saw /empty")
    expect(get("/empty/")[2], "app saw /empty/")
    # Prefixes.
    expect(get("/media/cat.txt")[2], "cat")
    _, headers, body = ask("/large.css", [("Accept-Encoding", "gzip")])
    expect((headers.get("content-encoding"), headers.get("cache-control")), ("gzip", "no-cache"), "/large.css")
    expect(gzip.decompress(body.encode("latin-1")), b"x" * 5000)
    expect(get("/media/pictures/")[2], "pictures")
    expect(get("/media/style.css")[2], "app saw /media/style.css")
    expect(get("/media")[2], "app saw /media")
    expect(get("/cat.txt")[2], "app saw /cat.txt")
    # Links out of the folder, and within.
    for target in ["/passwd", "/out/secret", "/media/out/secret"]:
        expect(get(target)[2], f"app saw {target}", target)


failed = False
for case in sys.argv[1:]:
    try:
        globals()[case]()
    except Exception as error:
        failed = True
        print(f"{case}: {type(error).__name__}: {error}")
sys.exit(failed)
