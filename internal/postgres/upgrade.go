package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// FindUpgrade is [FindMajor] for an installation that is whole: with pg_upgrade, and what that
// runs. Beside those that are installed it knows the ones that internal/tools/fetch-upgrade has
// fetched.
func FindUpgrade(major int) (bindir string, err error) {
	dirs := installed()
	if cache, err := cacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, fmt.Sprintf("upgrade-%d", major), "bin"))
	}
	for _, dir := range dirs {
		if _, err := exec.LookPath(filepath.Join(dir, "pg_upgrade")); err == nil &&
			majorOf(dir) == major {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no Postgres %d with pg_upgrade found on this machine: "+
		"internal/tools/fetch-upgrade %[1]d fetches one", major)
}

// Upgrade is a pg_upgrade that is yet to be run.
type Upgrade struct {
	from     *Server
	old, new string // where the programs are
	dir      string
}

// NewUpgrade makes an empty cluster of another major version in dir, to upgrade a server to that is
// shut down. Start takes the directory afterwards.
func NewUpgrade(ctx context.Context, from *Server, major int, dir string) (*Upgrade, error) {
	old, err := FindUpgrade(majorOf(from.bindir))
	if err != nil {
		return nil, err
	}
	bindir, err := FindUpgrade(major)
	if err != nil {
		return nil, err
	}
	u := &Upgrade{from: from, old: old, new: bindir, dir: dir}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if from.as != nil {
		if err := os.Chown(dir, int(from.as.Uid), int(from.as.Gid)); err != nil {
			return nil, err
		}
	}
	args := []string{
		"--pgdata", u.data(), "--no-sync", "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C",
	}
	if major >= 18 {
		args = append(args, "--no-data-checksums") // as before 18
	}
	if _, err := u.run(ctx, "initdb", args...); err != nil {
		return nil, err
	}
	return u, os.WriteFile(filepath.Join(u.data(), "postgresql.conf"), from.conf(nil), 0o644)
}

func (u *Upgrade) data() string { return filepath.Join(u.dir, "data") }

// Check runs pg_upgrade --check, and returns what it prints. The error tells whether it would go
// through.
func (u *Upgrade) Check(ctx context.Context) (out string, err error) {
	return u.upgrade(ctx, "--check")
}

// Run runs pg_upgrade, and returns what it prints.
func (u *Upgrade) Run(ctx context.Context) (out string, err error) { return u.upgrade(ctx) }

func (u *Upgrade) upgrade(ctx context.Context, args ...string) (out string, err error) {
	port, err := FreePort()
	if err != nil {
		return "", err
	}
	return u.run(ctx, "pg_upgrade", append(args, "--no-sync", "--old-bindir", u.old, "--new-bindir",
		u.new,
		"--old-datadir", u.from.dataFile(""), "--new-datadir", u.data(), "--username", "postgres",
		"--old-port", strconv.Itoa(port), "--new-port", strconv.Itoa(port), "--socketdir", u.from.dir)...)
}

func (u *Upgrade) run(ctx context.Context, name string, args ...string) (string, error) {
	if u.from.running != nil {
		return "", errors.New("the server runs")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(u.new, name), args...)
	cmd.Dir, cmd.Env = u.dir, environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.from.as}
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return string(out), err
}
