"""What the tests of the live page and of its server share: checks that each print a line."""
import time


class Failed(Exception):
    """A check that found something wrong; its text says what."""


def need(condition, text):
    if not condition:
        raise Failed(text)


def run(checks, *arguments, faults=()):
    """Runs checks one after the other, and returns how many failed: by Failed, an error of the system, or one of `faults`."""
    failed = 0
    for check in checks:
        name, began = check.__name__.replace("_", " "), time.monotonic()
        try:
            note = check(*arguments)
            print(f"ok      {name}{f': {note}' if note else ''} ({time.monotonic() - began:.1f} s)", flush=True)
        except (Failed, OSError, *faults) as error:
            failed += 1
            print(f"FAILED  {name}: {str(error).strip().splitlines()[0]}", flush=True)
    return failed
