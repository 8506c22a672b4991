package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"hookline/internal/receiver"
	"hookline/sender"
)

type listenCommand struct {
	Addr    string        `arg:"" optional:"" default:"127.0.0.1:8080" help:"${listen_addr}"`
	Secret  string        `env:"WEBHOOK_SECRET" help:"${listen_secret}"`
	Fail    percentage    `help:"Answer this share of the requests with 503, to see retries: 20%."`
	Latency time.Duration `help:"Wait this long before each answer: 200ms."`
	Compact bool          `help:"One line for each request, without the body."`
}

// percentage is a share from 0 to 1, written as 20%.
type percentage float64

func (p *percentage) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n >= 0 && n <= 100) { // NaN is neither
		return fmt.Errorf("%q: want a percentage such as 20%%", text)
	}
	*p = percentage(n / 100)
	return nil
}

// Validate refuses what cannot be meant.
func (c *listenCommand) Validate() error {
	if c.Latency < 0 {
		return fmt.Errorf("--latency %s: want a time such as 200ms", c.Latency)
	}
	return nil
}

func (c *listenCommand) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("Listening at http://%s. Add this URL as a webhook. Ctrl-C ends it.\n", listener.Addr())
	if c.Secret == "" {
		fmt.Println("No --secret is given, so signatures are not checked.")
	}
	return c.serve(ctx, listener, os.Stdout)
}

func (c *listenCommand) serve(ctx context.Context, listener net.Listener, out io.Writer) error {
	var mu sync.Mutex
	handler := &receiver.Receiver{
		Secret: c.Secret,
		Answer: func(r receiver.Request) receiver.Answer {
			answer := receiver.Answer{Latency: c.Latency}
			switch {
			case r.Signature != nil:
				answer.Status = http.StatusUnauthorized
			case rand.Float64() < float64(c.Fail):
				answer.Status = http.StatusServiceUnavailable
			}
			return answer
		},
		Received: func(r receiver.Request) {
			mu.Lock()
			defer mu.Unlock()
			c.show(out, r)
		},
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listen: %w", err)
	}
	return nil
}

func (c *listenCommand) show(out io.Writer, r receiver.Request) {
	signature := "signature ok"
	switch {
	case c.Secret == "":
		signature = "signature not checked"
	case r.Signature != nil:
		signature = "BAD SIGNATURE: " + r.Signature.Error()
	}
	event := r.Event
	if n := r.Header.Get(sender.HeaderBatch); n != "" {
		event = "batch of " + n
	}
	fmt.Fprintf(out, "%s  %-20s %s  attempt %d  answered %d  %s\n",
		r.At.Format("15:04:05.000"), event, r.ID, r.Attempt, r.Status, signature)
	if c.Compact {
		return
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, r.Body, "  ", "  ") != nil {
		pretty.Reset()
		fmt.Fprintf(&pretty, "%q", r.Body)
	}
	fmt.Fprintf(out, "  %s\n", pretty.Bytes())
}
