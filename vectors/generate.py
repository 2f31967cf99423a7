#!/usr/bin/env python3
"""Writes the test vectors of this folder. Nothing here shares code with the library: the expected values are what
Python's hmac, hashlib, base64 and json give, or what a standard or an API's owner has published, said with each file.

    npm run vectors            # writes the files
    python3 vectors/generate.py --check   # exit 1 when a file differs
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent


def mac(digest, secret, message):
    return hmac.new(secret, message, digest).digest()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def secret_bytes(label, length=60):
    """Bytes that anyone can make again, and that cover all values of a byte over the cases."""
    return hashlib.shake_256(("countersign test secret: " + label).encode()).digest(length)


def rfc4231():
    cases = [
        ("1", "0b" * 20, b"Hi There".hex(), {
            "sha256": "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "sha384": "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
            "sha512": "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"}),
        ("2", b"Jefe".hex(), b"what do ya want for nothing?".hex(), {
            "sha256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "sha384": "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "sha512": "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"}),
        ("3", "aa" * 20, "dd" * 50, {
            "sha256": "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            "sha384": "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
            "sha512": "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"}),
        ("4", bytes(range(1, 26)).hex(), "cd" * 50, {
            "sha256": "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            "sha384": "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
            "sha512": "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"}),
        ("6", "aa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First".hex(), {
            "sha256": "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "sha384": "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
            "sha512": "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"}),
        ("7", "aa" * 131, b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.".hex(), {
            "sha256": "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            "sha384": "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
            "sha512": "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"}),
    ]
    vectors = []
    for name, key, data, expected in cases:
        for digest, value in expected.items():
            assert mac(digest, bytes.fromhex(key), bytes.fromhex(data)).hex() == value, (name, digest)
            vectors.append({"case": name, "digest": digest, "key": key, "data": data, "mac": value})
    return {"source": "RFC 4231, section 4 (case 5, a truncated output, does not apply)", "vectors": vectors}


def rfc4648():
    texts = [("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666F"), ("foo", "Zm9v", "666F6F"), ("foob", "Zm9vYg==", "666F6F62"),
             ("fooba", "Zm9vYmE=", "666F6F6261"), ("foobar", "Zm9vYmFy", "666F6F626172")]
    for text, b64, b16 in texts:
        assert base64.b64encode(text.encode()).decode() == b64 and base64.b16encode(text.encode()).decode() == b16
    return {"source": "RFC 4648, section 10", "vectors": [{"text": t, "base64": b, "base16": h} for t, b, h in texts]}


def qredo_v1():
    base = "https://api.qredo.network/qapi/v1"
    body = {"from": "0x" + "1" * 40, "to": "0x" + "2" * 40, "value": "1000000000000000000", "note": "für 5 € 🎁 <&>", "n": [1, True, None]}
    bodies = {
        "none": None,
        "compact": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
        "json.dumps": json.dumps(body),
        "pretty": json.dumps(body, indent=2, ensure_ascii=False),
        "empty object": "{}",
        "array": "[1,2,3]",
    }
    calls = [
        ("GET", base + "/balance", "none"),
        ("GET", base + "/funds?archived=true&name=a%20b%2Fc", "none"),
        ("DELETE", "https://api.qredo.network:8443/qapi/v1/thing/1", "none"),
        *[("POST", base + "/transaction", name) for name in bodies if name != "none"],
        ("PUT", base + "/transaction", "compact"),
        ("PATCH", "http://127.0.0.1:4567/qapi/v1/x", "json.dumps"),
    ]
    vectors = []
    for index, (method, url, body_name) in enumerate(calls):
        for timestamp in ("1647356399", "1647356399123", "1647356399123456", "1647356399123456789"):
            secret = secret_bytes(f"qredo-v1 {index}")
            text = bodies[body_name]
            message = timestamp + method + url + (text or "")
            vectors.append({
                "name": f"{method} {url}, body {body_name}, timestamp of {len(timestamp)} digits",
                "secret": base64.b64encode(secret).decode(),
                "method": method,
                "url": url,
                "body": text,
                "timestamp": timestamp,
                "signature": b64url(mac("sha256", secret, message.encode("utf-8"))),
            })
    secret = secret_bytes("spelled")
    spelled = [base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode(), b64url(secret), base64.b64encode(secret).rstrip(b"=").decode()]
    assert len(set(spelled)) >= 2
    odd = secret_bytes("spelled, with padding", 61)
    spelled_odd = [base64.b64encode(odd).decode(), base64.urlsafe_b64encode(odd).decode(), b64url(odd), base64.b64encode(odd).rstrip(b"=").decode()]
    assert len(set(spelled_odd)) == 4
    return {
        "source": "Python's hmac, after the page 'Sign Qredo API calls' (https://api-v1-developers.qredo.com/developer-guides/qredo-api/sign-api-calls)",
        "spelledSecrets": [{"hex": secret.hex(), "spelled": spelled}, {"hex": odd.hex(), "spelled": spelled_odd}],
        "vectors": vectors,
    }


def schemes():
    """One call per scheme as its documentation describes it: the request, the credentials, the signed headers and URL."""
    out = []

    def add(scheme, source, credentials, request, headers, url=None):
        out.append({"scheme": scheme, "source": source, "credentials": credentials, "request": request, "headers": headers, "url": url or request["url"]})

    event = '{"id":"evt_1","object":"event","note":"für 5 €"}'
    whsec = "whsec_" + b64url(secret_bytes("stripe", 24))
    stripe = mac("sha256", whsec.encode(), f"1492774577.{event}".encode()).hex()
    add("stripe", "Python's hmac, after https://docs.stripe.com/webhooks#verify-manually", {"secret": whsec},
        {"method": "POST", "url": "https://example.com/hook", "body": event, "timestamp": "1492774577"},
        {"stripe-signature": f"t=1492774577,v1={stripe}"})

    github = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert mac("sha256", b"It's a Secret to Everybody", b"Hello, World!").hex() == github
    add("github", "published: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries", {"secret": "It's a Secret to Everybody"},
        {"method": "POST", "url": "https://example.com/hook", "body": "Hello, World!"}, {"x-hub-signature-256": f"sha256={github}"})

    slack_secret = "8f742231b10e8888abcd99yyyzzz85a5"
    slack_body = ("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
                  "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
                  "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
    slack = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert "v0=" + mac("sha256", slack_secret.encode(), f"v0:1531420618:{slack_body}".encode()).hex() == slack
    add("slack", "published: https://api.slack.com/authentication/verifying-requests-from-slack", {"secret": slack_secret},
        {"method": "POST", "url": "https://example.com/slack", "body": slack_body, "timestamp": "1531420618"},
        {"x-slack-request-timestamp": "1531420618", "x-slack-signature": slack})

    coinbase = secret_bytes("coinbase", 64)
    order = '{"price":"1.0","size":"1.0","side":"buy","product_id":"BTC-USD"}'
    sign = base64.b64encode(mac("sha256", coinbase, f"1647356399.123POST/orders?x=1{order}".encode())).decode()
    add("coinbase-exchange", "Python's hmac, after https://docs.cdp.coinbase.com/exchange/rest-api/authentication",
        {"keyId": "k1", "secret": base64.b64encode(coinbase).decode(), "passphrase": "p4ss"},
        {"method": "POST", "url": "https://api.exchange.coinbase.com/orders?x=1", "body": order, "timestamp": "1647356399.123"},
        {"cb-access-key": "k1", "cb-access-passphrase": "p4ss", "cb-access-timestamp": "1647356399.123", "cb-access-sign": sign})

    v2 = secret_bytes("qredo-v2")
    token_url = "https://api-v2.qredo.network/api/v2/workspaces/w1/token"
    add("qredo-v2", "Python's hmac, after the page 'Get an authentication token'", {"keyId": "k1", "secret": b64url(v2)},
        {"method": "GET", "url": token_url, "timestamp": "1647356399"},
        {"qredo-api-key": "k1", "qredo-api-timestamp": "1647356399", "qredo-api-signature": b64url(mac("sha256", v2, f"1647356399GET{token_url}".encode()))})
    return {"source": "said with each", "vectors": out}


def undeclared():
    """Schemes that the library does not ship, declared in its words, to show that they need no change to the engine."""
    out = []

    def add(declaration, credentials, request, headers, url=None, body=None):
        out.append({"declaration": declaration, "credentials": credentials, "request": request, "headers": headers, "url": url or request["url"]})

    secret = "0123456789abcdefghij"
    iso = "2020-12-08T09:08:57.715Z"
    okx = base64.b64encode(mac("sha256", secret.encode(), f"{iso}GET/api/v5/account/balance?ccy=BTC".encode())).decode()
    add({"name": "okx", "title": "OKX", "algorithm": "hmac-sha256", "timestamp": {"formats": ["iso8601"]}, "message": "{timestamp}{method}{target}{body}",
         "signature": {"encoding": "base64"},
         "headers": {"ok-access-key": "{keyId}", "ok-access-sign": "{signature}", "ok-access-timestamp": "{timestamp}", "ok-access-passphrase": "{passphrase}"}},
        {"keyId": "k", "secret": secret, "passphrase": "pp"}, {"method": "GET", "url": "https://www.okx.com/api/v5/account/balance?ccy=BTC", "timestamp": iso},
        {"ok-access-key": "k", "ok-access-sign": okx, "ok-access-timestamp": iso, "ok-access-passphrase": "pp"})

    kucoin = base64.b64encode(mac("sha256", secret.encode(), b'1547015186532POST/api/v1/deposit{"currency":"BTC"}')).decode()
    passphrase = base64.b64encode(mac("sha256", secret.encode(), b"pp")).decode()
    add({"name": "kucoin", "title": "KuCoin", "algorithm": "hmac-sha256", "timestamp": {"formats": ["milliseconds"]}, "message": "{timestamp}{method}{target}{body}",
         "signature": {"encoding": "base64"},
         "headers": {"kc-api-key": "{keyId}", "kc-api-sign": "{signature}", "kc-api-timestamp": "{timestamp}", "kc-api-passphrase": "{passphrase|hmac|base64}"}},
        {"keyId": "k", "secret": secret, "passphrase": "pp"},
        {"method": "POST", "url": "https://api.kucoin.com/api/v1/deposit", "body": '{"currency":"BTC"}', "timestamp": "1547015186532"},
        {"kc-api-key": "k", "kc-api-sign": kucoin, "kc-api-timestamp": "1547015186532", "kc-api-passphrase": passphrase})

    bitmex_secret = "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
    order = '{"symbol":"XBTM15","price":219.0,"clOrdID":"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA","orderQty":98}'
    bitmex = "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b"
    assert mac("sha256", bitmex_secret.encode(), f"POST/api/v1/order1518064238{order}".encode()).hex() == bitmex  # published by BitMEX
    add({"name": "bitmex", "title": "BitMEX", "algorithm": "hmac-sha256", "timestamp": {"formats": ["seconds"], "meaning": "expires"},
         "message": "{method}{target}{timestamp}{body}", "signature": {"encoding": "hex"},
         "headers": {"api-key": "{keyId}", "api-expires": "{timestamp}", "api-signature": "{signature}"}},
        {"keyId": "LAqUlngMIQkIUjXMUreyu3qn", "secret": bitmex_secret},
        {"method": "POST", "url": "https://www.bitmex.com/api/v1/order", "body": order, "timestamp": "1518064238"},
        {"api-key": "LAqUlngMIQkIUjXMUreyu3qn", "api-expires": "1518064238", "api-signature": bitmex})

    bybit = mac("sha256", secret.encode(), b'1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C').hex()
    add({"name": "bybit", "title": "Bybit v5", "algorithm": "hmac-sha256", "timestamp": {"formats": ["milliseconds"]}, "message": "{timestamp}{keyId}{recvWindow}{payload}",
         "parameters": {"recvWindow": {"default": "5000", "characters": "digits"}}, "signature": {"encoding": "hex"},
         "headers": {"x-bapi-api-key": "{keyId}", "x-bapi-timestamp": "{timestamp}", "x-bapi-recv-window": "{recvWindow}", "x-bapi-sign": "{signature}"}},
        {"keyId": "XXXXXXXXXX", "secret": secret},
        {"method": "GET", "url": "https://api.bybit.com/v5/order?category=option&symbol=BTC-29JUL22-25000-C", "timestamp": "1658384314791"},
        {"x-bapi-api-key": "XXXXXXXXXX", "x-bapi-timestamp": "1658384314791", "x-bapi-recv-window": "5000", "x-bapi-sign": bybit})

    binance_secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    binance = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert mac("sha256", binance_secret.encode(), query.encode()).hex() == binance  # published by Binance
    add({"name": "binance", "title": "Binance", "algorithm": "hmac-sha256", "timestamp": {"formats": ["milliseconds"]}, "message": "{query}{body}",
         "signature": {"encoding": "hex"}, "headers": {"x-mbx-apikey": "{keyId}"}, "query": {"timestamp": "{timestamp}", "signature": "{signature}"}},
        {"keyId": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", "secret": binance_secret},
        {"method": "POST", "url": "https://api.binance.com/api/v3/order?symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000", "timestamp": "1499827319559"},
        {"x-mbx-apikey": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"},
        url=f"https://api.binance.com/api/v3/order?{query}&signature={binance}")

    kraken_secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    kraken_body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    kraken = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    inner = hashlib.sha256(("1616492376594" + kraken_body).encode()).digest()
    assert base64.b64encode(mac("sha512", base64.b64decode(kraken_secret), b"/0/private/AddOrder" + inner)).decode() == kraken  # published by Kraken
    add({"name": "kraken", "title": "Kraken, with the nonce in a header as well", "algorithm": "hmac-sha512", "secret": {"encoding": "base64"},
         "message": ["{path}", {"hash": "sha256", "encoding": "raw", "of": ["{nonce}", "{body}"]}], "signature": {"encoding": "base64"},
         "headers": {"api-key": "{keyId}", "api-sign": "{signature}", "api-nonce": "{nonce}"}},
        {"keyId": "k", "secret": kraken_secret},
        {"method": "POST", "url": "https://api.kraken.com/0/private/AddOrder", "body": kraken_body, "nonce": "1616492376594"},
        {"api-key": "k", "api-sign": kraken, "api-nonce": "1616492376594"})

    hashed = "\n".join(["1647356399123", "post", "/a", "b=1", hashlib.sha512(b"{}").hexdigest().upper()]) + "\0"
    add({"name": "separated", "title": "Made up: separators, a hashed body, SHA-1, one Authorization header", "algorithm": "hmac-sha1", "secret": {"encoding": "hex"},
         "timestamp": {"formats": ["milliseconds"]}, "message": ["{timestamp}\n{method|lower}\n{path}\n{query}\n", "{body|sha512|hex-upper}\0"],
         "signature": {"encoding": "base64-unpadded"},
         "headers": {"authorization": {"prefix": "HMAC ", "separator": ", ", "items": ["key=\"{keyId}\"", "ts=\"{timestamp}\"", "sig=\"{signature}\""]}}},
        {"keyId": "k", "secret": secret_bytes("separated", 20).hex()},
        {"method": "POST", "url": "https://example.com/a?b=1", "body": "{}", "timestamp": "1647356399123"},
        {"authorization": 'HMAC key="k", ts="1647356399123", sig="%s"' % base64.b64encode(mac("sha1", secret_bytes("separated", 20), hashed.encode())).decode().rstrip("=")})
    return {"source": "Python's hmac; for BitMEX, Binance and Kraken the examples of their own documentation", "vectors": out}


def python_json():
    values = [{"a": 1, "b": [1, 2], "c": {}}, [], {}, "", "für 5 € 🎁", "\u0000\u001f\"\\/\b\f\n\r\t\u007f\u2028", 0, -1, 1.5, 0.1, 1e-7, 1.5e-5, 0.0001, 1e21, 1.7e308,
              123456789012345680, None, True, False, {"ключ": [None, {"x": [[]]}]}, 5e-324, -2.5e-10]
    return {"source": "Python's json.dumps with its defaults", "vectors": [{"value": v, "text": json.dumps(v)} for v in values]}


FILES = {"rfc4231.json": rfc4231, "rfc4648.json": rfc4648, "qredo-v1.json": qredo_v1, "schemes.json": schemes, "undeclared.json": undeclared, "python-json.json": python_json}

if __name__ == "__main__":
    differs = []
    for name, make in FILES.items():
        text = json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        path = FOLDER / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("utf-8") != text:
                differs.append(name)
        else:
            path.write_text(text, "utf-8")
    if differs:
        sys.exit("these vectors are not what the generator writes: " + ", ".join(differs) + "; run npm run vectors")
