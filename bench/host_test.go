package main

import (
	"errors"
	"net/http"
	"syscall"
	"testing"
)

func TestHostRefusesWhileItIsDown(t *testing.T) {
	r := open(t)
	url := r.url(0)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func() error {
		resp, err := client.Post(url, "application/json", http.NoBody)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	r.expect(1, 1, 0)
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if err := r.down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ask(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, want %v", err, syscall.ECONNREFUSED)
	}
	if err := r.up(); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Error(err)
	}
	if n := r.tally.Load().result().stray; n != 2 {
		t.Errorf("%d requests came, want 2", n)
	}
}
