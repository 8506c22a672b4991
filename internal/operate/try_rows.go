package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/webhook"
	"hookline/webhook/filter"
)

// TriedRow is what a webhook would make of a row, if it were created now.
type TriedRow struct {
	Event   string          `json:"event"`
	Key     json.RawMessage `json:"key,omitempty"` // of the record
	Verdict filter.Verdict  `json:"verdict"`
	Reason  string          `json:"reason,omitempty"`
}

// TryRows asks a webhook's filter about so many rows of a table. expression, if it is not "", takes
// the place of the filter. It changes nothing.
func TryRows(
	ctx context.Context, db *crm.Database, conn *pgx.Conn, to *webhook.Subscription, table cdc.Table,
	expression string, limit int,
) (list []TriedRow, err error) {
	decides := to.Filter
	if expression != "" {
		if decides, err = filter.Compile(expression); err != nil {
			return nil, fmt.Errorf("--filter: %w", err)
		}
	}
	if _, err := db.Tables(ctx, conn); err != nil {
		return nil, err
	}
	if err := db.Read(ctx, conn); err != nil {
		return nil, err
	}
	relations, err := crm.Relations(ctx, conn, []cdc.Table{table})
	if err != nil {
		return nil, err
	}
	if len(relations) == 0 {
		return nil, fmt.Errorf("there is no table %s", table)
	}
	rel := relations[0]
	rows, err := readRows(ctx, conn, rel, limit)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	m := mapper.New(db.Catalog, db.Pool, "00000000", mapper.FormatEvent, quiet)
	var reader filter.Reader
	list = []TriedRow{}
	for i, row := range rows {
		change := cdc.Change{
			Kind: cdc.Insert, Relation: rel, New: row, Sole: true,
			Tx: &cdc.Tx{Commit: cdc.LSN(i + 1), XID: uint32(i + 1)},
		}
		draft, err := m.Map(ctx, change)
		for ; draft != nil && err == nil; draft, err = m.Next(ctx) {
			list = append(list, tryDraft(to, decides, &reader, draft))
		}
		if err != nil {
			return nil, err
		}
	}
	if len(list) == 0 && len(rows) > 0 {
		return nil, fmt.Errorf("nothing is announced of table %s: hookline objects", table)
	}
	return list, nil
}

func tryDraft(
	to *webhook.Subscription, decides *filter.Filter, reader *filter.Reader, draft *mapper.Draft,
) TriedRow {
	tried := TriedRow{
		Event: draft.Name, Verdict: filter.Passed, Key: bytes.Clone(draft.Event().Key()),
	}
	switch {
	case !to.Hears(&draft.Subject):
		tried.Verdict, tried.Reason = filter.Withheld, "the webhook does not hear of it: "+
			strings.Join(to.Operations, ", ")
		if to.Workspace != mapper.Everyone && to.Workspace != draft.Workspace {
			tried.Reason = "it belongs to another tenant"
		}
	case decides != nil:
		reader.Read(draft)
		tried.Verdict, tried.Reason = decides.Decide(reader, true)
	}
	return tried
}

// readRows returns rows of a table as the stream has them, whichever come first.
func readRows(
	ctx context.Context, conn *pgx.Conn, rel *cdc.Relation, limit int,
) ([]cdc.Tuple, error) {
	names := make([]string, len(rel.Columns))
	for i, c := range rel.Columns {
		names[i] = pg.Identifier(c.Name)
	}
	sql := fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(names, ", "),
		pg.Identifier(rel.Schema, rel.Name), limit)
	result := conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, fmt.Errorf("read %s.%s: %w", rel.Schema, rel.Name, result.Err)
	}
	rows := make([]cdc.Tuple, len(result.Rows))
	for i, texts := range result.Rows {
		rows[i] = make(cdc.Tuple, len(texts))
		for c, text := range texts {
			if text != nil {
				rows[i][c] = cdc.Text(text)
			}
		}
	}
	return rows, nil
}
