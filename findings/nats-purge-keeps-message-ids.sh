#!/bin/sh
# nats-server 2.15.2 with nats.go 1.55.0.
#
# JetStream refuses a message whose Nats-Msg-Id it knows, and acknowledges it as a duplicate. It
# goes on knowing the ids of messages that are gone: after a purge of the whole stream, after one
# message was deleted, and once a message of a work queue was acknowledged by its consumer. Who
# publishes them again within the window (Duplicates) gets an acknowledgement, with the number that
# the message had, and the stream stays empty. A restart of the server forgets those ids.
#
# Seen: after each of the three, "duplicate true", and 0 messages; after the restart, 1 message.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func start() (*server.Server, jetstream.JetStream) {
	s := must(server.NewServer(&server.Options{JetStream: true, StoreDir: "store", Port: -1}))
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		log.Fatal("the server is not ready")
	}
	return s, must(jetstream.New(must(nats.Connect(s.ClientURL()))))
}

func main() {
	ctx := context.Background()
	s, js := start()
	stream := must(js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "work", Subjects: []string{"work"}, Retention: jetstream.WorkQueuePolicy,
		Duplicates: 2 * time.Minute,
	}))
	publish := func(when, id string) {
		ack := must(js.Publish(ctx, "work", nil, jetstream.WithMsgID(id)))
		info := must(stream.Info(ctx))
		fmt.Printf("%s: duplicate %t, %d messages\n", when, ack.Duplicate, info.State.Msgs)
	}

	publish("first", "a")
	if err := stream.Purge(ctx); err != nil {
		log.Fatal(err)
	}
	publish("after a purge", "a")

	publish("second", "b")
	if err := stream.DeleteMsg(ctx, 2); err != nil {
		log.Fatal(err)
	}
	publish("after a delete", "b")

	publish("third", "c")
	consumer := must(stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "one"}))
	if err := must(consumer.Next()).DoubleAck(ctx); err != nil {
		log.Fatal(err)
	}
	publish("after it was acknowledged", "c")

	s.Shutdown()
	s.WaitForShutdown()
	s, js = start()
	stream = must(js.Stream(ctx, "work"))
	publish("after a restart", "a")
	s.Shutdown()
}
GO
go mod init ids >/dev/null 2>&1
go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 2>/dev/null
out=$(go run . 2>/dev/null)
echo "$out"
test "$out" = "first: duplicate false, 1 messages
after a purge: duplicate true, 0 messages
second: duplicate false, 1 messages
after a delete: duplicate true, 0 messages
third: duplicate false, 1 messages
after it was acknowledged: duplicate true, 0 messages
after a restart: duplicate false, 1 messages" || {
	echo "this is not what was seen before"
	exit 1
}
