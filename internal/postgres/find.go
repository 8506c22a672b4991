package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// errNotInstalled says that no Postgres server was found on this machine. Its text tells how to get
// one.
var errNotInstalled = errors.New(`no Postgres server found on this machine
  Debian, Ubuntu   apt install postgresql
  Fedora, RHEL     dnf install postgresql-server
  Alpine           apk add postgresql
  macOS            brew install postgresql
or set POSTGRES_BIN to the directory that holds initdb and postgres`)

// Find returns the directory that holds initdb and postgres.
//
// $POSTGRES_BIN, when set, decides alone. Otherwise the PATH is asked first (postgres itself, then
// pg_config), then the places where Linux distributions and Homebrew install, highest version
// first. The error is [errNotInstalled] when there is none.
func Find() (bindir string, err error) {
	if dir := os.Getenv("POSTGRES_BIN"); dir != "" {
		if !holdsServer(dir) {
			return "", fmt.Errorf("POSTGRES_BIN=%s: no initdb and postgres in that directory", dir)
		}
		return dir, nil
	}
	for _, dir := range append(onPath(), installed()...) {
		if holdsServer(dir) {
			return dir, nil
		}
	}
	return "", errNotInstalled
}

// FindMajor is [Find] for a server of one major version. Beside those that are installed it knows
// the ones that internal/tools/fetch-postgres has fetched. The error names the version and what
// fetches it.
func FindMajor(major int) (bindir string, err error) {
	if dir, ok := foundMajor.Load(major); ok {
		return dir.(string), nil
	}
	if bindir, err = findMajor(major); err == nil {
		foundMajor.Store(major, bindir)
	}
	return bindir, err
}

// foundMajor is what FindMajor has found, by version: it runs a few programs for that.
var foundMajor sync.Map

func findMajor(major int) (bindir string, err error) {
	dirs := append(onPath(), installed()...)
	if cache, err := cacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, fmt.Sprintf("postgres-%d", major), "bin"))
	}
	for _, dir := range dirs {
		if holdsServer(dir) && majorOf(dir) == major {
			return dir, nil
		}
	}
	return "", fmt.Errorf(
		"no Postgres %d found on this machine: internal/tools/fetch-postgres %[1]d fetches one", major)
}

// cacheDir is where internal/tools/fetch-postgres puts servers.
func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/hookline", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "hookline"), err
}

// majorOf asks the server in a directory for its major version; 0 when it does not tell.
func majorOf(bindir string) int {
	// postgres (PostgreSQL) 15.18
	out, err := exec.Command(filepath.Join(bindir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	_, number, _ := strings.Cut(string(out), ") ")
	number, _, _ = strings.Cut(number, ".")
	major, _ := strconv.Atoi(strings.TrimSpace(number))
	return major
}

func holdsServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func onPath() (dirs []string) {
	if file, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(file))
		if file, err = filepath.EvalSymlinks(file); err == nil {
			dirs = append(dirs, filepath.Dir(file))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	return dirs
}

func installed() (dirs []string) {
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",            // Debian, Ubuntu
		"/usr/pgsql-*/bin",                     // Fedora, RHEL
		"/usr/libexec/postgresql*",             // Alpine
		"/opt/homebrew/opt/postgresql*/bin",    // macOS, Apple silicon
		"/usr/local/opt/postgresql*/bin",       // macOS, Intel
		"/Applications/Postgres.app/*/*/*/bin", // Postgres.app
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		dirs = append(dirs, found...)
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return dirs
}

// version is the last number in a path, 0 when there is none.
func version(path string) int {
	numbers := strings.FieldsFunc(path, func(r rune) bool { return r < '0' || r > '9' })
	if len(numbers) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(numbers[len(numbers)-1])
	return n
}
