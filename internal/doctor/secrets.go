package doctor

import (
	"context"
	"fmt"
	"strings"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/webhook"
)

// secrets tells of secrets that were rotated away, and that stand in their rows still.
func (x *checkup) secrets(ctx context.Context) ([]cdc.Finding, error) {
	if made, err := x.db.HasSchema(ctx, x.conn); err != nil || !made {
		return nil, nil //nolint:nilerr // "own schema" tells
	}
	rows, err := x.db.Webhooks.Rows(ctx, x.conn)
	return leftSecrets(x.cfg.Webhook.Schema, rows), err
}

func leftSecrets(schema string, rows []webhook.Row) []cdc.Finding {
	const named = 3
	var keys []string
	for _, row := range rows {
		if row.PreviousLeft {
			keys = append(keys, row.Key)
		}
	}
	if keys == nil {
		return nil
	}
	whose := strings.Join(keys[:min(len(keys), named)], ", ")
	if more := len(keys) - named; more > 0 {
		whose += fmt.Sprintf(" and %d more", more)
	}
	return []cdc.Finding{{
		Level: cdc.Warning, Check: "rotated secrets",
		Found: "the secret before a rotation signs no more, and stands in the row still: " + whose,
		Hint:  "`hookline webhooks rotate --finish` removes it from one of them, this from all",
		SQL: []string{fmt.Sprintf("UPDATE %s SET previous_secret = NULL, previous_secret_until = NULL "+
			"WHERE previous_secret_until < now()", pg.Identifier(schema, webhook.OwnTable))},
	}}
}
