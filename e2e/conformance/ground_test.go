package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookline/e2e"
)

// front is a running server, and the receiver behind it.
type front struct {
	t       *testing.T
	server  server
	setting setting
	inbox   *e2e.Inbox
	process *exec.Cmd
	log     *os.File
}

func host(address string) string { h, _, _ := net.SplitHostPort(address); return h }
func port(address string) string { _, p, _ := net.SplitHostPort(address); return p }

// newFront starts a server.
func newFront(t *testing.T, s server, http2, few bool) *front {
	t.Helper()
	f := &front{t: t, server: s, inbox: e2e.NewInbox(t)}
	dir, err := os.MkdirTemp("",
		"conformance-") //nolint:usetesting // t.TempDir is closed to other users, and Apache's children are one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			f.printLogs()
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.setting = setting{
		root: os.Getenv("E2E_SERVERS"), dir: dir, port: freePort(t), spare: freePort(t),
		origin: f.inbox.Server.Listener.Addr().String(),
		http2:  http2, few: few,
	}
	writeCertificate(t, dir)
	f.write(s.file, s.config(f.setting))
	f.inbox.Server.URL = fmt.Sprintf("https://127.0.0.1:%d", f.setting.port)
	f.log, err = os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.log.Close() })
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *front) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.setting.dir, name), []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// trust is the setting that has Hookline trust the server.
func (f *front) trust() string {
	return "SSL_CERT_FILE=" + filepath.Join(f.setting.dir, "cert.pem")
}

func (f *front) command(words []string) *exec.Cmd {
	expand := strings.NewReplacer("{dir}", f.setting.dir, "{root}", f.setting.root)
	args := make([]string, len(words))
	for i, w := range words {
		args[i] = expand.Replace(w)
	}
	cmd := exec.Command(filepath.Join(f.setting.root, args[0]), args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for _, e := range f.server.env {
		cmd.Env = append(cmd.Env, expand.Replace(e))
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.setting.dir, f.log, f.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its children end with it
	return cmd
}

// start starts the server and waits until it accepts connections.
func (f *front) start() {
	f.t.Helper()
	f.process = f.command(f.server.command)
	if err := f.process.Start(); err != nil {
		f.t.Fatalf("start %s: %v", f.server.name, err)
	}
	e2e.Eventually(f.t, func() error {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", f.setting.port))
		if err == nil {
			c.Close()
		}
		return err
	})
}

// stop ends the server and all of its processes.
func (f *front) stop() {
	_ = syscall.Kill(-f.process.Process.Pid, syscall.SIGTERM)
	timer := time.AfterFunc(5*time.Second, func() {
		_ = syscall.Kill(-f.process.Process.Pid, syscall.SIGKILL)
	})
	_ = f.process.Wait()
	timer.Stop()
	_ = syscall.Kill(-f.process.Process.Pid, syscall.SIGKILL) // those that a reload has left
}

// reload asks for a graceful reload.
func (f *front) reload() {
	f.t.Helper()
	if f.server.reloads != nil {
		if err := f.command(f.server.reloads(f.setting)).Run(); err != nil {
			f.t.Errorf("reload %s: %v", f.server.name, err)
		}
		return
	}
	if err := f.process.Process.Signal(f.server.reload); err != nil {
		f.t.Errorf("reload %s: %v", f.server.name, err)
	}
}

func (f *front) printLogs() {
	for _, name := range []string{"output", "log"} {
		text, _ := os.ReadFile(filepath.Join(f.setting.dir, name))
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		f.t.Logf("%s, %s:\n%s", f.server.name, name, strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
}

// freePort returns a port below those that systems give to outgoing connections.
func freePort(t *testing.T) int {
	t.Helper()
	for p := 15000 + os.Getpid()%1000*5; p < 32000; p++ {
		if slices.Contains(given, p) {
			continue
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			l.Close()
			given = append(given, p)
			return p
		}
	}
	t.Fatal("no free port")
	return 0
}

var given []int // to servers; used by one goroutine, before anything runs side by side

// writeCertificate writes a certificate for 127.0.0.1 that is its own authority: cert.pem, key.pem,
// and both in both.pem.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "conformance"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	for name, text := range map[string][]byte{
		"cert.pem": certPEM, "key.pem": keyPEM,
		"both.pem": append(slices.Clone(certPEM), keyPEM...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
