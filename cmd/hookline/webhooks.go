package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/sender"
	"hookline/webhook"
)

type webhooksCommand struct {
	List   webhooksList   `cmd:"" help:"List webhooks: how they stand, and what waits for them."`
	Add    webhooksAdd    `cmd:"" help:"Add a webhook to Hookline's own table."`
	Edit   webhooksEdit   `cmd:"" help:"Change a webhook of Hookline's own table."`
	Pause  webhooksPause  `cmd:"" help:"Switch a webhook off: events of that time are not sent later."`
	Resume webhooksResume `cmd:"" help:"Switch a webhook on again."`
	Rotate webhooksRotate `cmd:"" help:"Give a webhook another secret; both sign for a while."`
	Test   webhooksTest   `cmd:"" help:"Send a test event, and show the answer."`
	Try    webhooksTry    `cmd:"" help:"Show what a webhook's filter lets through, and why not the rest."`
	Remove webhooksRemove `cmd:"" help:"Remove a webhook of Hookline's own table."`
}

// webhookName is an argument that names one webhook.
type webhookName struct {
	Webhook string `arg:"" help:"Its key, its ID, or the beginning of its ID: hookline webhooks list."`
}

// jsonFlag is the flag of each command that can print JSON.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// onWebhooks calls f with the database and a connection. It needs neither a running Hookline nor
// that none runs.
func onWebhooks(ctx context.Context, f func(db *crm.Database, conn *pgx.Conn) error) error {
	cfg, err := load()
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler) // what it would log is what the command prints
	db, err := crm.Open(ctx, cfg, quiet, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return db.Permitted(conn.Conn(), f(db, conn.Conn()))
	})
}

type webhooksList struct{ jsonFlag }

// webhookStatus is a webhook with its queue in the spool.
type webhookStatus struct {
	webhook.Row
	Waiting int    `json:"waiting"`
	Dead    int    `json:"dead"`
	Paused  string `json:"paused,omitempty"` // why nothing is sent though it is switched on
}

func (c webhooksList) Run(ctx context.Context) error {
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		store, err := crm.OpenSpool(ctx, db.Config)
		if err != nil {
			return err
		}
		defer store.Close()
		found, err := operate.ListWebhooks(ctx, db, conn, store)
		if err != nil {
			return err
		}
		list := make([]webhookStatus, len(found))
		for i, w := range found {
			list[i] = webhookStatus{w.Row, w.Queue.Waiting, w.Queue.Dead, w.Queue.Paused}
		}
		if c.JSON {
			return printJSON(os.Stdout, list)
		}
		return printWebhooks(newScreen(os.Stdout), list)
	})
}

var stateColours = map[webhook.RowState]colour{
	webhook.Active: green, webhook.Skipped: red, webhook.Disabled: yellow,
}

func printWebhooks(out screen, list []webhookStatus) error {
	if len(list) == 0 {
		fmt.Fprintln(out, "There are none: hookline webhooks add URL")
		return nil
	}
	var t table
	t.head("WEBHOOK", "STATE", "URL", "OPERATIONS", "WAITING", "DEAD", "NOTE")
	for _, w := range list {
		state := cell{string(w.State), stateColours[w.State]}
		note := w.Reason
		if w.Paused != "" && w.State == webhook.Active {
			state, note = cell{"paused", yellow}, w.Paused
		}
		if note == "" && !w.PreviousUntil.IsZero() {
			note = "two secrets sign until " + w.PreviousUntil.Format(time.RFC3339)
		}
		if note == "" && w.PreviousLeft {
			note = "the secret before is still in its row: hookline webhooks rotate --finish"
		}
		if note == "" {
			note = w.Description
		}
		t.row(w.Key, state, w.URL, strings.Join(w.Operations, ","),
			fmt.Sprint(w.Waiting), fmt.Sprint(w.Dead), printable(note))
	}
	return t.print(out)
}

