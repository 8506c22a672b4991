// Hookline turns committed row changes of a CRM's Postgres database into signed webhooks.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"hookline/cdc"
	"hookline/config"
)

// version is set by the linker.
var version = "dev"

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
	exitSick   = 3
)

type commands struct {
	Run        runCommand        `cmd:"" help:"Stream changes and deliver webhooks, until SIGTERM."`
	Setup      setupCommand      `cmd:"" help:"Prepare the database: replica identities, publication, slot, Hookline's own tables."`
	Status     statusCommand     `cmd:"" help:"Tell how slot, checkpoint and webhooks stand. Ends with 3 when something is wrong."`
	Doctor     doctorCommand     `cmd:"" help:"Check everything, and print the SQL or the setting that mends what is wrong. Ends with 3 when something is."`
	Objects    objectsCommand    `cmd:"" help:"List the tables: what is announced of each, or why nothing is."`
	Deliveries deliveriesCommand `cmd:"" help:"List and show deliveries that wait or are dead; send dead ones again, or discard them."`
	Listen     listenCommand     `cmd:"" help:"Receive webhooks here, verify their signatures and show them."`
	Verify     verifyCommand     `cmd:"" help:"Check one signature."`
	Demo       demoCommand       `cmd:"" help:"Show it all at work on a database that is made for it and thrown away."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs one command line and returns its exit code.
func execute(args []string) int {
	var cli commands
	parser, err := kong.New(&cli, kong.Name("hookline"),
		kong.Description("Signed webhooks from a CRM's Postgres database, for every committed change."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "hookline:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "hookline: %v\nhookline --help tells what there is.\n", err)
		return exitUsage
	}
	ctx, stop := stopSignal()
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); errors.Is(err, errUnhealthy) {
		return exitSick
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "hookline:", cdc.ExplainPooler(err))
		return exitFailed
	}
	return exitFine
}

var errSignalled = errors.New("asked to stop")

// stopSignal returns a context that ends at the first SIGINT or SIGTERM, with a cause that says which. The second one kills the process.
func stopSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if s, ok := <-signals; ok {
			signal.Stop(signals)
			cancel(fmt.Errorf("%w by %s", errSignalled, s))
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel(nil) }
}

// newLogger returns the logger that the settings ask for; it writes to standard error.
func newLogger(cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == config.LogJSON {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("hookline", version)
	return nil
}
