package command

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"testing"

	"hookline/admin"
	"hookline/e2e"
)

var profilesAddr = regexp.MustCompile(`msg="serving console, API and profiles" addr=(\S+)`)

// Whoever has the token gets profiles that go tool pprof reads; the token is printed nowhere.
func TestProfiles(t *testing.T) {
	t.Parallel()
	const token = e2e.Confidential + "-token-of-operators"
	db := e2e.NewCRM(t)
	sut := e2e.Start(t, db, "HOOKLINE_ADMIN_ADDR=127.0.0.1:0",
		"HOOKLINE_ADMIN_TOKEN="+token).Until("active")
	found := profilesAddr.FindStringSubmatch(sut.Log.String())
	if found == nil {
		t.Fatal("nothing serves profiles")
	}
	heap := "http://" + found[1] + "/debug/pprof/heap"
	resp, err := http.Get(heap)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); resp.StatusCode != 401 ||
		!bytes.Contains(text, []byte("Authorization: Bearer")) {
		t.Errorf("without a token: %s %q, %v", resp.Status, text, err)
	}
	pprof := exec.CommandContext(t.Context(), "go", "tool", "pprof", "-top",
		"http://hookline:"+token+"@"+found[1]+"/debug/pprof/heap")
	pprof.Env = append(pprof.Environ(), "PPROF_TMPDIR="+t.TempDir())
	if out, err := pprof.CombinedOutput(); err != nil ||
		!bytes.Contains(out, []byte("Type: inuse_space")) {
		t.Errorf("%v\n%s", err, out)
	}
	sut.Stop()
}

// Nobody has chosen the default address. Where it is taken, as by a second process of the same
// machine, Hookline does without.
func TestDefaultAdminAddressInUse(t *testing.T) {
	t.Parallel()
	// or somebody else has taken it
	if taken, err := net.Listen("tcp", admin.DefaultAddr); err == nil {
		defer taken.Close()
	}
	sut := e2e.Start(t, e2e.NewCRM(t), "HOOKLINE_ADMIN_ADDR=").Until("active")
	sut.UntilPrinted(
		"the console is not served: set HOOKLINE_ADMIN_ADDR to another address, or to off")
	sut.Stop()
}