// webhookSettings are the flags that say what a webhook is like.
type webhookSettings struct {
	Operations  []string          `short:"o" help:"What it hears of: person.created, person.*, …"`
	Format      *string           `clears:"" help:"Form of the body: event, twenty, standard, cloudevents, cloudevents-binary; of operator events alone slack or plain."`
	Header      map[string]string `mapsep:"none" help:"One more header, NAME=VALUE; may be given several times."`
	Workspace   *string           `clears:"" placeholder:"ID" help:"The tenant that it belongs to; * for all."`
	Rekey       *string           `clears:"" placeholder:"HOW" help:"How a changed key is told: split, or empty for previousKey."`
	Per         *string           `clears:"" placeholder:"WHAT" help:"${webhook_per}"`
	Filter      *string           `clears:"" placeholder:"CEL" help:"Which of these events are sent."`
	Previous    *string           `clears:"" placeholder:"WHAT" help:"What is sent of the row before: changed or all."`
	Fields      *string           `clears:"" placeholder:"NAME,…" help:"Fields that are sent, beside the key's; an update of others alone is not sent."`
	Mask        *string           `clears:"" placeholder:"NAME,…" help:"Fields that are sent as ***."`
	Ignore      []string          `sep:"none" placeholder:"WHAT" help:"Changes that it does not hear of: actor:API, origin:NAME, annotation:KEY=VALUE, …"`
	Settle      *string           `clears:"" placeholder:"5s" help:"How long a record is quiet before it is told, once."`
	SettleMax   *string           `clears:"" placeholder:"1m" help:"How long after its first change it is told at the latest (ten times --settle)."`
	CatchUp     *string           `clears:"" placeholder:"WHAT" help:"What is sent of what has waited: all or latest."`
	Description *string           `clears:"" placeholder:"TEXT" help:"For people."`

	webhookPace
	webhookTLS
}

func (c *webhookSettings) settings() (webhook.Settings, error) {
	s := webhook.Settings{
		Operations: c.Operations, Format: c.Format, Workspace: c.Workspace, Rekey: c.Rekey,
		Per: c.Per, Ignore: c.Ignore, Description: c.Description,
		Previous: c.Previous, Filter: c.Filter, Fields: names(c.Fields), Mask: names(c.Mask),
		Settle: c.Settle, SettleMax: c.SettleMax, CatchUp: c.CatchUp,
	}
	if err := c.pace(&s); err != nil {
		return s, err
	}
	if err := c.tls(&s); err != nil {
		return s, err
	}
	if len(c.Header) == 0 {
		return s, nil
	}
	headers := map[string]string{}
	for name, value := range c.Header {
		value, err := fromEnvironment(value)
		if err != nil {
			return s, fmt.Errorf("--header %s: %w", name, err)
		}
		headers[name] = value
	}
	s.Headers = &headers
	return s, nil
}

// names returns a list of names that commas separate; nil when nothing is said.
func names(text *string) []string {
	if text == nil {
		return nil
	}
	list := []string{}
	if *text == "" {
		return list
	}
	for name := range strings.SplitSeq(*text, ",") {
		list = append(list, strings.TrimSpace(name))
	}
	return list
}

// fromEnvironment returns a value of the command line, or of the variable that it names as
// env:NAME: everybody on the machine can read a command line.
func fromEnvironment(value string) (string, error) {
	name, is := strings.CutPrefix(value, "env:")
	if !is {
		return value, nil
	}
	if value, set := os.LookupEnv(name); set && value != "" {
		return value, nil
	}
	return "", fmt.Errorf("the environment variable %q is not set", name)
}

// secretSource is where a secret comes from; it is never on the command line itself.
type secretSource string

func (s *secretSource) UnmarshalText(text []byte) error {
	name, named := strings.CutPrefix(string(text), "env:")
	if string(text) != "-" && (!named || name == "") {
		return errors.New("want - for standard input, or env:VARIABLE: " +
			"everybody on this machine can read a command line")
	}
	*s = secretSource(text)
	return nil
}

