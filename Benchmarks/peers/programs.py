"""The programs that are compared, each asked to evaluate in turn."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

worker = Path(__file__).resolve().parent / "worker.py"


class PeerFailure(Exception):
    """A peer ended before it answered; the description is what it wrote."""


class Peer:
    """A resident process of worker.py, stopped while it is not asked for anything: idle threads may spin."""

    def __init__(self, name, model, inputs, threads):
        self.name, self.seconds, self.error, self.memory = name, [], None, None
        self.output = inputs[0].with_suffix(f".{name.replace(' ', '-')}.npy")
        self.messages = tempfile.TemporaryFile("w+")
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [sys.executable, worker, name, model, *inputs, self.output, str(threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.messages, text=True, env=environment)
        atexit.register(self.process.kill)  # a stopped process would outlive a comparison that fails
        self.run(1)

    def run(self, times):
        """Evaluates some times; the seconds of each."""
        self.process.send_signal(signal.SIGCONT)
        seconds = self.ask(f"run {times}")
        self.process.send_signal(signal.SIGSTOP)
        return seconds

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.memory = self.ask("quit")
        self.process.wait()

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            self.messages.seek(0)
            raise PeerFailure(f"{self.name}: {self.messages.read().strip()}")
        return json.loads(answer)


class OurProgram:
    """`diffuse-gpu forward`, one process a round; its first evaluation, which prepares weights, does not count."""

    def __init__(self, name, program, flags, model, inputs, threads):
        self.name, self.seconds, self.error, self.memory = name, [], None, 0
        self.output = inputs[0].with_suffix(f".{name.replace(' ', '-')}.npy")
        device = [] if "--device" in flags else ["--device", "cpu"]
        self.command = [program, "forward", "--model", model, "--input", inputs[0], "--timesteps", inputs[1],
                        "--output", self.output, "--threads", str(threads), "--json", *device, *flags]
        self.run(1)

    def run(self, times):
        """Evaluates some times; the seconds of each."""
        process = subprocess.Popen([*self.command, "--repeat", str(times + 1)], stdout=subprocess.PIPE, text=True)
        answer = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{self.name}: {' '.join(map(str, self.command))} failed")
        self.memory = max(self.memory, usage.ru_maxrss * 1024)
        return json.loads(answer)["seconds"][1:]

    def end(self):
        pass
