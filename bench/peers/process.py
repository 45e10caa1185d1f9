"""Running programs and knowing what they cost: CPU of a whole process from the kernel's account."""

import json
import os
import shutil
import signal
import subprocess
import time


class Failed(Exception):
    """A program did not do what was asked; the text says which and why."""


class Usage:
    def __init__(self, cpu, peak_bytes, seconds, code):
        self.cpu = cpu  # user and system seconds, threads and waited-for children included
        self.peak_bytes = peak_bytes
        self.seconds = seconds
        self.code = code


class Child:
    """A program in the background, its output in a file."""

    def __init__(self, command, log, namespace=None):
        self.command = [str(part) for part in command]
        if namespace:
            self.command = ["ip", "netns", "exec", namespace, *self.command]  # execs: same process
        self.log = log
        self._out = open(log, "wb")
        self._start = time.monotonic()
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._out
        )
        self.pid = self._process.pid

    def cpu_now(self):
        """CPU seconds of the living threads so far, in nanoseconds' resolution."""
        total = 0
        for thread in _listdir(f"/proc/{self.pid}/task"):
            text = _read(f"/proc/{self.pid}/task/{thread}/schedstat").split()
            total += int(text[0]) if text else 0
        return total / 1e9

    def running(self):
        # Not by waiting: that would throw the account of an ended process away.
        state = _read(f"/proc/{self.pid}/stat").rpartition(")")[2].split()
        return bool(state) and state[0] not in "ZX"

    def text(self):
        return _read(self.log)

    def wait(self, timeout):
        """Waits for the end; Usage of its whole life."""
        end = time.monotonic() + timeout
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > end:
                self.kill()
                raise Failed(f"{self.command[0]} did not end within {timeout} s")
            time.sleep(0.01)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._out.close()
        return Usage(
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * 1024,
            time.monotonic() - self._start,
            self._process.returncode,
        )

    def stop(self, signal_number=signal.SIGTERM, timeout=60):
        os.kill(self.pid, signal_number)
        return self.wait(timeout)

    def kill(self):
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        self._out.close()


def measure(command, log, timeout=600):
    """Runs to the end. Failed when it does not end well."""
    usage = Child(command, log).wait(timeout)
    if usage.code != 0:
        tail = _read(log).strip().splitlines()[-1:] or ["no output"]
        raise Failed(f"{os.path.basename(str(command[0]))} ended with {usage.code}: {tail[0][:200]}")
    return usage


def tool(command, timeout=600):
    """Runs a tool of ours that prints one line of JSON; the parsed line."""
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=timeout)
    if done.returncode != 0 and not done.stdout.strip():
        raise Failed(f"{os.path.basename(str(command[0]))}: {done.stderr.decode().strip()[:200]}")
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def installed(program):
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is not None


def _listdir(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def _read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""
