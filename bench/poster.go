package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

// inFlight is Hookline's default for HOOKLINE_MAX_IN_FLIGHT.
const inFlight = 64

// The poster is this program, started again with posterArgument, a URL, a number of requests and
// the size of a body: a process of its own, as Hookline is one.
const posterArgument = "post"

// poster is its main function. It returns the exit code.
func poster(url, requests, size string) int {
	n, err := strconv.Atoi(requests)
	bytes, sizeErr := strconv.Atoi(size)
	if err = errors.Join(err, sizeErr); err == nil {
		err = post(url, n, bytes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench post:", err)
		return 1
	}
	return 0
}

// post sends n unsigned bodies of the given size to url, over as many connections as Hookline has.
// Each tells of a record of its own, as Hookline's do, so that the receiver has the same work.
func post(url string, n, size int) error {
	client := http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: inFlight,
		DisableCompression:  true,
	}}
	filler := bytes.Repeat([]byte{'x'}, size)
	errs := make([]error, inFlight)
	var next atomic.Int64
	var connections sync.WaitGroup
	for c := range inFlight {
		connections.Go(func() {
			for record := next.Add(1); record <= int64(n) && errs[c] == nil; record = next.Add(1) {
				body := append(make([]byte, 0, size), `{"event":"contact.created","data":{"id":`...)
				body = strconv.AppendInt(body, record, 10)
				body = append(body, `,"version":1,"notes":"`...)
				body = append(body, filler[:max(0, size-len(body)-3)]...)
				errs[c] = postOnce(&client, url, append(body, `"}}`...))
			}
		})
	}
	connections.Wait()
	return errors.Join(errs...)
}

func postOnce(client *http.Client, url string, body []byte) error {
	resp, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
