package main

import (
	"net/http"
	"strings"
	"testing"

	"hookline/internal/receiver"
	"hookline/sender"
)

// A batch has the names of several events, so listen shows how many there are.
func TestListenShowsBatches(t *testing.T) {
	var out strings.Builder
	(&listenCommand{Compact: true}).show(&out, receiver.Request{
		ID: "batch_evt_1_2", Header: http.Header{sender.HeaderBatch: {"2"}}, Attempt: 1, Status: 200,
	})
	if want := "  batch of 2           batch_evt_1_2  attempt 1  answered 200"; !strings.Contains(
		out.String(), want) {
		t.Errorf("%q has no %q", out.String(), want)
	}
}
