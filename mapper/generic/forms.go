package generic

import (
	"fmt"
	"path"
	"strings"
	"time"
	_ "time/tzdata" // the image has no time zones

	"hookline/mapper/pgtext"
)

// Forms say how values of a generic database read where more than one form is of use. The zero
// value: timestamps without zone are UTC, numbers are numbers, and geometries as Postgres prints
// them.
type Forms struct {
	Zones            TimeZones
	NumbersAsStrings bool // bigint and numeric
	GeoJSON          bool // geometry and geography
}

// TimeZones say of which time zone a timestamp without one is.
type TimeZones struct {
	all    timeZone
	tables []tableZone
}

type tableZone struct {
	table string // schema.table, with * for any letters
	zone  timeZone
}

// timeZone is a time zone, none, or, the zero value, UTC.
type timeZone struct {
	name string
	loc  *time.Location // nil for UTC and none
}

// noZone in place of a time zone leaves timestamps without one.
const noZone = "none"

// UnmarshalText takes a zone, at most once, and tables with theirs:
// UTC,public.orders=Europe/Berlin.
func (z *TimeZones) UnmarshalText(text []byte) error {
	*z = TimeZones{}
	for entry := range strings.SplitSeq(string(text), ",") {
		table, name, ofTable := strings.Cut(strings.TrimSpace(entry), "=")
		if !ofTable {
			name = table
		}
		zone, err := newTimeZone(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		table = strings.TrimSpace(table)
		switch _, err := path.Match(table, ""); {
		case ofTable && (err != nil || strings.Count(table, ".") != 1):
			return fmt.Errorf("entry %q: want schema.table=zone", entry)
		case ofTable:
			z.tables = append(z.tables, tableZone{table, zone})
		case z.all.name != "":
			return fmt.Errorf("entry %q: want one time zone for all, and schema.table=zone", entry)
		default:
			z.all = zone
		}
	}
	return nil
}

func newTimeZone(name string) (timeZone, error) {
	switch name {
	case "UTC", noZone:
		return timeZone{name: name}, nil
	case "", "Local": // which would be that of Hookline's own process
		return timeZone{}, fmt.Errorf("time zone %q: want one such as Europe/Berlin", name)
	}
	loc, err := time.LoadLocation(name)
	return timeZone{name, loc}, err
}

// of returns the zone of a table: by the last entry that matches it.
func (z *TimeZones) of(schema, table string) timeZone {
	zone := z.all
	for _, t := range z.tables {
		if t.matches(schema, table) {
			zone = t.zone
		}
	}
	return zone
}

func (z *tableZone) matches(schema, table string) bool {
	ok, err := path.Match(z.table, schema+"."+table)
	return ok && err == nil
}

// encoder returns how timestamps without zone are appended.
func (z timeZone) encoder() pgtext.Encoder {
	switch {
	case z.loc != nil:
		return func(dst, text []byte) []byte { return appendLocal(dst, text, z.loc) }
	case z.name == noZone:
		return pgtext.AppendPlainTimestamp
	}
	return pgtext.AppendTimestamp
}

// appendLocal appends a timestamp without time zone that is the local time of a place, in UTC. As
// in Postgres, a time that a clock shows twice is the second one, and one that it skips is reckoned
// as before the leap. What is before year 1 or after 9999 in UTC stays as Postgres prints it, and
// so does all that is no date.
//
// https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/datetime.c
// (DetermineTimeZoneOffset)
func appendLocal(dst, text []byte, loc *time.Location) []byte {
	wall, err := time.Parse(time.DateTime, string(text))
	if err != nil {
		return pgtext.AppendString(dst, text)
	}
	const day = 24 * time.Hour
	offset := func(t time.Time) time.Duration {
		_, seconds := t.In(loc).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := offset(wall.Add(-day)), offset(wall.Add(day))
	moment := wall.Add(-before)
	if later := wall.Add(-after); offset(later) == after {
		moment = later
	}
	if y := moment.Year(); y < 1 || y > 9999 {
		return pgtext.AppendString(dst, text)
	}
	dst = append(dst, '"')
	dst = moment.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}
