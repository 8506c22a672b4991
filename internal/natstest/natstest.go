// Package natstest runs real NATS servers with JetStream for tests: in the test's own process, or
// in one of their own, to be killed.
package natstest

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/internal/postgres"
)

const startLimit = 30 * time.Second

// Options returns those of a server with JetStream, which keeps its files in dir and listens at a
// free port of 127.0.0.1.
func Options(dir string) *server.Options {
	return &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir,
		NoLog: true, NoSigs: true, NoSystemAccount: true,
	}
}

// Start runs a server in this process until the test ends.
func Start(t testing.TB, options *server.Options) *server.Server {
	t.Helper()
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(startLimit) {
		t.Fatal("the NATS server does not start")
	}
	return s
}

// Cluster runs a cluster of three servers, and returns their URLs as one.
func Cluster(t testing.TB) (servers []*server.Server, urls string) {
	t.Helper()
	for _, n := range nodes(t) {
		o := n.options()
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		go s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		servers = append(servers, s)
	}
	for _, s := range servers {
		if !s.ReadyForConnections(startLimit) {
			t.Fatal("a NATS server does not start")
		}
		if urls != "" {
			urls += ","
		}
		urls += s.ClientURL()
	}
	behind := func(s *server.Server) bool { return !s.JetStreamIsCurrent() }
	for end := time.Now().Add(startLimit); slices.ContainsFunc(servers, behind) ||
		!slices.ContainsFunc(servers, (*server.Server).JetStreamIsLeader); {
		if time.Now().After(end) {
			t.Fatal("the servers do not agree on who leads")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return servers, urls
}

// FreePort returns a port that nobody listens at, nor will have a connection on by chance.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := postgres.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Client returns a connection to a server.
func Client(t testing.TB, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}
