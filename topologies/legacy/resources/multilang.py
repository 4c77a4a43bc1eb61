"""The child's side of Storm's multilang protocol, as small as it goes.

    import multilang

    class Upper(multilang.Bolt):
        def process(self, tup):
            self.emit([tup.values[0].upper()])

    Upper().run()

process() returns: the tuple is acked. It raises: the tuple fails, with the exception as the reason, and
the next one is taken. What is emitted meanwhile is anchored to the tuple. Needs nothing but Python 3.
"""

import json
import os
import sys
import traceback
from collections import namedtuple

Tuple = namedtuple("Tuple", "id component stream task values")

_LEVELS = {"trace": 0, "debug": 1, "info": 2, "warn": 3, "error": 4}

# The protocol has standard output for itself: whatever prints goes to standard error, which is logged.
_input = sys.stdin.buffer
_output = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
os.dup2(2, 1)
sys.stdout = sys.stderr


def _read():
    """The next message; None when the parent has gone or lets go of us."""
    lines = []
    for line in _input:
        if line == b"end\n":
            return json.loads(b"".join(lines))
        lines.append(line)
    return None


def _write(message):
    # allow_nan: NaN is no JSON, and better found here, with a stack, than by the parent.
    text = json.dumps(message, separators=(",", ":"), allow_nan=False)
    _output.write(text.encode() + b"\nend\n")


class Bolt:
    """Derive from it, write process(), call run()."""

    def initialize(self, conf, context):
        """Called once, before the first tuple. Raises: the child ends, and is started again later."""

    def process(self, tup):
        raise NotImplementedError

    def emit(self, values, stream="default", anchors=None, task=None):
        """Emits a tuple, anchored to the one being processed, or to `anchors`; to one task if told."""
        if anchors is None:
            anchors = [] if self._current is None else [self._current]
        message = {"command": "emit", "stream": stream, "anchors": [a.id for a in anchors],
                   "tuple": list(values), "need_task_ids": False}
        if task is not None:
            message["task"] = task
        _write(message)

    def log(self, text, level="info"):
        _write({"command": "log", "msg": str(text), "level": _LEVELS[level]})

    def metric(self, name, value=None):
        """Adds to a counter, or sets a level, that the bolt's options declare."""
        _write({"command": "metrics", "name": name, "params": value})

    _current = None

    def run(self):
        try:
            self._serve()
        except BrokenPipeError:
            os._exit(0)  # the parent has gone: there is nobody to tell

    def _serve(self):
        hello = _read()
        if hello is None:
            return
        with open(os.path.join(hello["pidDir"], str(os.getpid())), "w", encoding="ascii"):
            pass
        _write({"pid": os.getpid()})
        _output.flush()
        self.initialize(hello["conf"], hello["context"])
        while True:
            message = _read()
            if message is None:
                return
            self._take(message)
            _output.flush()

    def _take(self, message):
        if message["stream"] == "__heartbeat":
            return _write({"command": "sync"})
        tup = Tuple(message["id"], message["comp"], message["stream"], message["task"],
                    message["tuple"])
        self._current = tup
        try:
            self.process(tup)
        except Exception as fault:  # pylint: disable=broad-except
            traceback.print_exc()
            _write({"command": "error", "msg": f"{type(fault).__name__}: {fault}"})
            _write({"command": "fail", "id": tup.id})
        else:
            _write({"command": "ack", "id": tup.id})
        finally:
            self._current = None
        return None
