"""A receiver in Python, without packages: WEBHOOK_SECRET=… python3 receiver.py"""

import collections
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["WEBHOOK_SECRET"].encode()  # of the webhook
HOST, PORT = os.environ.get("ADDR", "127.0.0.1:8080").split(":")
MAX_BODY = 16 << 20
MAX_AGE = 5 * 60_000  # ms


def verified(headers, body):
    """Whether a request was signed with the secret, and lately. The body must be the bytes as they
    came, before any JSON parser."""
    timestamp = headers.get("X-Twenty-Webhook-Timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() * 1000 - int(timestamp)) > MAX_AGE:
        return False
    want = hmac.new(SECRET, timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    got = headers.get("X-Twenty-Webhook-Signature", "")
    return hmac.compare_digest(want.encode(), got.encode())


seen = collections.OrderedDict()
lock = threading.Lock()


def is_new(event_id):
    """Whether an event has not come before. Where it matters, keep the ids in the database, and
    write one in the transaction that does what its event asks for. Here they are kept in memory."""
    with lock:
        if event_id in seen:
            return False
        seen[event_id] = True
        if len(seen) > 10_000:
            seen.popitem(last=False)  # the oldest
        return True


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections

    def do_POST(self):
        size = int(self.headers["Content-Length"])  # Hookline always sends it
        if size > MAX_BODY:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(size)
        if not verified(self.headers, body):
            return self.answer(401)
        event = json.loads(body)
        if is_new(self.headers["Webhook-Id"]):
            key = json.dumps(event.get("key"), separators=(",", ":"))
            print(self.headers["Webhook-Id"], event["event"], key, flush=True)
        self.answer(200)  # only once what came is safe: nothing answered 2xx is sent again

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer((HOST, int(PORT)), Receiver)
print(f"listening on {HOST}:{server.server_port}", flush=True)
server.serve_forever()
