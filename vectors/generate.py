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


def page_lines():
    """The lines that the page runs, with the URLs as they stand in it: empty. The secret is ours."""
    secret = b"a secret of the page, long enough"
    sign = lambda message: b64url(mac("sha256", secret, message.encode("utf-8")))
    return {
        "secret": base64.b64encode(secret).decode(),
        "signGET": sign(str(1647356399) + "GET" + ""),
        "signJSON": sign(str(1647356399) + "POST" + "" + json.dumps({"Key": "Value"})),
        "example": sign("1647356399GEThttps://api.qredo.network/qapi/v1/balance"),
    }


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
        "page": page_lines(),
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
    exchange = "0123456789abcdefghij"
    iso = "2020-12-08T09:08:57.715Z"
    okx = base64.b64encode(mac("sha256", exchange.encode(), f"{iso}GET/api/v5/account/balance?ccy=BTC".encode())).decode()
    add("okx", "Python's hmac, after https://www.okx.com/docs-v5/en/#overview-rest-authentication", {"keyId": "k", "secret": exchange, "passphrase": "pp"},
        {"method": "GET", "url": "https://www.okx.com/api/v5/account/balance?ccy=BTC", "timestamp": iso},
        {"ok-access-key": "k", "ok-access-sign": okx, "ok-access-timestamp": iso, "ok-access-passphrase": "pp"})

    kucoin = base64.b64encode(mac("sha256", exchange.encode(), b'1547015186532POST/api/v1/deposit-addresses{"currency":"BTC"}')).decode()
    passphrase = base64.b64encode(mac("sha256", exchange.encode(), b"pp")).decode()
    add("kucoin", "Python's hmac, after https://www.kucoin.com/docs-new/authentication", {"keyId": "k", "secret": exchange, "passphrase": "pp"},
        {"method": "POST", "url": "https://api.kucoin.com/api/v1/deposit-addresses", "body": '{"currency":"BTC"}', "timestamp": "1547015186532"},
        {"kc-api-key": "k", "kc-api-sign": kucoin, "kc-api-timestamp": "1547015186532", "kc-api-passphrase": passphrase, "kc-api-key-version": "2"})

    bitmex_secret = "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
    bitmex_key = "LAqUlngMIQkIUjXMUreyu3qn"
    bitmex_order = '{"symbol":"XBTM15","price":219.0,"clOrdID":"mm_bitmex_1a/oemUeQ4CAJZgP3fjHsA","orderQty":98}'
    for method, path, expires, body, signature in (
        ("GET", "/api/v1/instrument", "1518064236", None, "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00"),
        ("GET", "/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D", "1518064237", None, "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f"),
        ("POST", "/api/v1/order", "1518064238", bitmex_order, "1749cd2ccae4aa49048ae09f0b95110cee706e0944e6a14ad0b3a8cb45bd336b"),
    ):
        assert mac("sha256", bitmex_secret.encode(), (method + path + expires + (body or "")).encode()).hex() == signature
        add("bitmex", "published: https://www.bitmex.com/app/apiKeysUsage", {"keyId": bitmex_key, "secret": bitmex_secret},
            {"method": method, "url": "https://www.bitmex.com" + path, "timestamp": expires, **({} if body is None else {"body": body})},
            {"api-key": bitmex_key, "api-expires": expires, "api-signature": signature})

    bybit = mac("sha256", exchange.encode(), b"1658384314791XXXXXXXXXX5000category=option&symbol=BTC-29JUL22-25000-C").hex()
    add("bybit", "Python's hmac, after https://bybit-exchange.github.io/docs/v5/guide#authentication", {"keyId": "XXXXXXXXXX", "secret": exchange},
        {"method": "GET", "url": "https://api.bybit.com/v5/order/realtime?category=option&symbol=BTC-29JUL22-25000-C", "timestamp": "1658384314791"},
        {"x-bapi-api-key": "XXXXXXXXXX", "x-bapi-timestamp": "1658384314791", "x-bapi-recv-window": "5000", "x-bapi-sign": bybit})
    bybit_post = mac("sha256", exchange.encode(), b'1658385579423XXXXXXXXXX5000{"category": "option"}').hex()
    add("bybit", "Python's hmac, after https://bybit-exchange.github.io/docs/v5/guide#authentication", {"keyId": "XXXXXXXXXX", "secret": exchange},
        {"method": "POST", "url": "https://api.bybit.com/v5/order/create", "body": '{"category": "option"}', "timestamp": "1658385579423"},
        {"x-bapi-api-key": "XXXXXXXXXX", "x-bapi-timestamp": "1658385579423", "x-bapi-recv-window": "5000", "x-bapi-sign": bybit_post})

    binance_secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    binance_key = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
    order = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
    binance = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
    assert mac("sha256", binance_secret.encode(), f"{order}&timestamp=1499827319559".encode()).hex() == binance
    add("binance", "published: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security", {"keyId": binance_key, "secret": binance_secret},
        {"method": "POST", "url": f"https://api.binance.com/api/v3/order?{order}", "timestamp": "1499827319559"}, {"x-mbx-apikey": binance_key},
        url=f"https://api.binance.com/api/v3/order?{order}&timestamp=1499827319559&signature={binance}")

    kraken_secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    kraken_body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    kraken = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    inner = hashlib.sha256(("1616492376594" + kraken_body).encode()).digest()
    assert base64.b64encode(mac("sha512", base64.b64decode(kraken_secret), b"/0/private/AddOrder" + inner)).decode() == kraken
    add("kraken", "published: https://docs.kraken.com/api/docs/guides/spot-rest-auth", {"keyId": "k", "secret": kraken_secret},
        {"method": "POST", "url": "https://api.kraken.com/0/private/AddOrder", "body": kraken_body},
        {"content-type": "application/x-www-form-urlencoded", "api-key": "k", "api-sign": kraken})

    # The example of the specification's reference libraries.
    svix_body = '{"test": 2432232314}'
    svix = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    svix_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert base64.b64encode(mac("sha256", base64.b64decode(svix_secret[6:]), f"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{svix_body}".encode())).decode() == svix
    add("standard-webhooks", "published: https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py",
        {"secret": svix_secret},
        {"method": "POST", "url": "https://example.com/hook", "body": svix_body, "timestamp": "1614265330", "parameters": {"messageId": "msg_p5jXN8AQM9LWM0D4loKWxJek"}},
        {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": f"v1,{svix}"})

    shopify_body = '{"id":820982911946154508,"note":"für"}'
    shopify = base64.b64encode(mac("sha256", exchange.encode(), shopify_body.encode())).decode()
    add("shopify", "Python's hmac, after https://shopify.dev/docs/apps/build/webhooks/subscribe/https", {"secret": exchange},
        {"method": "POST", "url": "https://example.com/hook", "body": shopify_body}, {"x-shopify-hmac-sha256": shopify})

    return {"source": "said with each", "vectors": out}


# Made for these vectors by `openssl genpkey -algorithm RSA`; it signs nothing else.
PARTNER_KEY = """-----BEGIN PRIVATE KEY-----
MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDcveaAhQQdv16F
kxXDfDtt7dtPQMP9pZfp9rXASLXHQJr0JV9opU+WBp9Oeoaggw0LUW7weAPbfl/7
ox/Ao0iguQZ0vJNqQwo7WDXQHiPc/5aH3trtPnRSTQsGDnMhZFQcELjh9e5uIfIj
Rs7ThCzaK24HVJb61ViENrbU0SC94qZ2o+VWH+H1sjc8IbTJGCeONnFEUxuREYvS
alH2F9b/z9MTvEXhW7oXJ5Y4/nEBvtycvgwhjgutfLv15gYjJKy8udQvFoLtdo4o
DSIUcrmB+4fjFkIARcvmAikkMqxWkg8keuDVT7WR+txe+N3VCJXsqZTXeTBOecjn
JMFcGhAfAgMBAAECggEASRw0XdiwdlHNspv2l1psLIqdGnCu+TGBUSI/LEJowmep
ard+FCC8bUogNVPrhvogteDwx4BYdrgyfhuXBqyN/32In91dTdKKbwFWQWnaIvYc
G0A6bl1DFYci4YyjoSmjmfAH6/8SSzO/COQI2JFscY300US5BLborFGa2H2zRHBR
V5QhJQHell12jgYN+T/mjl3rqpDoW3KfyeQWYzkSC7K3RfEM/oUWmdJ00G5U7xkm
0dFsRrJFIMgBGRflIhRJc/BuECc2wF0APKhUsw9hXNXwJBa9A6S7cuOenevPOEQe
kT9RY10n2yZJ7K7euqtim1fZ/Ddk4uWsWxSLrqNNgQKBgQD6amr+hBF0fj/kZS2H
iARh/w9GnJY0F32dIcbNnH+z1/qHXhHvFCNi/srPvj1e0qFQety/h+3xiT+Y0tv8
bw8H/jvcGDSqK38cHTg2dtlH4b4+oisJeZbq1A3sK7c23EuoMvYFWqK/BoZ/5kEW
ZZBKeX6r0Pi2j9F952ru4DfsPwKBgQDhqhQ8yQKdZQANf0UthZoJXxM8Ap2RijIf
Rmx1nZrPt0k+HX7nEhKD+Og+S7rZ7vqRQ1k4H9WaBeQwQy2I+/zJj+5LfU9CsjZ3
JC6b/WmmUaEHLvVBmlvEFcNAd5GwWi36kHS3N2uEBYtGqjIvEA4oUZ7CMubVkbc7
omCyrGRkIQKBgQCJ6ClcWWczfIO7SG02gpXHUiwbewjNT1KCQqO1gEZjyMHT4t6F
h9WlIySWG/K4Uc88/yyq3jUQG8HGa/lyn8brY/ubTklSnfm2hfD7LaCjkZKv86c3
5JpUYMv6EGkp8VBJJSeP80ZFZVaVAT0/FFfOa/JytPcDs1hvug6N1zV1CQKBgQDV
a4H6Puz/KE9VdIFbXRhiNo29Wofk5jsjAvp+fdC1FBXr7f9fz+K894HFsN+FTxOg
oH5XqxvbsCiwUEhXXmIjysDGmjuEy4DhStHd61uo1Viir5F6Ot8A4sgnRy39CDyl
1UrdIEfJs2iWK06M3fVVwmOQLI3NfCM7/gTP1mSXoQKBgQDQSTKcXE32XuTiL8z9
1MvQx3XLynlJiwFtZ+Ej3Rq9MuKv5PsaWaSdSeYxl77Vz0uOV/1Xcd6Hp2gsJMGx
uFVFEYTD5Cfqll8hOj4n7jwopUafMopusvQn/lP5YQPE8W7+jqacILP+5ukj9e0q
Q7dU2M3R+sNz97PibJrWEdbOlA==
-----END PRIVATE KEY-----
"""


def der_values(der):
    """The contents of the DER elements that stand one behind the other."""
    values = []
    while der:
        size, start = der[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(der[2:start], "big")
        values.append(der[start:start + size])
        der = der[start + size:]
    return values


def rsa_signer(pem):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.1), in integers. Returns the signer and the public key in PEM."""
    pkcs8 = base64.b64decode("".join(pem.strip().splitlines()[1:-1]))
    _, identifier, octets = der_values(der_values(pkcs8)[0])
    numbers = der_values(der_values(octets)[0])
    modulus, exponent, private = (int.from_bytes(number, "big") for number in numbers[1:4])
    length = (modulus.bit_length() + 7) // 8
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")

    def element(tag, *contents):
        content = b"".join(contents)
        size = len(content)
        counted = bytes([size]) if size < 0x80 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag]) + counted + content

    def sign(message):
        hashed = prefix + hashlib.sha256(message).digest()
        padded = b"\x00\x01" + b"\xff" * (length - len(hashed) - 3) + b"\x00" + hashed
        signature = pow(int.from_bytes(padded, "big"), private, modulus)
        assert pow(signature, exponent, modulus) == int.from_bytes(padded, "big")
        return signature.to_bytes(length, "big")

    key = element(0x30, element(0x02, numbers[1]), element(0x02, numbers[2]))
    spki = base64.b64encode(element(0x30, element(0x30, identifier), element(0x03, b"\x00", key))).decode()
    lines = [spki[at:at + 64] for at in range(0, len(spki), 64)]
    return sign, "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def other_schemes():
    out = []
    url = "https://api.example.com/a/b?c=%20d"
    body = '{"note":"für 5 €"}'
    secret = base64.b64encode(secret_bytes("other schemes", 32)).decode()
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    sign, public_key = rsa_signer(PARTNER_KEY)

    def add(scheme, source, credentials, request, headers, **more):
        out.append({"scheme": scheme, "source": source, "credentials": credentials, **more, "request": request, "headers": headers, "url": request["url"]})

    def hmac_b64(message):
        return base64.b64encode(mac("sha256", base64.b64decode(secret), message.encode())).decode()

    # RFC 9421, with the components and parameters that are covered when nothing else is asked for.
    for method, digested in (("POST", True), ("GET", False)):
        names = ["@method", "@target-uri", *(["content-digest"] if digested else [])]
        covered = "(" + " ".join('"%s"' % name for name in names) + ")"
        parameters = covered + ';created=1647356399;keyid="k";nonce="n0123456789abcdef"'
        base = ['"@method": ' + method, '"@target-uri": ' + url, *(['"content-digest": sha-256=:%s:' % digest] if digested else []), '"@signature-params": ' + parameters]
        add("rfc9421", "Python's hmac, after RFC 9421, section 2.5", {"keyId": "k", "secret": secret},
            {"method": method, "url": url, **({"body": body} if digested else {}), "timestamp": "1647356399", "nonce": "n0123456789abcdef"},
            {**({"content-digest": "sha-256=:%s:" % digest} if digested else {}), "signature-input": "sig=" + parameters, "signature": "sig=:%s:" % hmac_b64("\n".join(base))})

    # Draft 12 takes the secret as it is written.
    date = "Tue, 15 Mar 2022 14:59:59 GMT"
    for method, digested in (("POST", True), ("GET", False)):
        lines = ["(request-target): %s /a/b?c=%%20d" % method.lower(), "host: api.example.com", "date: " + date, *(["digest: SHA-256=" + digest] if digested else [])]
        names = " ".join(line.split(": ")[0] for line in lines)
        signature = base64.b64encode(mac("sha256", secret.encode(), "\n".join(lines).encode())).decode()
        add("http-signatures-draft-12", "Python's hmac, after draft-cavage-http-signatures-12, section 2.3", {"keyId": "k", "secret": secret},
            {"method": method, "url": url, **({"body": body} if digested else {}), "timestamp": date},
            {"date": date, **({"digest": "SHA-256=" + digest} if digested else {}),
             "authorization": 'Signature keyId="k",algorithm="hmac-sha256",headers="%s",signature="%s"' % (names, signature)})

    # Qredo's Partner API: RSA, with a timestamp or a nonce.
    for request in ({"method": "GET", "url": url, "timestamp": "1647356399"}, {"method": "POST", "url": url, "body": body, "nonce": "n-1"}):
        moment = request.get("timestamp", request.get("nonce"))
        add("qredo-partner", "Python's integers, after RFC 8017, section 8.2.1", {"keyId": "k", "privateKey": PARTNER_KEY}, request,
            {"x-api-key": "k", **({"x-timestamp": moment} if "timestamp" in request else {"x-nonce": moment}),
             "x-sign": b64url(sign((moment + url + request.get("body", "")).encode()))}, publicKey=public_key)
    return {"source": "said with each", "vectors": out}


def undeclared():
    """Schemes that the library does not ship, declared in its words, to show that they need no change to the engine."""
    out = []

    def add(declaration, credentials, request, headers, url=None):
        out.append({"declaration": declaration, "credentials": credentials, "request": request, "headers": headers, "url": url or request["url"]})

    secret = "0123456789abcdefghij"

    def hmac_hex(message, digest="sha256", key=secret.encode()):
        return mac(digest, key, message.encode("utf-8")).hex()

    def hmac_b64(message, digest="sha256", key=secret.encode()):
        return base64.b64encode(mac(digest, key, message.encode("utf-8"))).decode()

    # Gate: lines, the body's SHA-512 in hexadecimal.
    gate = "\n".join(["POST", "/api/v4/futures/orders", "", hashlib.sha512(b'{"size":1}').hexdigest(), "1541993715"])
    add({"name": "gate", "title": "Gate", "algorithm": "hmac-sha512", "timestamp": {"formats": ["seconds"]},
         "message": "{method}\n{path}\n{query}\n{body|sha512|hex}\n{timestamp}", "signature": {"encoding": "hex"},
         "headers": {"key": "{keyId}", "timestamp": "{timestamp}", "sign": "{signature}"}},
        {"keyId": "k", "secret": secret}, {"method": "POST", "url": "https://api.gateio.ws/api/v4/futures/orders", "body": '{"size":1}', "timestamp": "1541993715"},
        {"key": "k", "timestamp": "1541993715", "sign": hmac_hex(gate, "sha512")})

    # Bitfinex: literals in the message, SHA-384, a nonce in microseconds.
    add({"name": "bitfinex", "title": "Bitfinex", "algorithm": "hmac-sha384", "nonce": {"formats": ["microseconds"]}, "message": "/api{path}{nonce}{body}",
         "signature": {"encoding": "hex"}, "headers": {"bfx-apikey": "{keyId}", "bfx-nonce": "{nonce}", "bfx-signature": "{signature}"}},
        {"keyId": "k", "secret": secret}, {"method": "POST", "url": "https://api.bitfinex.com/v2/auth/r/wallets", "body": "{}", "nonce": "1647356399123456"},
        {"bfx-apikey": "k", "bfx-nonce": "1647356399123456", "bfx-signature": hmac_hex("/api/v2/auth/r/wallets1647356399123456{}", "sha384")})

    # A NUL byte between the parts, the key id in the message, and a secret in hexadecimal.
    hexed = secret_bytes("nul", 32)
    add({"name": "nul", "title": "Made up: NUL bytes", "algorithm": "hmac-sha256", "secret": {"encoding": "hex"}, "timestamp": {"formats": ["seconds"]},
         "message": "{keyId}\0{timestamp}\0{method}\0{target}\0{body}", "signature": {"encoding": "hex-upper"},
         "headers": {"x-key": "{keyId}", "x-time": "{timestamp}", "x-sig": "{signature}"}},
        {"keyId": "k", "secret": hexed.hex()}, {"method": "POST", "url": "https://a.example/x?y=1", "body": "a=b&c=d", "timestamp": "1647356399"},
        {"x-key": "k", "x-time": "1647356399", "x-sig": hmac_hex("k\x001647356399\0POST\0/x?y=1\0a=b&c=d", key=hexed).upper()})

    # Azure App Configuration: a dated, hashed call in one Authorization header beside two others.
    digest = base64.b64encode(hashlib.sha256(b'{"a":1}').digest()).decode()
    date = "Tue, 15 Mar 2022 14:59:59 GMT"
    azure_key = secret_bytes("azure", 32)
    azure = hmac_b64(f"POST\n/kv/a?api-version=1.0\n{date};a.azconfig.io;{digest}", key=azure_key)
    add({"name": "azure-app-configuration", "title": "Azure App Configuration", "algorithm": "hmac-sha256", "secret": {"encoding": "base64"},
         "timestamp": {"formats": ["http-date"]}, "message": "{method}\n{target}\n{header.x-ms-date};{host};{body|sha256|base64}", "signature": {"encoding": "base64"},
         "headers": {"x-ms-date": "{timestamp}", "x-ms-content-sha256": "{body|sha256|base64}",
                     "authorization": {"prefix": "HMAC-SHA256 ", "separator": "&", "items": ["Credential={keyId}", "SignedHeaders=x-ms-date;host;x-ms-content-sha256", "Signature={signature}"]}}},
        {"keyId": "k", "secret": base64.b64encode(azure_key).decode()}, {"method": "POST", "url": "https://a.azconfig.io/kv/a?api-version=1.0", "body": '{"a":1}', "timestamp": date},
        {"x-ms-date": date, "x-ms-content-sha256": digest,
         "authorization": f"HMAC-SHA256 Credential=k&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={azure}"})

    # Bitget: like OKX, in milliseconds.
    add({"name": "bitget", "title": "Bitget", "algorithm": "hmac-sha256", "timestamp": {"formats": ["milliseconds"]}, "message": "{timestamp}{method}{target}{body}",
         "signature": {"encoding": "base64"},
         "headers": {"access-key": "{keyId}", "access-sign": "{signature}", "access-timestamp": "{timestamp}", "access-passphrase": "{passphrase}"}},
        {"keyId": "k", "secret": secret, "passphrase": "pp"}, {"method": "GET", "url": "https://api.bitget.com/api/v2/mix/market/depth?limit=20&symbol=BTCUSDT", "timestamp": "1684813405151"},
        {"access-key": "k", "access-sign": hmac_b64("1684813405151GET/api/v2/mix/market/depth?limit=20&symbol=BTCUSDT"), "access-timestamp": "1684813405151", "access-passphrase": "pp"})

    # WOO X: sorted query, a bar, the timestamp.
    add({"name": "sorted", "title": "Made up: a sorted query", "algorithm": "hmac-sha256", "timestamp": {"formats": ["milliseconds"]}, "message": "{query|sorted}|{timestamp}",
         "signature": {"encoding": "hex"}, "headers": {"x-api-key": "{keyId}", "x-api-timestamp": "{timestamp}", "x-api-signature": "{signature}"}},
        {"keyId": "k", "secret": secret}, {"method": "GET", "url": "https://a.example/v1/orders?symbol=B&order_type=LIMIT", "timestamp": "1578565539808"},
        {"x-api-key": "k", "x-api-timestamp": "1578565539808", "x-api-signature": hmac_hex("order_type=LIMIT&symbol=B|1578565539808")})

    # Paddle and Calendly: a list in one header, other separators.
    add({"name": "paddle", "title": "Paddle webhooks", "algorithm": "hmac-sha256", "timestamp": {"formats": ["seconds"]}, "message": "{timestamp}:{body}",
         "signature": {"encoding": "hex"}, "headers": {"paddle-signature": {"separator": ";", "items": ["ts={timestamp}", "h1={signature}"]}}},
        {"secret": secret}, {"method": "POST", "url": "https://a.example/hook", "body": '{"a":1}', "timestamp": "1671552777"},
        {"paddle-signature": "ts=1671552777;h1=" + hmac_hex('1671552777:{"a":1}')})

    # Percent-encoding in the message, and a signature that is percent-encoded in its header.
    encoded = "POST&https%3A%2F%2Fa.example%2Fx%3Fy%3D1&1647356399"
    add({"name": "encoded", "title": "Made up: percent-encoded parts", "algorithm": "hmac-sha1", "timestamp": {"formats": ["seconds"]},
         "message": "{method}&{url|percent-encode}&{timestamp}", "signature": {"encoding": "base64"},
         "headers": {"authorization": {"prefix": "Mine ", "separator": ", ", "items": ["key=\"{keyId|percent-encode}\"", "time=\"{timestamp}\"", "signature=\"{signature|percent-encode}\""]}}},
        {"keyId": "a/b", "secret": secret}, {"method": "POST", "url": "https://a.example/x?y=1", "timestamp": "1647356399"},
        {"authorization": 'Mine key="a%2Fb", time="1647356399", signature="' + hmac_b64(encoded, "sha1").replace("+", "%2B").replace("/", "%2F").replace("=", "%3D") + '"'})

    hashed = "\n".join(["1647356399123", "post", "/a", "b=1", hashlib.sha512(b"{}").hexdigest().upper()]) + "\0"
    add({"name": "separated", "title": "Made up: separators, a hashed body, SHA-1, one Authorization header", "algorithm": "hmac-sha1", "secret": {"encoding": "hex"},
         "timestamp": {"formats": ["milliseconds"]}, "message": ["{timestamp}\n{method|lower}\n{path}\n{query}\n", "{body|sha512|hex-upper}\0"],
         "signature": {"encoding": "base64-unpadded"},
         "headers": {"authorization": {"prefix": "HMAC ", "separator": ", ", "items": ["key=\"{keyId}\"", "ts=\"{timestamp}\"", "sig=\"{signature}\""]}}},
        {"keyId": "k", "secret": secret_bytes("separated", 20).hex()},
        {"method": "POST", "url": "https://example.com/a?b=1", "body": "{}", "timestamp": "1647356399123"},
        {"authorization": 'HMAC key="k", ts="1647356399123", sig="%s"' % base64.b64encode(mac("sha1", secret_bytes("separated", 20), hashed.encode())).decode().rstrip("=")})
    return {"source": "Python's hmac", "vectors": out}


def python_json():
    values = [{"a": 1, "b": [1, 2], "c": {}}, [], {}, "", "für 5 € 🎁", "\u0000\u001f\"\\/\b\f\n\r\t\u007f\u2028", 0, -1, 1.5, 0.1, 1e-7, 1.5e-5, 0.0001, 1e21, 1.7e308,
              123456789012345680, None, True, False, {"ключ": [None, {"x": [[]]}]}, 5e-324, -2.5e-10]
    return {"source": "Python's json.dumps with its defaults", "vectors": [{"value": v, "text": json.dumps(v)} for v in values]}


FILES = {"rfc4231.json": rfc4231, "rfc4648.json": rfc4648, "qredo-v1.json": qredo_v1, "schemes.json": schemes, "other-schemes.json": other_schemes, "undeclared.json": undeclared, "python-json.json": python_json}

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