// read returns the secret. The line break behind one that was typed, or echoed, is no part of it.
func (s secretSource) read(in io.Reader) (webhook.Secret, error) {
	if s != "-" {
		text, err := fromEnvironment(string(s))
		return webhook.Secret(text), err
	}
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return "", fmt.Errorf("read the secret from standard input: %w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case secret == "":
		return "", errors.New("standard input is empty, and was to hold the secret")
	case len(text) > most:
		return "", fmt.Errorf("standard input was to hold a secret, and has more than %d bytes", most)
	}
	return webhook.Secret(secret), nil
}

// changedWebhook is what commands print that change one. Secret is there only when it was made up.
type changedWebhook struct {
	Webhook webhook.Row `json:"webhook"`
	Secret  string      `json:"secret,omitempty"`
	Refused string      `json:"refused,omitempty"` // why nothing will be delivered to it

	// Warnings are what it names that is not there, and may come.
	Warnings []string `json:"warnings,omitempty"`
}

// printChanged tells what was done to a webhook.
func printChanged(asJSON bool, row webhook.Row, secret webhook.Secret, lines ...string) error {
	return changedWebhook{Webhook: row, Secret: string(secret)}.print(asJSON, lines...)
}

// printAddressed tells of a webhook that may have got another URL.
func printAddressed(ctx context.Context, asJSON bool, db *crm.Database, conn *pgx.Conn,
	s *webhook.Settings, row webhook.Row, secret webhook.Secret, lines ...string,
) error {
	warnings := operate.Warnings(ctx, db, conn, row.Key)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	refused, err := operate.Refused(ctx, db.Config.Sender, s)
	if err != nil {
		return err
	}
	if refused != "" {
		lines = append(lines, fmt.Sprintf("Nothing will be delivered to it as things are here: %s, "+
			"where `hookline run` reads it.", refused))
	}
	return changedWebhook{row, string(secret), refused, warnings}.print(asJSON, lines...)
}

func (c changedWebhook) print(asJSON bool, lines ...string) error {
	if asJSON {
		return printJSON(os.Stdout, c)
	}
	for _, line := range lines {
		if line != "" {
			fmt.Println(line)
		}
	}
	if c.Secret != "" {
		fmt.Printf("Its secret, which is not shown again: %s\n", c.Secret)
	}
	return nil
}

// hears tells what a webhook hears of.
func hears(row *webhook.Row) string {
	if row.State != webhook.Active {
		return fmt.Sprintf("It is not served: %s.", row.Reason)
	}
	but := ""
	if row.Ignore != nil {
		but = ", but for changes by " + strings.Join(row.Ignore, ", ")
	}
	rate := ""
	if row.Rate != 0 { // which the receiver may have asked for
		rate = fmt.Sprintf(", in %g requests a second at most", row.Rate)
	}
	return fmt.Sprintf("It hears of %s%s%s.", strings.Join(row.Operations, ", "), but, rate)
}

type webhooksAdd struct {
	URL string `arg:"" help:"Where events are posted to; env:VARIABLE is read from the environment."`
	webhookSettings
	Secret   secretSource `xor:"secret" placeholder:"-|env:NAME" help:"Where its secret is read from."`
	Ed25519  bool         `name:"ed25519" xor:"secret" help:"Signed with a new key pair (ed25519); the public key is shown."`
	Unsigned bool         `xor:"secret" help:"Without a secret: requests are not signed."`
	Paused   bool         `help:"Switched off, until hookline webhooks resume."`
	jsonFlag
}

// fromElsewhere is what --help tells of values that need not be on the command line.
const fromElsewhere = "The URL, and values of headers, may be env:NAME: they are read from that " +
	"variable. "

// Help is what --help tells beside.
func (webhooksAdd) Help() string {
	return fromElsewhere + "The secret comes from standard input (-) or a variable (env:NAME); " +
		"without either one is made up, and printed once. The webhook hears of the next commit."
}

