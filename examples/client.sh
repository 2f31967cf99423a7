#!/usr/bin/env bash
# A client in bash, with openssl and curl.
#
#   API_BASE=http://127.0.0.1:4567/qapi/v1 API_KEY=… API_SECRET=… WALLET=0x… ./client.sh [ns|ms|s]
set -euo pipefail

case ${1:-ns} in ns) unit=%s%N ;; ms) unit=%s%3N ;; s) unit=%s ;; esac

# The secret as hexadecimal, for openssl; it stays out of the process list of everything but openssl itself.
key=$(printf '%s' "$API_SECRET" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')

call() {
  local method=$1 url=$2 body=${3-} timestamp signature
  timestamp=$(date +"$unit")
  signature=$(printf '%s' "$timestamp$method$url$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A | tr '+/' '-_' | tr -d '=')
  curl --silent --show-error --fail-with-body -X "$method" "$url" ${body:+--data-raw "$body"} \
    -H "qredo-api-key: $API_KEY" -H "qredo-api-ts: $timestamp" -H "qredo-api-sig: $signature"
  echo
}

call GET "$API_BASE/balance"
call POST "$API_BASE/transaction" "{\"from\":\"$WALLET\",\"to\":\"0x1111111111111111111111111111111111111111\",\"value\":\"1\",\"gasLimit\":\"21000\",\"gasPrice\":\"1\",\"note\":\"für 5 €\"}"
call POST "$API_BASE/transaction" "{ \"from\": \"$WALLET\", \"to\": \"0x1111111111111111111111111111111111111111\",
  \"value\": \"1\", \"gasLimit\": \"21000\", \"gasPrice\": \"1\" }"
