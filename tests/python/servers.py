"""The real `qala serve` and a real Redis for a group of tests, ended by process id.

Which binary: QALA_BIN, else <CARGO_TARGET_DIR or ../../target>/debug/qala.
"""

import atexit
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 20
STOP_SECONDS = 20
NO_LIMITS = [word for scope in ("matching", "chat", "signaling") for word in (f"--{scope}-events-per-minute", "0")]
# A shell waits for its input to end, which it does with this process however that ends, and takes Redis along.
HOLD = '"$@" >/dev/null 2>&1 & cat >/dev/null; kill -9 $!; wait'


def binary():
    """Where the binary under test lies."""
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    path = pathlib.Path(os.environ.get("QALA_BIN", ROOT / target / "debug" / "qala"))
    assert path.exists(), f"no binary at {path}: run `cargo build` or set QALA_BIN"
    return path


class Server:
    """One node."""

    def __init__(self, *flags):
        self.output = ""
        self._changed = threading.Condition()
        # Nothing of the caller's environment reaches it: a PORT or JWT_SECRET set outside must not change a test.
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        command = [binary(), "serve", "--port", "0", *flags]
        self._child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        atexit.register(self._child.kill)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        with self._changed:
            ready = self._changed.wait_for(self._is_decided, START_SECONDS)
        found = re.search(r"(?:https?|wss?)://[^\s/:]+:(\d+)", self.output)
        if not (ready and found and self._child.poll() is None):
            self._child.kill()
            raise AssertionError(f"the server is not ready; it said:\n{self.output}")
        self.url = f"http://127.0.0.1:{found[1]}"

    def stop(self):
        """Stops it; it must have lived until here, and go well."""
        self._child.terminate()
        try:
            code = self._child.wait(STOP_SECONDS)
        finally:
            self._child.kill()
            self._reader.join(STOP_SECONDS)
            self._child.stdout.close()
            atexit.unregister(self._child.kill)
        assert code == 0, f"the server ended with {code}:\n{self.output}"
        assert "panicked at" not in self.output, self.output

    def _is_decided(self):
        return re.search(r"^ready\b", self.output, re.MULTILINE) or self._child.poll() is not None

    def _read(self):
        for line in self._child.stdout:
            with self._changed:
                self.output += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


class Redis:
    """A single Redis that keeps nothing."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="qala-redis-")
        port = free_port()
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", self._directory.name]
        words += ["--save", "", "--appendonly", "no"]
        self._shell = subprocess.Popen(["sh", "-c", HOLD, "redis", *words], stdin=subprocess.PIPE)
        self.url = f"redis://127.0.0.1:{port}"
        ends = time.monotonic() + START_SECONDS
        while not answers(port):
            assert time.monotonic() < ends, "redis-server does not answer (scripts/setup installs it)"
            time.sleep(0.02)

    def stop(self):
        """Ends it."""
        self._shell.stdin.close()
        self._shell.wait(STOP_SECONDS)
        self._directory.cleanup()


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether a Redis listens there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
    except OSError:
        return False
