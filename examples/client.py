#!/usr/bin/env python3
"""A client after the example of the page "Sign Qredo API calls", with nothing but Python's standard library.

    API_BASE=http://127.0.0.1:4567/qapi/v1 API_KEY=… API_SECRET=… WALLET=0x… python3 client.py [ns|ms|s]
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.request

BASE = os.environ["API_BASE"]
KEY = os.environ["API_KEY"]
SECRET = os.environ["API_SECRET"]


def my_time():
    return {"ns": time.time_ns(), "ms": time.time_ns() // 10**6, "s": int(time.time())}[sys.argv[1] if len(sys.argv) > 1 else "ns"]


def sign(message):
    digest = hmac.new(base64.b64decode(SECRET), message.encode("utf-8"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def call(method, url, text=None):
    xtime = str(my_time())
    headers = {"qredo-api-key": KEY, "qredo-api-ts": xtime, "qredo-api-sig": sign(xtime + method + url + (text or ""))}
    data = None if text is None else text.encode("utf-8")
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers)) as response:
        return response.read().decode("utf-8")


print(call("GET", BASE + "/balance"))
body = {"from": os.environ["WALLET"], "to": "0x" + "1" * 40, "value": "1", "gasLimit": "21000", "gasPrice": "1", "note": "für 5 €"}
for text in (
    json.dumps(body),
    json.dumps(body, separators=(",", ":")),
    json.dumps(body, ensure_ascii=False),
    json.dumps(body, ensure_ascii=False, indent=4),
):
    print(call("POST", BASE + "/transaction", text))
