// A client of the Partner API as its signing client is: the key in private.pem, the API key in apikey, the body compacted, timestamp or nonce.
//
//	go run partner.go METHOD URL [BODY [NONCE]]
package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func privateKey() *rsa.PrivateKey {
	text, err := os.ReadFile("private.pem")
	must(err)
	block, _ := pem.Decode(text)
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(err)
	return key.(*rsa.PrivateKey)
}

func main() {
	args := append(os.Args[1:], "", "", "")
	method, url, body, nonce := args[0], args[1], args[2], args[3]
	var compact bytes.Buffer
	if body != "" {
		must(json.Compact(&compact, []byte(body)))
	}
	apiKey, err := os.ReadFile("apikey")
	must(err)
	request, err := http.NewRequest(method, url, bytes.NewReader(compact.Bytes()))
	must(err)
	moment := nonce
	if nonce == "" {
		moment = strconv.FormatInt(time.Now().Unix(), 10)
		request.Header.Set("x-timestamp", moment)
	} else {
		request.Header.Set("x-nonce", nonce)
	}
	digest := sha256.Sum256([]byte(moment + url + compact.String()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, privateKey(), crypto.SHA256, digest[:])
	must(err)
	request.Header.Set("x-sign", base64.RawURLEncoding.EncodeToString(signature))
	request.Header.Set("x-api-key", strings.TrimSpace(string(apiKey)))
	response, err := http.DefaultClient.Do(request)
	must(err)
	answer, err := io.ReadAll(response.Body)
	must(err)
	fmt.Println(response.StatusCode, string(answer))
}
