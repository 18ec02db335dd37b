"""One of Celery's own commands in a terminal of its own, and what that terminal shows."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading

import pyte

COLUMNS, ROWS = 120, 30


class Terminal:
    """A program whose terminal is looked at; it gets SIGHUP when this process ends."""

    def __init__(self, words):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.lock = threading.Lock()
        self.primary, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "interop_app", *words],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            env={**os.environ, "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(secondary)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                output = os.read(self.primary, 65536)
            except OSError:
                return
            if not output:
                return
            with self.lock:
                self.stream.feed(output)

    def lines(self):
        """What is to be seen, line by line, without spaces at their ends."""
        with self.lock:
            return [line.rstrip() for line in self.screen.display]

    def type(self, keys):
        os.write(self.primary, keys.encode())

    def interrupt(self):
        """As ^C does. Returns the exit code."""
        os.write(self.primary, b"\x03")
        return self.process.wait(30)
