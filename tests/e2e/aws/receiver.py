"""A receiver of webhooks that checks signatures, remembers everything, and can be down."""
import http.server
import json
import threading

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver:
    def __init__(self, secret):
        self.verifier = Webhook(secret)
        self.messages = []  # (webhook-id, body), those that were accepted
        self.refused = []
        self.tries = 0
        self.status = 200  # what it answers
        self.on_message = None
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                receiver.tries += 1
                if receiver.on_message:
                    receiver.on_message(body)
                if receiver.status == 200:
                    try:
                        receiver.verifier.verify(body, dict(self.headers))
                        receiver.messages.append((self.headers["webhook-id"], json.loads(body)))
                    except WebhookVerificationError as error:
                        receiver.refused.append(str(error))
                try:
                    self.send_response_only(receiver.status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ids_of(self, job_id):
        """Ids of the terminal messages about a job, each once."""
        terminal = ("transcription.completed", "transcription.failed", "transcription.dead", "transcription.cancelled")
        return {
            message_id
            for message_id, body in self.messages
            if body["type"] in terminal and body["data"].get("job_id", body["data"].get("id")) == job_id
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()
