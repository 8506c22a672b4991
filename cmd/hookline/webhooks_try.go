package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/admin"
	"hookline/admin/api"
	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/webhook/filter"
)

type webhooksTry struct {
	webhookName
	Table  string  `placeholder:"SCHEMA.TABLE" help:"Try it on rows of this table, as if they were created."`
	Filter *string `placeholder:"CEL" help:"Try this expression instead of the webhook's; with --table."`
	Limit  *int    `help:"How many rows, or events (20)."`
	jsonFlag
}

// Help is what --help tells beside.
func (webhooksTry) Help() string {
	return "Without --table it shows what the filter has made of the last events, as the Hookline " +
		"that runs remembers them: it is asked at HOOKLINE_ADMIN_ADDR. Nothing is sent, and nothing changed."
}

// mostTried is how many rows or events are shown at most.
const mostTried = 1000

// Validate refuses what cannot be meant.
func (c webhooksTry) Validate() error {
	switch {
	case c.Limit != nil && (*c.Limit < 1 || *c.Limit > mostTried):
		return fmt.Errorf("--limit %d: want 1 to %d", *c.Limit, mostTried)
	case c.Filter != nil && c.Table == "":
		return errors.New("--filter goes with --table: of events that are over, the records are not kept")
	}
	return nil
}

// tried is what the command prints.
type tried struct {
	Webhook string             `json:"webhook"`
	Filter  string             `json:"filter,omitempty"`
	Rows    []operate.TriedRow `json:"rows,omitempty"`
	Events  []api.Decision     `json:"events,omitempty"`
}

func (c webhooksTry) Run(ctx context.Context) error {
	limit := 20
	if c.Limit != nil {
		limit = *c.Limit
	}
	var result tried
	err := onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		to, row, err := db.Webhooks.Subscription(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		result.Webhook, result.Filter = row.Key, row.Filter
		if c.Table == "" {
			result.Events, err = decisions(ctx, db.Config.Admin, row.Key, limit)
			return err
		}
		expression := ""
		if c.Filter != nil {
			expression, result.Filter = *c.Filter, *c.Filter
		}
		schema, name, qualified := strings.Cut(c.Table, ".")
		if !qualified {
			schema, name = "public", c.Table
		}
		table := cdc.Table{Schema: schema, Name: name}
		result.Rows, err = operate.TryRows(ctx, db, conn, to, table, expression, limit)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(os.Stdout, result)
	}
	return printTriedFilter(newScreen(os.Stdout), &result, c.Table)
}

// decisions asks the Hookline that runs what a webhook's filter has made of the last events.
func decisions(ctx context.Context, cfg admin.Config, key string, limit int,
) (list []api.Decision, err error) {
	if cfg.Addr == "" {
		return nil, errors.New("HOOKLINE_ADMIN_ADDR is off, so nobody remembers the last events; " +
			"--table tries the filter on rows")
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	target := "http://" + cfg.Addr + "/api/v1/webhooks/" + url.PathEscape(key) + "/decisions"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_ADMIN_ADDR: %w", err)
	}
	if cfg.Token != "" {
		request.Header.Set("Authorization", "Bearer "+string(cfg.Token))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no Hookline answers at HOOKLINE_ADMIN_ADDR, %s, which would remember "+
			"the last events; --table tries the filter on rows: %w", cfg.Addr, err)
	}
	defer response.Body.Close()
	const most = 16 << 20
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		var failure struct{ Error string }
		_ = json.Unmarshal(body, &failure)
		return nil, fmt.Errorf("the Hookline at %s refuses: %s", cfg.Addr,
			cmp.Or(failure.Error, response.Status))
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("the answer of %s: %w", cfg.Addr, err)
	}
	return list[:min(limit, len(list))], nil
}

var verdictColours = map[filter.Verdict]colour{
	filter.Passed: green, filter.Withheld: yellow, filter.Failed: red,
}

func printTriedFilter(out screen, r *tried, from string) error {
	_, err := fmt.Fprintf(out.out, "%s\nfilter: %s\n", r.Webhook,
		printable(cmp.Or(r.Filter, "none: all that it hears of passes")))
	if err != nil {
		return err
	}
	var t table
	if from != "" {
		fmt.Fprintf(out.out, "rows of %s, as if they were created; "+
			"so changed and previous are empty\n\n", from)
		t.head("VERDICT", "EVENT", "RECORD", "WHY")
		for _, row := range r.Rows {
			t.row(cell{string(row.Verdict), verdictColours[row.Verdict]}, row.Event,
				printable(string(row.Key)), printable(row.Reason))
		}
		return t.print(out)
	}
	if len(r.Events) == 0 {
		_, err := fmt.Fprintln(out.out,
			"The Hookline that runs remembers no event that it has decided on.")
		return err
	}
	fmt.Fprintln(out.out)
	t.head("VERDICT", "EVENT", "COMMITTED", "ID", "WHY")
	for _, e := range r.Events {
		verdict := filter.Verdict(e.Verdict)
		why := e.Reason
		if e.Filter != r.Filter {
			why += "; by the filter of then"
		}
		t.row(cell{e.Verdict, verdictColours[verdict]}, e.Event, e.Time.Format(time.RFC3339), e.ID,
			printable(strings.TrimPrefix(why, "; ")))
	}
	return t.print(out)
}
