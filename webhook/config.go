package webhook

import (
	"cmp"
	"fmt"
	"strings"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

// The profiles of a database.
const (
	profileTwenty  = "twenty"
	profileGeneric = "generic"
)

// Which rows of Twenty's own webhook table are served.
const (
	twentyAll    = "all"
	twentyMarked = "marked"
	twentyNone   = "none"
)

// auto looks for the table by its usual names.
const auto = "auto"

// OwnTable is the name of Hookline's own table of webhooks, in Config.Schema.
const OwnTable = "webhook"

// Config says where webhooks are kept and which of them are served.
type Config struct {
	// Profile of the database: twenty or generic.
	Profile string

	// Table that holds the webhooks of a generic database, as schema.table. Default auto: the first
	// of the usual names. Hookline's own table named here is used alone, in either profile.
	Table string

	// Schemas are where auto looks. Default public.
	Schemas []string

	// TwentyWebhooks says which rows of Twenty's own table are served: all (default); marked, those
	// operations alone that carry the prefix hookline:, none.
	TwentyWebhooks string

	// Schema holds Hookline's own tables. Default hookline.
	Schema string

	// Tenants says how a generic database keeps webhooks apart.
	Tenants tenants.Config

	// Format of the bodies, unless a row of Hookline's own table asks for another.
	Format mapper.Format

	// Per says what a webhook hears of whose row does not say it: commit or change. Default commit,
	// and change in Twenty's database, whose server tells of each.
	Per string
}

// changes reports whether a webhook whose row says nothing of it hears of each change.
func (c Config) changes() bool {
	return c.Per == perChange || c.Per == "" && c.Profile == profileTwenty
}

func (c Config) withDefaults() Config {
	c.Table = cmp.Or(c.Table, auto)
	if len(c.Schemas) == 0 {
		c.Schemas = []string{"public"}
	}
	c.TwentyWebhooks = cmp.Or(c.TwentyWebhooks, twentyAll)
	c.Schema = cmp.Or(c.Schema, "hookline")
	return c
}

func (c Config) validate() error {
	switch c.Profile {
	case profileTwenty, profileGeneric:
	default:
		return fmt.Errorf("profile %q: want twenty or generic", c.Profile)
	}
	switch c.TwentyWebhooks {
	case twentyAll, twentyMarked, twentyNone:
	default:
		return fmt.Errorf("HOOKLINE_TWENTY_WEBHOOKS %q: want all, marked or none", c.TwentyWebhooks)
	}
	switch c.Per {
	case "", perCommit, perChange:
	default:
		return fmt.Errorf("HOOKLINE_WEBHOOKS_PER %q: want commit or change", c.Per)
	}
	if c.Table == auto {
		return nil
	}
	table := c.named()
	if table.Schema == "" || table.Name == "" {
		return fmt.Errorf(
			"HOOKLINE_WEBHOOKS_TABLE %q: want auto or schema.table, such as public.webhooks", c.Table)
	}
	if c.Profile == profileTwenty && table != c.own() && table != twenty.WebhookTable {
		return fmt.Errorf(
			"HOOKLINE_WEBHOOKS_TABLE %q: in Twenty's database want auto, %s.%s, or %s.%s to use "+
				"Hookline's own table alone",
			c.Table,
			twenty.WebhookTable.Schema,
			twenty.WebhookTable.Name,
			c.Schema,
			OwnTable,
		)
	}
	return nil
}

// own is Hookline's own table.
func (c Config) own() cdc.Table { return cdc.Table{Schema: c.Schema, Name: OwnTable} }

// named is the table that Table names.
func (c Config) named() cdc.Table {
	schema, name, _ := strings.Cut(c.Table, ".")
	return cdc.Table{Schema: schema, Name: name}
}

// ownOnly reports whether Hookline's own table is the only one.
func (c Config) ownOnly() bool {
	return c.named() == c.own() || c.Profile == profileTwenty && c.TwentyWebhooks == twentyNone
}
