#!/bin/sh
# nats-server 2.15.2 with nats.go 1.55.0.
#
# A publisher that has not heard the acknowledgement sends its message again, as it was: with its
# Nats-Msg-Id, and with the last sequence that it expects (Nats-Expected-Last-Sequence, or that of the
# subject), which its own message has changed. What it hears depends on the stream's replicas. With
# three, the id is looked at first: it is a duplicate, and acknowledged with the sequence that it has.
# With one, in the same cluster, the sequence is: wrong last sequence, 10071, as if somebody else had
# written, though the message is there. One that expects the last id is a duplicate in both.
#
# Seen: with one replica 10071 for both sequences, with three a duplicate with sequence 2; 2 messages
# in either stream.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/url"
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

func freePort() int {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// cluster runs three servers, and returns one of them.
func cluster() *server.Server {
	var routes []*url.URL
	var ports []int
	for range 3 {
		port := freePort()
		ports = append(ports, port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	var one *server.Server
	for i, port := range ports {
		one = must(server.NewServer(&server.Options{
			ServerName: fmt.Sprint("n", i), JetStream: true, StoreDir: fmt.Sprint("store", i),
			Host: "127.0.0.1", Port: -1, NoSigs: true, Routes: routes,
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: port},
		}))
		go one.Start()
	}
	if !one.ReadyForConnections(time.Minute) {
		log.Fatal("a server is not ready")
	}
	for !one.JetStreamIsCurrent() { // the cluster has no leader yet
		time.Sleep(100 * time.Millisecond)
	}
	return one
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	time.AfterFunc(2*time.Minute, func() { log.Fatal("it takes too long") })
	js := must(jetstream.New(must(nats.Connect(cluster().ClientURL()))))
	for _, replicas := range []int{1, 3} {
		name := fmt.Sprint("r", replicas)
		cfg := jetstream.StreamConfig{Name: name, Subjects: []string{name}, Replicas: replicas}
		stream := must(js.CreateStream(ctx, cfg))
		publish := func(how, id string, expected jetstream.PublishOpt) {
			ack, err := js.Publish(ctx, name, nil, jetstream.WithMsgID(id), expected)
			if refused := (*jetstream.APIError)(nil); errors.As(err, &refused) {
				fmt.Printf("%s, %s: refused, %d\n", name, how, refused.ErrorCode)
				return
			}
			must(ack, err)
			fmt.Printf("%s, %s: sequence %d, duplicate %t\n", name, how, ack.Sequence, ack.Duplicate)
		}
		publish("first", "a", jetstream.WithExpectLastSequence(0))
		publish("second", "b", jetstream.WithExpectLastSequence(1))
		publish("second again", "b", jetstream.WithExpectLastSequence(1))
		publish("again, of the subject", "b", jetstream.WithExpectLastSequencePerSubject(1))
		publish("again, of the id", "b", jetstream.WithExpectLastMsgID("a"))
		fmt.Printf("%s: %d messages\n", name, must(stream.Info(ctx)).State.Msgs)
	}
}
GO
go mod init again >/dev/null 2>&1
go get github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 2>/dev/null
out=$(go run . 2>/dev/null)
echo "$out"
test "$out" = "r1, first: sequence 1, duplicate false
r1, second: sequence 2, duplicate false
r1, second again: refused, 10071
r1, again, of the subject: refused, 10071
r1, again, of the id: sequence 2, duplicate true
r1: 2 messages
r3, first: sequence 1, duplicate false
r3, second: sequence 2, duplicate false
r3, second again: sequence 2, duplicate true
r3, again, of the subject: sequence 2, duplicate true
r3, again, of the id: sequence 2, duplicate true
r3: 2 messages" || {
	echo "this is not what was seen before"
	exit 1
}
