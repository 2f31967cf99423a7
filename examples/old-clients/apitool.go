// A client of v1 and of v2's token call as the Go tool signs them: seconds, the secret decoded with the URL-safe alphabet.
//
//	API_KEY=… API_SECRET=… go run apitool.go v1|v2 METHOD URL [BODY]
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	args := append(os.Args[1:], "")
	version, method, url, body := args[0], args[1], args[2], args[3]
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(os.Getenv("API_SECRET"))
	secret, err := base64.URLEncoding.DecodeString(urlSafe)
	must(err)
	timestamp := fmt.Sprintf("%d", time.Now().Unix())
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + method + url + body))
	names := map[string][2]string{"v1": {"ts", "sig"}, "v2": {"timestamp", "signature"}}[version]
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	must(err)
	request.Header.Set("qredo-api-key", os.Getenv("API_KEY"))
	request.Header.Set("qredo-api-"+names[0], timestamp)
	request.Header.Set("qredo-api-"+names[1], base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	must(err)
	answer, err := io.ReadAll(response.Body)
	must(err)
	fmt.Println(response.StatusCode, string(answer))
}
