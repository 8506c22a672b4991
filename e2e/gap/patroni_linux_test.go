package gap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// Patroni switches over to the standby and back, right after writes. Under slots: it carries the
// slot along, and nothing is lost or comes twice; under ignore_slots: the new primary has no slot,
// which is a gap, until the old one is the primary again.
func TestPatroniSwitchover(t *testing.T) {
	t.Parallel()
	needPatroni(t)
	const slots = "slots: {postgres: {type: logical, database: postgres, plugin: pgoutput}}"
	const ignored = "ignore_slots: [{name: postgres, type: logical, database: postgres, plugin: " +
		"pgoutput}]"
	t.Run("slots", func(t *testing.T) {
		t.Parallel()
		newPatroni(t, 15, slots, nil).thereAndBack(t)
	})
	t.Run("ignore_slots", func(t *testing.T) {
		t.Parallel()
		newPatroni(t, 15, ignored, nil).thereWithoutTheSlot(t)
	})
}

// From Patroni 4.1 on, with Postgres 17, slots with failover are the server's affair: whether they
// are under slots: or not, it carries them where it is told to, and Patroni leaves them alone. Under
// slots: alone they are not carried.
func TestPatroniLeavesFailoverSlots(t *testing.T) {
	t.Parallel()
	needPatroni(t)
	if v := patroniVersion(t); v < leavesFailoverSlots {
		t.Skip("this Patroni drops slots that it does not know: internal/tools/fetch-patroni newest " +
			"fetches one that does not")
	}
	const slots = "slots: {postgres: {type: logical, database: postgres, plugin: pgoutput}}"
	carried := map[string]string{"sync_replication_slots": "on"}
	for name, settings := range map[string]string{"nothing": "", "slots": slots} {
		t.Run("sync_replication_slots and "+name, func(t *testing.T) {
			t.Parallel()
			newPatroni(t, 17, settings, carried).thereAndBack(t)
		})
	}
	t.Run("slots", func(t *testing.T) {
		t.Parallel()
		newPatroni(t, 17, slots, nil).thereWithoutTheSlot(t)
	})
}

// thereWithoutTheSlot switches over to a standby that has no slot, and back.
func (p *patroni) thereWithoutTheSlot(t *testing.T) {
	t.Helper()
	_, box, sut := p.announce(t)
	p.switchOver(0, 1)
	two := p.on(1)
	untilInGap(sut, "slot_missing")
	if got := sut.Get("/readyz"); !strings.Contains(got, "switch back") {
		t.Errorf("/readyz answers %q, want it to say that one may switch back", got)
	}
	two.OneByOne("there", 20)
	p.switchOver(1, 0)
	one := p.on(0)
	one.OneByOne("back", 20)
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(one.Diary()...))
}

// thereAndBack switches over to the standby and back, with writes before and after.
func (p *patroni) thereAndBack(t *testing.T) {
	t.Helper()
	one, box, sut := p.announce(t)
	p.untilSlot(1)

	one.OneByOne("before", 50)
	p.switchOver(0, 1)
	two := p.on(1)
	two.OneByOne("there", 50)
	sut.Until("active")
	if p.major >= 17 {
		// its own slot is in the way of the one that is carried, as docs/failover.md says
		e2e.Eventually(t, func() error { return p.ask(0, "/replica") })
		p.on(0).Exec(`SELECT pg_drop_replication_slot('postgres')`)
	}
	p.untilSlot(0)
	two.OneByOne("beforeback", 50)
	p.switchOver(1, 0)
	one = p.on(0)
	one.OneByOne("back", 50)
	sut.Until("active")
	e2e.Finish(t, sut, box.Gets(one.Diary()...))
}

// needPatroni skips a test where there is no Patroni.
func needPatroni(t *testing.T) {
	t.Helper()
	postgrestest.NeedServer(t)
	if patroniRoot() == "" {
		t.Skip("no Patroni: make e2e fetches it, where Debian's packages are to be had; or E2E_PATRONI " +
			"names the directory that " +
			"internal/tools/fetch-patroni prints")
	}
}

// patroniRoot is the directory below which Debian's packages are installed, or unpacked.
func patroniRoot() string {
	root := os.Getenv("E2E_PATRONI")
	if root == "" {
		root = "/"
	}
	for _, name := range []string{"usr/bin/patroni", "usr/bin/etcd"} {
		if _, err := exec.LookPath(filepath.Join(root, name)); err != nil {
			return ""
		}
	}
	return root
}