func (c webhooksAdd) Run(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	target, err := fromEnvironment(c.URL)
	if err != nil {
		return err
	}
	s.URL = &target
	if c.Ed25519 {
		s.Secret = new(webhook.NewKeyPair())
	} else if c.Unsigned {
		s.Secret = new(webhook.Secret(""))
	} else if c.Secret != "" {
		secret, err := c.Secret.read(os.Stdin)
		if err != nil {
			return err
		}
		s.Secret = &secret
	}
	if c.Paused {
		s.Enabled = new(false)
	}
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		if err := operate.Consent(ctx, db, conn, "", &s); err != nil {
			return err
		}
		row, secret, err := db.Webhooks.Add(ctx, conn, s)
		if err != nil {
			return err
		}
		if s.Secret != nil {
			secret = "" // which who gave it knows
		}
		added := fmt.Sprintf("Added webhook %s to %s.", row.Key, row.Host)
		return printAddressed(ctx, c.JSON, db, conn, &s, row, secret, added, hears(&row), publicKey(&row))
	})
}

type webhooksEdit struct {
	webhookName
	URL *string `help:"Where events are posted to; env:VARIABLE is read from the environment."`
	webhookSettings
	NoHeaders bool `help:"Without further headers."`
	NoIgnore  bool `help:"It hears of all changes."`
	jsonFlag
}

// Help is what --help tells beside.
func (webhooksEdit) Help() string {
	return fromElsewhere + "What is not said stays as it is; --header gives all headers anew."
}

// Validate wants something to be said.
func (c webhooksEdit) Validate() error {
	if err := c.webhookPace.Validate(); err != nil {
		return err
	}
	if c.NoHeaders && len(c.Header) > 0 {
		return errors.New("--no-headers and --header can't be used together")
	}
	if c.NoIgnore && len(c.Ignore) > 0 {
		return errors.New("--no-ignore and --ignore can't be used together")
	}
	said := c.webhookPace != (webhookPace{}) || c.said() ||
		c.NoIgnore || c.Ignore != nil || c.Operations != nil || c.Format != nil ||
		len(c.Header) > 0 || c.Workspace != nil ||
		c.Rekey != nil || c.Per != nil || c.Description != nil ||
		c.Filter != nil || c.Previous != nil || c.Fields != nil || c.Mask != nil ||
		c.Settle != nil || c.SettleMax != nil || c.CatchUp != nil
	if !said && c.URL == nil && !c.NoHeaders {
		return errors.New("say what is to change: hookline webhooks edit --help")
	}
	return nil
}

func (c webhooksEdit) Run(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if c.URL != nil {
		target, err := fromEnvironment(*c.URL)
		if err != nil {
			return err
		}
		s.URL = &target
	}
	if c.NoHeaders {
		s.Headers = &map[string]string{}
	}
	if c.NoIgnore {
		s.Ignore = []string{}
	}
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		if err := operate.Consent(ctx, db, conn, c.Webhook, &s); err != nil {
			return err
		}
		row, err := db.Webhooks.Edit(ctx, conn, c.Webhook, s)
		if err != nil {
			return err
		}
		changed := fmt.Sprintf("Changed webhook %s to %s.", row.Key, row.Host)
		return printAddressed(ctx, c.JSON, db, conn, &s, row, "", changed, hears(&row))
	})
}

type webhooksPause struct {
	webhookName
	jsonFlag
}

func (c webhooksPause) Run(ctx context.Context) error {
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		row, err := db.Webhooks.Pause(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		return printChanged(c.JSON, row, "", fmt.Sprintf("Webhook %s to %s is switched off. "+
			"What waits for it is dropped, and events are not sent later.", row.Key, row.Host))
	})
}

type webhooksResume struct {
	webhookName
	jsonFlag
}

