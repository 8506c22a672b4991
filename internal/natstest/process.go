package natstest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// Node is a server in a process of its own.
type Node struct {
	Dir  string // where it keeps its files
	Port int    // of 127.0.0.1, for clients
	// Of a cluster: its name, its port for the other ones, and those of all. "", 0 and none for a
	// server that is alone.
	Name        string
	ClusterPort int
	Routes      []int
}

// URL is where clients find it.
func (n Node) URL() string { return "nats://" + local(n.Port) }

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func (n Node) options() *server.Options {
	o := Options(n.Dir)
	o.Port = n.Port
	if n.Name == "" {
		return o
	}
	o.ServerName, o.NoSystemAccount = n.Name, false
	o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.ClusterPort}
	for _, port := range n.Routes {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: local(port)})
	}
	return o
}

// nodes returns those of a cluster of three.
func nodes(t testing.TB) []Node {
	t.Helper()
	list := make([]Node, 3)
	var routes []int
	for i := range list {
		list[i] = Node{
			Dir: t.TempDir(), Port: FreePort(t), Name: fmt.Sprintf("n%d", i), ClusterPort: FreePort(t),
		}
		routes = append(routes, list[i].ClusterPort)
	}
	for i := range list {
		list[i].Routes = routes
	}
	return list
}

// nodeVariable makes a program the server of a Node: see Main.
const nodeVariable = "NATSTEST_NODE"

// Main is to be called first by programs that run servers in processes of their own: the program is
// the server's, too. Of a test binary that is TestMain.
func Main() {
	text := os.Getenv(nodeVariable)
	if text == "" {
		return
	}
	var n Node
	err := json.Unmarshal([]byte(text), &n)
	var s *server.Server
	if err == nil {
		s, err = server.NewServer(n.options())
	}
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

// Command returns the process of the server, to be started: it ends with this one, or when it is
// killed. It prints a line once clients can connect.
func (n Node) Command(ctx context.Context) (*exec.Cmd, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), nodeVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	_, err = cmd.StdinPipe()
	return cmd, err
}

// Process is a Node that runs, or was killed.
type Process struct {
	Node
	Cmd *exec.Cmd // as it was started last

	t testing.TB
}

// StartProcess runs a server that is alone until the test ends.
func StartProcess(t testing.TB) *Process {
	t.Helper()
	return startNode(t, Node{Dir: t.TempDir(), Port: FreePort(t)})
}

// StartCluster runs three servers, a cluster, until the test ends.
func StartCluster(t testing.TB) (list []*Process) {
	t.Helper()
	for _, n := range nodes(t) {
		list = append(list, startNode(t, n))
	}
	return list
}

func startNode(t testing.TB, n Node) *Process {
	t.Helper()
	p := &Process{Node: n, t: t}
	p.Start()
	t.Cleanup(p.Kill)
	return p
}

// Start starts it, also again after Kill, for a test.
func (p *Process) Start() {
	p.t.Helper()
	if err := p.Launch(); err != nil {
		p.t.Fatal(err)
	}
}

// Launch starts it, and returns once clients can connect.
func (p *Process) Launch() error {
	var err error
	if p.Cmd, err = p.Node.Command(context.Background()); err != nil {
		return err
	}
	out, err := p.Cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.Cmd.Start(); err != nil {
		return err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		return fmt.Errorf("the NATS server says %q: %w", line, err)
	}
	return nil
}

// Kill kills it with SIGKILL. One that is dead stays so.
func (p *Process) Kill() {
	if p.Cmd.ProcessState == nil {
		_ = p.Cmd.Process.Kill()
		_ = p.Cmd.Wait()
	}
}