// leavesFailoverSlots is the first version that leaves slots with failover alone.
const leavesFailoverSlots = 401

// patroniVersion is 100 times the major version, and the minor one.
func patroniVersion(t *testing.T) (version int) {
	t.Helper()
	root := patroniRoot()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", filepath.Join(root, "usr/bin/patroni"),
		"--version")
	cmd.Env = []string{"PYTHONPATH=" + filepath.Join(root, "usr/lib/python3/dist-packages")}
	out, err := cmd.Output()
	var major, minor int
	if err == nil {
		_, err = fmt.Sscanf(string(out), "patroni %d.%d", &major, &minor)
	}
	if err != nil {
		t.Fatalf("patroni --version: %v: %s", err, out)
	}
	return 100*major + minor
}

// patroni is a cluster of two nodes, each with a server of its own, and etcd.
type patroni struct {
	t        *testing.T
	dir      string
	owner    *syscall.Credential
	major    int               // of Postgres
	settings string            // of the cluster, about slots
	server   map[string]string // settings of Postgres
	etcd     int
	postgres [2]int // ports
	api      [2]int
}

// announce starts Hookline on the first node, has it announce a few contacts, and starts the second
// node.
func (p *patroni) announce(t *testing.T) (*e2e.Database, *e2e.Inbox, *e2e.Process) {
	t.Helper()
	one, box := p.on(0).WithContacts(), e2e.NewInbox(t)
	one.AddWebhook(box, "*.*")
	sut := e2e.Start(t, p.both()).Until("active")
	one.OneByOne("first", 20)
	box.UntilAccepted(20)
	p.join()
	return one, box, sut
}

// newPatroni starts a cluster of one node, which is the primary.
func newPatroni(t *testing.T, major int, settings string, server map[string]string) *patroni {
	t.Helper()
	dir, err := os.MkdirTemp("",
		"hookline-patroni-") //nolint:usetesting // the server runs as another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner, err := postgres.Owner()
	if err == nil && owner != nil {
		err = errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, int(owner.Uid), int(owner.Gid)))
	}
	if err != nil {
		t.Fatal(err)
	}
	p := &patroni{
		t: t, dir: dir, owner: owner, major: major, settings: settings, server: server,
		etcd: e2e.FreePort(t),
	}
	peer := e2e.FreePort(t)
	for i := range p.postgres {
		p.postgres[i], p.api[i] = e2e.FreePort(t), e2e.FreePort(t)
	}
	client := fmt.Sprintf("http://127.0.0.1:%d", p.etcd)
	p.launch("usr/bin/etcd", "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--log-level", "error",
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", fmt.Sprintf("http://127.0.0.1:%d", peer))
	p.node(0)
	p.untilPrimary(0)
	return p
}

// join starts the other node, as a standby.
func (p *patroni) join() {
	p.t.Helper()
	p.node(1)
	e2e.Eventually(p.t, func() error { return p.ask(1, "/replica?lag=0") })
}

// node starts a node.
func (p *patroni) node(i int) {
	p.t.Helper()
	bin, err := postgres.FindUpgrade(p.major) // a whole one, as Patroni runs pg_controldata and more
	if err != nil {
		p.t.Skip(err)
	}
	parameters := ""
	for name, value := range p.server {
		parameters += fmt.Sprintf(", %s: '%s'", name, value)
	}
	config := fmt.Sprintf(`
scope: crm
name: node%[1]d
restapi: {listen: '127.0.0.1:%[2]d', connect_address: '127.0.0.1:%[2]d'}
etcd3: {hosts: '127.0.0.1:%[3]d'}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    %[4]s
    postgresql:
      parameters: {wal_level: logical, hot_standby_feedback: 'on', max_replication_slots: 10%[8]s}
  initdb: [encoding: UTF8, locale: C, no-sync]
postgresql:
  listen: 127.0.0.1:%[5]d
  connect_address: 127.0.0.1:%[5]d
  data_dir: %[6]s/data%[1]d
  bin_dir: %[7]s
  pgpass: %[6]s/pgpass%[1]d
  authentication:
    superuser: {username: postgres, password: none}
    replication: {username: postgres, password: none}
  parameters: {unix_socket_directories: '%[6]s', fsync: 'off', shared_buffers: 32MB, timezone: UTC}
  pg_hba:
  - local all all trust
  - host all all 127.0.0.1/32 trust
  - host replication all 127.0.0.1/32 trust
`, i, p.api[i], p.etcd, p.settings, p.postgres[i], p.dir, bin, parameters)
	file := filepath.Join(p.dir, fmt.Sprintf("node%d.yml", i))
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.endServer(i) })
	p.launch("usr/bin/python3", fmt.Sprintf("node%d", i), filepath.Join(patroniRoot(),
		"usr/bin/patroni"), file)
}