func (c webhooksResume) Run(ctx context.Context) error {
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		row, err := db.Webhooks.Resume(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		store, err := crm.OpenSpool(ctx, db.Config)
		if err != nil {
			return err
		}
		defer store.Close()
		queues, err := operate.Queues(ctx, store)
		if err != nil {
			return err
		}
		held := ""
		if why := queues[row.Key].Paused; why != "" {
			held = fmt.Sprintf("Nothing is sent to it yet: %s. It goes on with: "+
				"hookline deliveries replay --webhook %s", why, row.Key)
		}
		return printChanged(c.JSON, row, "",
			fmt.Sprintf("Webhook %s to %s is switched on.", row.Key, row.Host), hears(&row), held)
	})
}

type webhooksRotate struct {
	webhookName
	Secret secretSource   `xor:"secret" placeholder:"-|env:NAME" help:"Where the new secret is from."`
	Grace  *time.Duration `help:"How long the secret before signs, too (24h); 0s: not at all."`
	Finish bool           `xor:"secret" help:"End the grace period: the new one signs alone."`
	jsonFlag
}

// Help is what --help tells beside.
func (webhooksRotate) Help() string {
	return "For the grace period " + sender.HeaderStandardSignature + " has signatures of both. " +
		sender.HeaderSignature + " has room for one, and keeps that of the old one until the end, or " +
		"until --finish. The new one comes from standard input (-) or a variable (env:NAME); without " +
		"either it is made up, and printed once."
}

// Validate refuses what cannot be meant.
func (c webhooksRotate) Validate() error {
	switch {
	case c.Grace == nil:
	case c.Finish:
		return fmt.Errorf("--finish and --grace can't be used together: --finish ends the grace "+
			"period now, and --grace %s begins one", *c.Grace)
	case *c.Grace < 0:
		return fmt.Errorf("--grace %s: want a time such as 24h, or 0s", *c.Grace)
	}
	return nil
}

func (c webhooksRotate) Run(ctx context.Context) error {
	var given webhook.Secret
	if c.Secret != "" {
		var err error
		if given, err = c.Secret.read(os.Stdin); err != nil {
			return err
		}
	}
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		if c.Finish {
			row, err := db.Webhooks.EndRotation(ctx, conn, c.Webhook)
			if err != nil {
				return err
			}
			return printChanged(c.JSON, row, "",
				fmt.Sprintf("Requests to webhook %s are signed with its new secret alone.", row.Key))
		}
		grace := operate.DefaultGrace
		if c.Grace != nil {
			grace = *c.Grace
		}
		row, secret, err := db.Webhooks.Rotate(ctx, conn, c.Webhook, given, grace)
		if err != nil {
			return err
		}
		if given != "" {
			secret = ""
		}
		return printChanged(c.JSON, row, secret, rotated(&row), publicKey(&row))
	})
}

// rotated tells what signs after a rotation.
func rotated(row *webhook.Row) string {
	if row.PreviousUntil.IsZero() {
		return fmt.Sprintf("Requests to webhook %s are signed with its new secret alone.", row.Key)
	}
	twenty := sender.HeaderSignature + " has room for one: until then it is that of the secret before."
	if row.PublicKey != "" {
		twenty = sender.HeaderSignature + " is never that of a key pair."
	}
	return fmt.Sprintf("Until %s requests to webhook %s carry signatures of both secrets in %s. %s\n"+
		"When the receiver has the new one: hookline webhooks rotate --finish %[2]s",
		row.PreviousUntil.Format(time.RFC3339), row.Key, sender.HeaderStandardSignature, twenty)
}

type webhooksRemove struct {
	webhookName
	jsonFlag
}

func (c webhooksRemove) Run(ctx context.Context) error {
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		row, err := db.Webhooks.Remove(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		return printChanged(c.JSON, row, "", fmt.Sprintf(
			"Removed webhook %s to %s. What waits for it is dropped.", row.Key, row.Host))
	})
}
