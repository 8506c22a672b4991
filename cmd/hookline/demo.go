package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/admin"
	"hookline/cdc"
	"hookline/config"
	"hookline/internal/postgres"
	"hookline/internal/run"
	"hookline/internal/twentydb"
	"hookline/mapper/profile"
	"hookline/sender"
	"hookline/webhook"
)

type demoCommand struct {
	Once bool   `xor:"mode" help:"${demo_once}"`
	Load string `xor:"mode" placeholder:"URL" help:"${demo_load}"`
}

func (c demoCommand) Run(ctx context.Context) error {
	if c.Load != "" {
		return loadDemo(ctx, c.Load, os.Stdout)
	}
	d := &demo{out: os.Stdout}
	return d.run(ctx, c.Once)
}

// demo is the whole of it on one machine: a throw-away Postgres with a small Twenty database, four
// receivers, and Hookline between them, with its console.
type demo struct {
	out       io.Writer
	url       string
	console   string // host:port; "" for none
	db        *pgx.Conn
	receivers demoReceivers
}

const demoSlot = "hookline_demo"

// run plays the story once, or changes rows every second until ctx ends. It leaves nothing behind.
func (d *demo) run(ctx context.Context, once bool) (err error) {
	d.say("Starting a throw-away Postgres.")
	server, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		return run.UnlessEnded(ctx, err)
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	d.url = server.URL("postgres")
	if d.db, err = pgx.Connect(ctx, d.url); err != nil {
		return run.UnlessEnded(ctx, err)
	}
	defer func() { _ = d.db.Close(context.WithoutCancel(ctx)) }()
	d.say("Loading a small Twenty database: one workspace with people, companies, opportunities, " +
		"notes, tasks and rockets.")
	if err := twentydb.Load(ctx, d.db); err != nil {
		return run.UnlessEnded(ctx, err)
	}
	d.receivers.out = d.out
	defer d.receivers.close()
	if err := d.addWebhooks(ctx); err != nil {
		return run.UnlessEnded(ctx, err)
	}

	if !once { // which is over before anybody could look
		port, err := postgres.FreePort()
		if err != nil {
			return err
		}
		d.console = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	pipeline, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- run.Run(pipeline, d.config(), run.All, slog.New(slog.DiscardHandler)) }()
	defer func() {
		stop(errors.New("the demo is over"))
		err = errors.Join(err, <-ended)
	}()
	if err := d.waitActive(ctx, ended); err != nil {
		return run.UnlessEnded(ctx, err)
	}
	d.say("Hookline is streaming. Each line is one request, as its receiver saw it.\n")
	if once {
		return d.playOnce(ctx)
	}
	d.say("Its console is at http://%s\n", d.console)
	d.say("Ctrl-C ends the demo and removes everything it made.\n")
	return run.UnlessEnded(ctx, d.playOn(ctx))
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// addWebhooks adds four: steady hears of everything and answers at once; flaky hears of people and
// companies, and turns the first attempt of every third event away; sales hears of deals that are
// won, with what they were before; calm hears of a task once nobody has saved it for a while.
func (d *demo) addWebhooks(ctx context.Context) error {
	for _, r := range []*demoReceiver{
		{name: "steady", operations: []string{"*.*"}},
		{name: "flaky", operations: []string{"person.*", "company.*"}, turnsAway: 3},
		{
			name: "sales", operations: []string{"opportunity.*"},
			filter: `'stage' in changed && data.stage == 'CUSTOMER'`,
		},
		{name: "calm", operations: []string{"task.*"}, settle: demoQuiet},
	} {
		if err := d.receivers.open(r); err != nil {
			return err
		}
		if err := d.addWebhook(ctx, r); err != nil {
			return err
		}
		chooses := r.filter
		if r.settle > 0 {
			chooses = fmt.Sprintf("settles for %s", r.settle)
		}
		d.say("%s", strings.TrimRight(fmt.Sprintf("Webhook %-6s  %s  %v  %s",
			r.name, r.url(), r.operations, chooses), " "))
	}
	return nil
}

// demoQuiet is for how long a record is quiet before "calm" is told of it: for longer than the
// second that playOn leaves between two scenes.
const demoQuiet = 1500 * time.Millisecond

// addWebhook adds a webhook to Twenty's own table; one that chooses to Hookline's.
func (d *demo) addWebhook(ctx context.Context, r *demoReceiver) error {
	if r.filter == "" && r.settle == 0 {
		_, err := twentydb.AddWebhook(ctx, d.db, twentydb.Webhook{
			Workspace: twentydb.Workspace, URL: r.url(), Secret: r.secret, Operations: r.operations,
		})
		return err
	}
	const schema = "hookline"
	if _, err := d.db.Exec(ctx, webhook.SchemaSQL(schema)); err != nil {
		return err
	}
	_, err := d.db.Exec(ctx, `INSERT INTO `+schema+`.webhook
		(workspace_id, url, secret, operations, filter, settle, previous)
		VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, interval '0'), 'changed')`,
		twentydb.Workspace, r.url(), r.secret, r.operations, r.filter, r.settle)
	return err
}

func (d *demo) config() config.Config {
	return config.Config{
		CDC:     cdc.Config{URL: d.url, Slot: demoSlot, Publication: demoSlot},
		Mapper:  profile.Config{Profile: "twenty"},
		Webhook: webhook.Config{Profile: "twenty", Schema: "hookline"},
		Sender: sender.Config{
			Version:        version,
			AllowAddresses: []string{"127.0.0.1"},
			RetrySchedule:  []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, time.Second},
		},
		HoldWAL:      256 << 20, // or what settles would be told every two seconds, to free the WAL
		DrainTimeout: 5 * time.Second,
		HealthAddr:   "127.0.0.1:0",
		Admin:        admin.Config{Addr: d.console, ShowData: true, Recent: 1000},
	}
}

// waitActive returns when the pipeline holds its slot.
func (d *demo) waitActive(ctx context.Context, ended chan error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var active bool
		err := d.db.QueryRow(ctx,
			`SELECT active FROM pg_replication_slots WHERE slot_name = $1`, demoSlot).Scan(&active)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if active {
			return nil
		}
		select {
		case <-tick.C:
		case err := <-ended:
			ended <- nil // for who waits for the end
			return fmt.Errorf("the pipeline has ended: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// playOnce plays the story and waits for all that it should bring.
func (d *demo) playOnce(ctx context.Context) error {
	const limit = time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("not everything arrived within %s", limit))
	defer cancel()
	var expected []demoEvent
	for _, scene := range demoStory() {
		if err := scene.play(ctx, d.db); err != nil {
			return err
		}
		expected = append(expected, scene.brings...)
	}
	if err := d.receivers.await(ctx, expected); err != nil {
		return err
	}
	d.say("\nAll of it arrived: %d events, %d deliveries, every signature verified, every record in "+
		"order.",
		len(expected), d.receivers.accepted())
	return nil
}

// playOn plays a scene every second until ctx ends.
func (d *demo) playOn(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for _, scene := range demoStory() {
			if err := scene.play(ctx, d.db); err != nil {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}
