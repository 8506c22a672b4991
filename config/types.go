package config

import (
	"fmt"
	"path"
	"strings"

	"github.com/dustin/go-humanize"

	"hookline/mapper/tenants"
)

// LogFormat is the form of the log.
type LogFormat string

const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// UnmarshalText takes text or json.
func (f *LogFormat) UnmarshalText(b []byte) error {
	switch v := LogFormat(b); v {
	case LogText, LogJSON:
		*f = v
		return nil
	}
	return fmt.Errorf("log format %q: want text or json", b)
}

// size is a number of bytes, written as 32MiB or 1GB.
type size int64

func (s *size) UnmarshalText(b []byte) error {
	n, err := humanize.ParseBytes(string(b))
	if err != nil {
		return err
	}
	*s = size(n) //nolint:gosec // a size beyond 2^63 turns negative and fails the check of its bounds
	return nil
}

func (s size) String() string { return humanize.IBytes(uint64(max(s, 0))) }

// objectNames maps schema.table to an object's name, written as public.contacts=person,….
type objectNames map[string]string

func (o *objectNames) UnmarshalText(b []byte) error {
	*o = objectNames{}
	for entry := range strings.SplitSeq(string(b), ",") {
		table, name, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok || strings.Count(table, ".") != 1 || name == "" {
			return fmt.Errorf("entry %q: want schema.table=name", entry)
		}
		(*o)[table] = name
	}
	return nil
}

// tenantColumns are the columns that hold tenants, written as organization_id,public.deals=org,….
type tenantColumns struct {
	all string            // the column of tables that have no entry
	of  map[string]string // schema.table → column
}

func (c *tenantColumns) UnmarshalText(b []byte) error {
	*c = tenantColumns{of: map[string]string{}}
	for entry := range strings.SplitSeq(string(b), ",") {
		entry = strings.TrimSpace(entry)
		table, column, ofTable := strings.Cut(entry, "=")
		table, column = strings.TrimSpace(table), strings.TrimSpace(column)
		switch {
		case !ofTable && entry != "" && c.all == "":
			c.all = entry
		case ofTable && strings.Count(table, ".") == 1 && column != "":
			c.of[table] = column
		default:
			return fmt.Errorf("entry %q: want a column once, and schema.table=column", entry)
		}
	}
	if c.all == tenants.None && len(c.of) > 0 {
		return fmt.Errorf("%s stands alone", tenants.None)
	}
	return nil
}

// tablePatterns are tables, written as public.countries,lookup.*.
type tablePatterns []string

func (p *tablePatterns) UnmarshalText(b []byte) error {
	*p = nil
	for entry := range strings.SplitSeq(string(b), ",") {
		entry = strings.TrimSpace(entry)
		if _, err := path.Match(entry, ""); err != nil || strings.Count(entry, ".") != 1 {
			return fmt.Errorf("entry %q: want schema.table", entry)
		}
		*p = append(*p, entry)
	}
	return nil
}
