"""Verifies our messages with the specification's own library and signs some for us to verify.

Reads a JSON list of {"secret", "headers", "body"} from the file named first, writes a list of {"verified", "signature"}:
whether the library takes the message, and its own signature of the same id, time and body.
"""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook, WebhookVerificationError


def answer(message):
    webhook = Webhook(message["secret"])
    headers = message["headers"]
    try:
        webhook.verify(message["body"], headers)
        verified = True
    except WebhookVerificationError:
        verified = False
    time = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=timezone.utc)
    return {"verified": verified, "signature": webhook.sign(headers["webhook-id"], time, message["body"])}


with open(sys.argv[1], encoding="utf-8") as messages:
    json.dump([answer(message) for message in json.load(messages)], sys.stdout)
