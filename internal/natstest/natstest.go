// Package natstest runs real NATS servers with JetStream for tests: in the test's own process, or
// in one of their own, to be killed.
package natstest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
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
	ports := make([]int, 3)
	var routes []*url.URL
	for i := range ports {
		ports[i] = FreePort(t)
		routes = append(routes, &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1",
			strconv.Itoa(ports[i]))})
	}
	for i, port := range ports {
		o := Options(t.TempDir())
		o.ServerName = fmt.Sprintf("n%d", i)
		o.NoSystemAccount = false
		o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: port}
		o.Routes = routes
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

// FreePort returns a port of 127.0.0.1 that nobody listens at.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
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

// Variables that make a test binary a NATS server: see Main.
const (
	dirVariable  = "NATSTEST_DIR"
	portVariable = "NATSTEST_PORT"
)

// Main is to be called at the beginning of TestMain by packages that use Process: the test binary
// is the server's, too.
func Main() {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		return
	}
	o := Options(dir)
	o.Port, _ = strconv.Atoi(os.Getenv(portVariable))
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	s.Start()
	if !s.ReadyForConnections(startLimit) {
		fmt.Println("it does not start")
		os.Exit(1)
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until whoever has started it ends
	os.Exit(0)
}

// Process is a server in a process of its own, at one port for all its lives.
type Process struct {
	URL string

	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
}

// StartProcess runs a server in a process of its own until the test ends.
func StartProcess(t testing.TB) *Process {
	t.Helper()
	p := &Process{t: t, dir: t.TempDir(), port: FreePort(t)}
	p.URL = fmt.Sprintf("nats://127.0.0.1:%d", p.port)
	p.Start()
	t.Cleanup(p.Kill)
	return p
}

// Start starts it, after Kill.
func (p *Process) Start() {
	p.t.Helper()
	p.cmd = exec.CommandContext(context.Background(), os.Args[0])
	p.cmd.Env = append(os.Environ(), dirVariable+"="+p.dir, portVariable+"="+strconv.Itoa(p.port))
	p.cmd.Stderr = os.Stderr
	if _, err := p.cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		p.t.Fatalf("the NATS server says %q: %v", line, err)
	}
}

// Kill kills it with SIGKILL. One that is dead stays so.
func (p *Process) Kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}
