package postgres_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres"
)

// startIn names, to a copy of this test binary, the directory to start a server in; see TestMain.
const startIn = "HOOKLINE_POSTGRES_TEST_START_IN"

func TestMain(m *testing.M) {
	dir := os.Getenv(startIn)
	if flag.Parse(); dir == "" && testing.Short() {
		return // every test starts a server
	}
	if dir == "" {
		os.Exit(m.Run())
	}
	server, err := postgres.Start(context.Background(), postgres.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.URL("postgres"))
	select {} // until killed
}

func TestServerEndsWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), startIn+"="+newDir(t))
	parent.Stderr = os.Stderr
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	session, err := pgx.Connect(ctx, strings.TrimSpace(url))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()

	// The session waits for what never comes, so that only the end of the server ends it.
	if _, err := session.WaitForNotification(ctx); ctx.Err() != nil {
		t.Errorf("the server outlived its parent by 20 s: %v", err)
	}
}
