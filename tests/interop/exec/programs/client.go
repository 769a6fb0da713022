// Places a call with Go's HTTP client, as its manual shows it, and reads it back.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

const place = "https://api.nexmo.com/v1/calls"

type phone struct {
	Type   string `json:"type"`
	Number string `json:"number"`
}

func send(method, url string, body []byte) []byte {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("VONAGE_JWT"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	return text
}

func main() {
	body, err := json.Marshal(map[string]any{
		"to":   []phone{{"phone", os.Args[2]}},
		"from": phone{"phone", os.Getenv("VONAGE_NUMBER")},
		"ncco": json.RawMessage(os.Getenv("NCCO")),
	})
	if err != nil {
		log.Fatal(err)
	}
	var made struct{ UUID string }
	if err := json.Unmarshal(send("POST", place, body), &made); err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(send("GET", place+"/"+made.UUID, nil))
}
