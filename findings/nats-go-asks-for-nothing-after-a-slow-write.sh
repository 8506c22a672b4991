#!/bin/sh
# nats.go 1.55.0 with nats-server 2.15.2.
#
# Consume, and Messages, ask for more messages once half of those that were asked for have come. While
# a request is still being written they do not (fetchInProgress in jetstream/pull.go), and look again
# only when the next message comes. When everything that the request is for has come and is handled
# before its write returns, there is no next one: the server has no request, though it has messages,
# and the consumer stands still until its heartbeats are missed, for twice as long as they are apart.
# On busy machines it is enough that the thread that writes is held up for a millisecond or two. Here
# the write of one request returns late.
#
# Seen: 97 messages, 33 and the 64 of that request, then no request while 303 messages wait, and the
# next one after 10 seconds.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	count = 400
	batch = 64
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// slow is a connection on which the write of the second pull request returns late: once the batch
// that it asks for, and what was left of the one before, has been handled.
type slow struct {
	net.Conn
	pulls   *atomic.Int64
	handled chan struct{}
}

func (c slow) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if bytes.Contains(b, []byte("CONSUMER.MSG.NEXT")) && c.pulls.Add(1) == 2 {
		<-c.handled
	}
	return n, err
}

func (c slow) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	c.Conn = conn
	return c, err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := must(server.NewServer(&server.Options{
		JetStream: true, StoreDir: "store", Host: "127.0.0.1", Port: -1, NoSigs: true,
	}))
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		log.Fatal("the server is not ready")
	}
	js := must(jetstream.New(must(nats.Connect(s.ClientURL()))))
	stream := must(js.CreateStream(ctx, jetstream.StreamConfig{Name: "s", Subjects: []string{"s"}}))
	for range count {
		must(js.Publish(ctx, "s", nil))
	}
	handled := make(chan struct{})
	// A small buffer, so that a request is written by who publishes it.
	nc := must(nats.Connect(s.ClientURL(), nats.WriteBufferSize(1),
		nats.SetCustomDialer(slow{pulls: new(atomic.Int64), handled: handled})))
	info := must(stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "c", AckPolicy: jetstream.AckNonePolicy,
	}))
	consumer := must(must(jetstream.New(nc)).Consumer(ctx, "s", "c"))
	var n int
	var last time.Time
	end, missed := make(chan time.Duration, 1), make(chan struct{}, 1)
	consuming := must(consumer.Consume(func(jetstream.Msg) {
		n++
		switch { // the second request comes after 33
		case n == 33+batch:
			last = time.Now()
			// the write returns once this one is counted
			time.AfterFunc(time.Second, func() { close(handled) })
		case n == 33+batch+1:
			end <- time.Since(last)
		}
	}, jetstream.PullMaxMessages(batch), jetstream.PullExpiry(10*time.Second),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			fmt.Println("told:", err)
			select {
			case missed <- struct{}{}:
			default:
			}
		})))
	defer consuming.Stop()
	<-handled
	time.Sleep(time.Second)
	i := must(info.Info(ctx))
	fmt.Printf("a second later: %d delivered, %d waiting pulls, %d pending\n",
		i.Delivered.Consumer, i.NumWaiting, i.NumPending)
	fmt.Printf("the next one came after %d seconds\n", <-end/time.Second)
}
GO
go mod init asks >/dev/null 2>&1
go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 2>/dev/null
out=$(go run . 2>/dev/null)
echo "$out"
test "$out" = "a second later: 97 delivered, 0 waiting pulls, 303 pending
told: nats: no heartbeat received
the next one came after 10 seconds" || {
	echo "this is not what was seen before"
	exit 1
}
