#!/usr/bin/env python3
"""receiver.py: who is notified. Takes every POST, and answers 200 when it is in the journal:

  {"path":"/alerts","key":"123-too_hot-1466380800123","body":{...}}

It stands for the web hook of the alerts, and for the older system of legacy.
Environment: PORT (8090), ADDRESS (0.0.0.0), JOURNAL.
"""
import http.server
import json
import os
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    journal = None

    def do_POST(self):  # pylint: disable=invalid-name
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            content = json.loads(body)
        except ValueError:
            content = body.decode(errors="replace")
        line = json.dumps({"path": self.path, "key": self.headers.get("Idempotency-Key"), "body": content})
        with self.lock:
            self.journal.write(line + "\n")
            self.journal.flush()  # a kill of this process loses nothing that was answered
        self._answer(200)

    def do_GET(self):  # pylint: disable=invalid-name
        self._answer(200)

    def _answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


def main():
    with open(os.environ["JOURNAL"], "a", encoding="utf-8") as journal:
        Handler.journal = journal
        journal.write("\n")  # a line that a kill cut short ends here
        address = (os.environ.get("ADDRESS", "0.0.0.0"), int(os.environ.get("PORT", "8090")))
        http.server.ThreadingHTTPServer(address, Handler).serve_forever()


if __name__ == "__main__":
    main()
