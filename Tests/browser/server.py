"""Tests the server of `diffuse-gpu serve` from outside: its pace, and what it does with clients that vanish, lie or flood it.

    server.py PROGRAM

Starts the program itself, on a free port. Each check prints a line. The exit status is 1 where one failed. Needs nothing but Python.
"""
import contextlib, http.client, json, os, random, signal, socket, statistics, subprocess, sys, tempfile, time, urllib.request

import checks
from checks import need


class Server:
    """A server in a process of its own."""

    def __init__(self, program):
        self.program, self.begin = program, time.monotonic()
        self.process = subprocess.Popen([program, "serve", "--port", "0", "--model", "mnist", "--device", "cpu", "--quiet"],
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.port = int(self.address.rstrip("/").split(":")[-1])

    def ask(self, path, body=None, method=None):
        request = urllib.request.Request(self.address + path, body and json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def run(self, **settings):
        return json.loads(self.ask("api/jobs", {"model": 0, "sampler": "ddim", "seeds": "0-15", **settings}))["id"]

    def state(self, job):
        return json.loads(self.ask(f"api/jobs/{job}"))["state"]

    def events(self, job):
        """Names and contents of a run's events, as they come."""
        with urllib.request.urlopen(f"{self.address}api/jobs/{job}/events") as answer:
            name = ""
            for line in answer:
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield name, json.loads(line[6:])

    def studied(self):
        """Waits until nothing is computed in the background any more."""
        while any(json.loads(self.ask("api/models/0"))[part]["state"] in ("waiting", "computing") for part in ("starts", "critical", "line")):
            time.sleep(0.5)

    def memory(self):
        """Megabytes that are resident."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def socket(self):
        return contextlib.closing(socket.create_connection(("127.0.0.1", self.port), timeout=20))


def the_first_picture_comes_soon(server):
    job = server.run(steps=50)
    next(event for event in server.events(job) if event[0] == "step")
    seconds = time.monotonic() - server.begin
    server.ask(f"api/jobs/{job}", method="DELETE")
    need(seconds < 2, f"{seconds:.2f} s after the start of the process")
    return f"{seconds:.2f} s after the start of the process"


def steps_come_at_the_samplers_rate(server):
    server.studied()
    ratios = []
    for turn in range(5):
        job = server.run(steps=60)
        served = [content for name, content in server.events(job) if name in ("step", "done")]
        with tempfile.TemporaryDirectory() as folder:
            own = json.loads(subprocess.run(
                [server.program, "sample", "--model", "mnist", "--sampler", "ddim", "--steps", "60", "--seeds", "0-15", "--device", "cpu",
                 "--json", "--quiet", "--output", f"{folder}/x.png"], check=True, capture_output=True).stdout)
        ratios.append(served[-1]["seconds"] / own["seconds"])
        need(len(served) > 55, f"only {len(served)} of 61 events were seen")
    middle = statistics.median(ratios)
    need(middle < 1.05, f"{middle:.3f} times the time of sample ({min(ratios):.3f} to {max(ratios):.3f})")
    return f"{middle:.3f} times the time of sample ({min(ratios):.3f} to {max(ratios):.3f})"


def a_run_that_nobody_watches_stops(server):
    job = server.run(steps=1000)
    for name, _ in server.events(job):
        if name == "step":
            break
    begin = time.monotonic()
    while server.state(job) == "running":
        need(time.monotonic() - begin < 5, "it goes on")
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    need(server.state(job) == "cancelled" and seconds < 2, f"{server.state(job)} after {seconds:.2f} s")
    return f"{seconds:.2f} s"


def a_hundred_clients_ask_and_vanish(server):
    before = server.memory()
    for turn in range(100):
        with server.socket() as client:
            if turn % 3 == 0:
                client.sendall(b"GET /api/mo")
            elif turn % 3 == 1:
                client.sendall(f"GET /api/models HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
            else:
                job = server.run(steps=1000, slot="vanishing")
                client.sendall(f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
                client.recv(10)
    return flat(server, before)


def a_thousand_malformed_requests(server):
    before, dice = server.memory(), random.Random(0)
    host = f"Host: 127.0.0.1:{server.port}\r\n"
    seeds = [f"POST /api/jobs HTTP/1.1\r\n{host}Content-Length: 14\r\n\r\n" + '{"model": 0}  ', f"GET /api/models HTTP/1.1\r\n{host}\r\n",
             f"POST /api/jobs HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", f"GET /{'../' * 20}etc/passwd HTTP/1.1\r\n{host}\r\n",
             f"POST /api/jobs HTTP/1.1\r\n{host}Content-Length: -5\r\n\r\n", f"GET /api/jobs/99999999999999999999/events HTTP/1.1\r\n{host}\r\n",
             f"GET /api/world?share=%ff%00 HTTP/1.1\r\n{host}\r\n", "\0" * 50, f"GET / HTTP/9.9\r\n{host}{'X: y' * 2000}\r\n\r\n"]
    for turn in range(1000):
        text = bytearray(dice.choice(seeds).encode("latin-1"))
        for _ in range(dice.randrange(6)):
            text[dice.randrange(len(text))] = dice.randrange(256)
        with contextlib.suppress(OSError), server.socket() as client:
            client.sendall(text)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(0.02)
            client.recv(1000)
    server.ask("api/models")
    return flat(server, before)


def a_body_of_a_gigabyte(server):
    before = server.memory()
    for header in ("Content-Length: 1073741824\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"):
        with server.socket() as client:
            client.sendall(f"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{header}".encode())
            block = b" " * (1 << 20)
            if "chunked" in header:
                block = b"100000\r\n" + block + b"\r\n"
            sent = 0
            with contextlib.suppress(OSError):
                while sent < 1024:
                    client.sendall(block)
                    sent += 1
            need(sent < 64, f"{sent} MB were taken")
    return flat(server, before)


def a_slow_reader_holds_nothing_up(server):
    before, job = server.memory(), server.run(steps=100)
    with server.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        client.sendall(f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        begin = time.monotonic()
        while server.state(job) in ("queued", "running"):
            need(time.monotonic() - begin < 120, "the run does not end")
            time.sleep(0.1)
        need(server.state(job) == "done", server.state(job))
    return flat(server, before)


def sigterm_ends_it(server):
    server.run(steps=1000)
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(20)
    need(code == 0, f"exit status {code}")
    return f"{time.monotonic() - begin:.2f} s"


def flat(server, before):
    """Says how much memory a check has left behind; 30 MB are within what an allocator keeps."""
    server.ask("api/models")
    time.sleep(1.5)
    after = server.memory()
    need(after < before + 30, f"memory grew from {before:.0f} to {after:.0f} MB")
    return f"memory {before:.0f} to {after:.0f} MB"


CHECKS = [the_first_picture_comes_soon, steps_come_at_the_samplers_rate, a_run_that_nobody_watches_stops, a_hundred_clients_ask_and_vanish,
          a_thousand_malformed_requests, a_body_of_a_gigabyte, a_slow_reader_holds_nothing_up, sigterm_ends_it]


def main():
    server = Server(sys.argv[1])
    try:
        failed = checks.run(CHECKS, server, faults=[http.client.HTTPException])
    finally:
        server.process.kill()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
