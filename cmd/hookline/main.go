// Hookline turns committed row changes of a CRM's Postgres database into signed webhooks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// commands are all there are. What each does is told in about.
type commands struct {
	Run        runCommand        `cmd:"" help:"${run}"`
	Setup      setupCommand      `cmd:"" help:"${setup}"`
	Status     statusCommand     `cmd:"" help:"${status}"`
	Doctor     doctorCommand     `cmd:"" help:"${doctor}"`
	Upgrade    upgradeCommand    `cmd:"" help:"${upgrade}"`
	Objects    objectsCommand    `cmd:"" help:"${objects}"`
	Schema     schemaCommand     `cmd:"" help:"${schema}"`
	Webhooks   webhooksCommand   `cmd:"" help:"${webhooks}"`
	Deliveries deliveriesCommand `cmd:"" help:"${deliveries}"`
	Teardown   teardownCommand   `cmd:"" help:"${teardown}"`
	Listen     listenCommand     `cmd:"" help:"${listen}"`
	Verify     verifyCommand     `cmd:"" help:"${verify}"`
	Demo       demoCommand       `cmd:"" help:"${demo}"`
	Completion completionCommand `cmd:"" help:"${completion}"`
	Complete   completeCommand   `cmd:"" hidden:""`
	Version    versionCommand    `cmd:"" help:"${version}"`
}

// about tells what each command does.
var about = kong.Vars{
	"run": "Stream changes and deliver webhooks, until SIGTERM.",
	"setup": "Prepare the database: replica identities, publication, slot, Hookline's " +
		"own tables.",
	"status": "Tell how slot, checkpoint and webhooks stand. Ends with 3 when " +
		"something is wrong.",
	"doctor": "Check everything, and print the SQL or the setting that mends what is " +
		"wrong. Ends with 3 when something is.",
	"upgrade":  "Take slot and spool through pg_upgrade.",
	"objects":  "List the tables: what is announced of each, or why nothing is.",
	"schema":   "Print what the bodies of events look like, by the tables as they are now.",
	"webhooks": "List, add, change and test webhooks.",
	"deliveries": "List and show deliveries that wait or are dead; send dead ones again, " +
		"or discard them.",
	"teardown":   "Remove all of Hookline's from the database.",
	"listen":     "Receive webhooks here, verify their signatures and show them.",
	"verify":     "Check one signature.",
	"demo":       "Show it all at work on a database that is made for it and thrown away.",
	"completion": "Print what makes a shell complete commands.",
	"version":    "Print the version.",

	"run_role": "With HOOKLINE_NATS_URL: reader puts what is committed into the bus, " +
		"sender delivers from there.",
	"deliveries_show": "Show all that is kept of an event's deliveries, " +
		"the data of the record included.",
	"deliveries_discard": "Remove dead deliveries for good. " +
		"They count toward HOOKLINE_SPOOL_MAX_BYTES.",
	"of_webhook": "Those to this webhook: its key, its ID, or the beginning of an ID; hookline status " +
		"shows the keys.",
	"of_event": "Those of person.created, person.*, *.created, *.*, or the event of an ID.",
	"since": "Those of changes that were committed since: 2025-02-10T15:30:00Z, " +
		"or 2h for two hours ago.",
	"until": "Those of changes that were committed before.",
	"demo_once": "Play one round, check every delivery, and exit 0 only if all arrived, verified " +
		"and in order.",
	"demo_load": "Load the small Twenty database into an empty one of yours, to try things out on, " +
		"and end.",
	"listen_addr":   "Where to listen, host:port.",
	"listen_secret": "The webhook's secret. Without it signatures are not checked.",
	"verify_header": "A header as it came, 'Name: value'; may be given several times.",
	"setup_leave_bus": "Remove the stream from NATS, once it is empty and nobody reads or sends: " +
		"one process does all then.",
	"setup_spool": "With --accept-gap: what becomes of what is in the spool: keep, discard.",
	"webhook_per": "An event for each change, or for each commit.",
}

// AfterApply checks what is true of all commands.
func (*commands) AfterApply(command *kong.Context) error { return said(command) }

func main() { os.Exit(execute(os.Args[1:], os.Stderr)) }

// execute runs one command line and returns its exit code. What is wrong it tells stderr.
func execute(args []string, stderr io.Writer) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parser, err := parserFor(args[0])
	if err != nil {
		fmt.Fprintln(stderr, "hookline:", err)
		return exitFailed
	}
	command, err := parser.Parse(joined(args))
	if err != nil {
		fmt.Fprintf(stderr, "hookline: %v\n%s --help tells what there is.\n", err, mistaken(err))
		return exitUsage
	}
	ctx, stop := stopSignal()
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); errors.Is(err, errUnhealthy) {
		return exitSick
	} else if err != nil {
		fmt.Fprintln(stderr, "hookline:", cdc.ExplainPooler(err))
		return exitFailed
	}
	return exitFine
}

// parserFor returns the parser of command lines with a first argument. If that is a command, it is
// the only one there is: kong would work out the texts of all the others, at each start.
func parserFor(first string) (*kong.Kong, error) {
	return kong.New(new(commands), kong.Name("hookline"),
		kong.Description("Signed webhooks from a CRM's Postgres database, for every committed change."),
		about, kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.PostBuild(func(k *kong.Kong) error {
			for _, child := range k.Model.Children {
				if child.Name == first && !child.Hidden {
					k.Model.Children = []*kong.Node{child}
					break
				}
			}
			return nil
		}))
}

// mistaken returns the command that a command line was understood as.
func mistaken(err error) string {
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		if node := wrong.Context.Selected(); node != nil {
			return "hookline " + node.Path()
		}
	}
	return "hookline"
}

var errSignalled = errors.New("asked to stop")

// stopSignal returns a context that ends at the first SIGINT or SIGTERM, with a cause that says
// which. The second one kills the process.
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

// load returns the settings.
func load() (config.Config, error) {
	cfg, err := config.Load()
	cfg.Sender.Version = version
	return cfg, err
}

type versionCommand struct{ jsonFlag }

func (c versionCommand) Run() error {
	if c.JSON {
		return printJSON(os.Stdout, map[string]string{"version": version})
	}
	fmt.Println("hookline", version)
	return nil
}
