package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/webhook"
)

// ignoring tells of changes that a webhook is not to hear of, and that can never come.
func (x *checkup) ignoring(ctx context.Context) ([]cdc.Finding, error) {
	list := slices.DeleteFunc(x.list(), func(h webhook.Status) bool {
		return h.State != webhook.Active || h.Ignore == nil
	})
	if len(list) == 0 {
		return nil, nil
	}
	known := ignorable{
		schema: x.cfg.Webhook.Schema, actors: x.db.Catalog.Profile() == "twenty",
		keeps: x.known&keepsIdentity != 0,
	}
	err := x.conn.QueryRow(ctx, `SELECT array(SELECT roname::text FROM pg_replication_origin),
		EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname = $1 AND p.proname = 'annotate')`, known.schema).
		Scan(&known.origins, &known.annotates)
	if err == nil && known.actors {
		known.sources, err = querySources(ctx, x.conn)
	}
	if err != nil {
		return nil, fmt.Errorf("look up what webhooks ignore: %w", err)
	}
	return checkIgnored(known, list), nil
}

// querySources returns what kinds of actors Twenty's tables have.
func querySources(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT DISTINCT e.enumlabel::text
		FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
		WHERE a.attname = 'updatedBySource' AND NOT a.attisdropped`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// ignorable is what can be ignored in a database.
type ignorable struct {
	schema    string   // of Hookline's own tables
	origins   []string // replication origins that there are
	annotates bool     // writers can annotate what they change
	actors    bool     // rows tell who changed them,
	sources   []string // which is one of these, where they are known
	keeps     bool     // updates come without the row before
}

func checkIgnored(known ignorable, list []webhook.Status) (found []cdc.Finding) {
	for _, h := range list {
		for _, entry := range h.Ignore {
			what, mend, sql := known.never(entry)
			if what == "" {
				continue
			}
			f := cdc.Finding{
				Level: cdc.Warning, Check: "ignored changes",
				Found: fmt.Sprintf("%s at %s ignores %.64q: %s", h.Key, h.Host, entry, what), Hint: mend,
			}
			if sql != "" {
				f.SQL = []string{sql}
			}
			found = append(found, f)
		}
	}
	return found
}

// never returns why an entry matches nothing, or less than it seems to, and what mends that; ""
// when it is fine.
func (k *ignorable) never(entry string) (what, mend, sql string) {
	kind, text, _ := strings.Cut(entry, ":")
	switch kind + ":" {
	case mapper.IgnoreOrigin:
		if !slices.Contains(k.origins, text) {
			return "there is no replication origin of that name",
				"correct the name; or make it, as pg_replication_origin lists none such",
				fmt.Sprintf("SELECT pg_replication_origin_create(%s)", pg.Literal(text))
		}
	case mapper.IgnoreAnnotation:
		if !k.annotates {
			return "writers cannot annotate, as Hookline's own schema was made by an older version and " +
					"has no function annotate",
				"run `hookline setup`, or:", migrate.SQL(k.schema, migrate.Webhooks, "annotate")
		}
	case mapper.IgnoreActor:
		source, _, _ := strings.Cut(text, ":")
		switch {
		case !k.actors:
			return "no row of this database tells who changed it; Twenty's do",
				"name a replication origin, or an annotation: origin:NAME, annotation:KEY=VALUE", ""
		case source != "member" && !slices.Contains(k.sources, source):
			return "no record has that source",
				"name one of " + strings.Join(k.sources, ", "), ""
		case k.keeps:
			return "of updates nobody can tell who made them, as they come without the row before",
				"leave HOOKLINE_REPLICA_IDENTITY=keep out, or name an annotation", ""
		}
	}
	return "", "", ""
}