// endServer ends a server that Patroni has left behind, as it does with one that it has just begun
// to start.
func (p *patroni) endServer(i int) {
	text, err := os.ReadFile(filepath.Join(p.dir, fmt.Sprintf("data%d/postmaster.pid", i)))
	if err != nil {
		return // it has ended
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if pid, err := strconv.Atoi(line); err == nil {
		_ = syscall.Kill(pid, syscall.SIGQUIT)
	}
}

// launch starts a program of the packages, or Python, which ends with the test.
func (p *patroni) launch(program, name string, args ...string) {
	p.t.Helper()
	root := patroniRoot()
	path := filepath.Join(root, program)
	if strings.HasSuffix(program, "python3") {
		path = "/usr/bin/python3"
	}
	var out bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, &out, &out
	cmd.WaitDelay = 5 * time.Second // for the pipes of a server that it has left behind
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "PYTHONPATH=" + filepath.Join(root,
		"usr/lib/python3/dist-packages")}
	// A fetched server does not find the libpq that came with it, which knows what Patroni tells it.
	if bin, err := postgres.FindUpgrade(p.major); err == nil {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+filepath.Join(bin, "..", "lib"))
	}
	// Without Pdeathsig, which comes already when the thread ends that has started the process.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner, Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(e2e.Patience):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if p.t.Failed() {
			text := out.String()
			p.t.Logf("%s has printed:\n%s", name, text[max(0, len(text)-4000):])
		}
	})
}

// ask asks a node something that it answers with 200 when it is so.
func (p *patroni) ask(i int, path string) error {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", p.api[i], path))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("node %d answers %s to %s", i, resp.Status, path)
	}
	return nil
}

func (p *patroni) untilPrimary(i int) {
	p.t.Helper()
	e2e.Eventually(p.t, func() error { return p.ask(i, "/primary") })
}

// untilSlot waits until a standby has the slot. Patroni restarts it to bring the slot in.
func (p *patroni) untilSlot(i int) {
	p.t.Helper()
	e2e.Eventually(p.t, func() error {
		conn, err := pgx.Connect(p.t.Context(), p.address(i))
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.WithoutCancel(p.t.Context())) }()
		var found bool
		err = conn.QueryRow(p.t.Context(), `SELECT EXISTS (SELECT FROM pg_replication_slots s
			WHERE slot_name = 'postgres' AND confirmed_flush_lsn IS NOT NULL AND NOT temporary
				AND coalesce((to_jsonb(s)->>'synced')::boolean, true) AND pg_is_in_recovery())`).
			Scan(&found)
		if err == nil && !found {
			err = errors.New("the standby does not have the slot")
		}
		return err
	})
}

// switchOver makes the other node the primary.
func (p *patroni) switchOver(from, to int) {
	p.t.Helper()
	e2e.Eventually(p.t, func() error {
		body := fmt.Sprintf(`{"leader": "node%d", "candidate": "node%d"}`, from, to)
		resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/switchover", p.api[from]),
			"application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("switchover: %s %s", resp.Status, text)
		}
		return nil
	})
	p.untilPrimary(to)
}

// on connects to a node.
func (p *patroni) on(i int) *e2e.Database {
	p.t.Helper()
	return e2e.Connect(p.t, p.address(i))
}

func (p *patroni) address(i int) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.postgres[i])
}

// both is what the process is told: whichever node takes writes.
func (p *patroni) both() *e2e.Database {
	return &e2e.Database{T: p.t, Name: "postgres", URL: fmt.Sprintf(
		"postgres://postgres:%s@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable"+
			"&target_session_attrs=read-write",
		e2e.Confidential, p.postgres[0], p.postgres[1])}
}
