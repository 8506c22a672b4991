package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// template returns a cluster that initdb has made, for servers to start with a copy of: that takes
// a tenth of initdb's time. There is one for each installation of Postgres, in the directory of
// caches. All its copies have the same system identifier.
func (s *Server) template(ctx context.Context) (dir string, err error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(s.bindir, "postgres"), "--version").Output()
	if err != nil {
		return "", err
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", s.bindir, version, os.Geteuid()))
	dir = filepath.Join(cache, fmt.Sprintf("cluster-%x", id[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "initdb-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if s.as != nil {
		err = errors.Join(os.Chmod(work, 0o755), os.Chown(work, int(s.as.Uid), int(s.as.Gid)))
	}
	if err == nil {
		err = s.initdb(ctx, filepath.Join(work, "data"))
	}
	if err != nil {
		return "", err
	}
	// Whoever comes second finds the directory there, and as good.
	if err := os.Rename(filepath.Join(work, "data"), dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, nil
}

// copyTemplate makes the cluster of this server out of the template.
func (s *Server) copyTemplate(ctx context.Context) error {
	template, err := s.template(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "cp", "-a", template, s.dataFile(""))
	cmd.Dir, cmd.Env = s.dir, environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("%w\n%s", err, out), os.RemoveAll(s.dataFile("")))
	}
	return nil
}
