package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/mapper"
	"hookline/webhook"
)

type webhooksTest struct {
	webhookName
	jsonFlag
}

func (c webhooksTest) Run(ctx context.Context) error {
	return onWebhooks(ctx, func(db *crm.Database, conn *pgx.Conn) error {
		to, row, err := db.Webhooks.Subscription(ctx, conn, c.Webhook)
		if err != nil {
			return err
		}
		result, err := operate.Try(ctx, db.Config.Sender, to)
		if err != nil {
			return err
		}
		if c.JSON {
			err = printJSON(os.Stdout, result)
		} else {
			err = printTried(newScreen(os.Stdout), &result, row.State)
		}
		if err == nil && !result.Delivered {
			err = errUnhealthy
		}
		return err
	})
}

// printTried prints what came of a test event to a webhook in a state.
func printTried(out screen, r *operate.Tried, state webhook.RowState) error {
	answer := cell{r.Reason, red}
	if r.Status != 0 {
		answer.text = fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))
		if r.Delivered {
			answer.colour = green
		}
	}
	var t table
	t.row("webhook", r.Webhook)
	if state != webhook.Active {
		t.row("", cell{"it is " + string(state) + ": events are not sent to it", yellow})
	}
	t.row("event", mapper.TrialName+"  "+r.Event)
	t.row("answer", answer)
	t.row("took", fmt.Sprintf("%.1f ms", r.Took))
	names := make([]string, 0, len(r.Headers))
	for name := range r.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		label := ""
		if i == 0 {
			label = "headers"
		}
		t.row(label, printable(name+": "+r.Headers[name]))
	}
	if err := t.print(out); err != nil || r.Body == "" {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", strings.TrimRight(printable(r.Body), "\n"))
	return err
}
