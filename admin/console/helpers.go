package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hookline/admin/api"
)

// helpers are what pages write values with.
var helpers = template.FuncMap{
	"ago":     func(t time.Time) string { return humanize.RelTime(t, time.Now(), "ago", "from now") },
	"stamp":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") },
	"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"bytes":   func(n int64) string { return humanize.IBytes(uint64(max(n, 0))) },
	"count":   func(n int) string { return humanize.Comma(int64(n)) },
	"seconds": seconds,
	"percent": percent,
	"plural":  plural,
	"indent":  indent,
	"join":    strings.Join,
	"status": func(code int) string {
		return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
	},
	"query": func(name, value string) template.URL {
		return template.URL(url.Values{name: {value}}.Encode())
	},
	"action":  func(event string) string { _, action, _ := strings.Cut(event, "."); return action },
	"filter":  fieldsOf,
	"add":     func(a, b int) int { return a + b },
	"states":  func() []string { return []string{"", "delivered", "retrying", "waiting", "dead"} },
	"hours":   func() []field { return periods },
	"entry":   func(at, id, href, text string) entry { return entry{href, text, at == id} },
	"settled": settled,
	"hooks":   func() []string { return append([]string{""}, api.WebhookStates()...) },
	"webhook": shortKey,
	"tooSoon": func(t time.Time) bool { return time.Since(t) < api.ExamineEvery },
	"every":   func() string { return seconds(api.ExamineEvery.Seconds()) },
}

// seconds writes a length of time with three digits.
func seconds(s float64) string {
	switch {
	case s == 0:
		return "0"
	case s < 0.001:
		return fmt.Sprintf("%.0f µs", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.3g ms", s*1e3)
	case s < 100:
		return fmt.Sprintf("%.3g s", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// percent writes a share, never 100 % when it is less. A negative one is none.
func percent(share float64) string {
	if share < 0 {
		return "–"
	}
	return strconv.FormatFloat(math.Floor(share*1000)/10, 'f', -1, 64) + " %"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}

func indent(data json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return string(data)
	}
	return b.String()
}

// shortKey returns a webhook's key with the beginning of its ID alone, for tables; the whole is in
// the title.
func shortKey(key string) string {
	table, id, _ := strings.Cut(key, "/")
	if len(id) > 12 {
		id = id[:8] + "…"
	}
	return table + "/" + id
}

// entry is one of the navigation.
type entry struct {
	Href, Text string
	Here       bool
}

// periods are those that can be chosen from, by hours.
var periods = []field{
	{"at any time", ""},
	{"in the last hour", "1"},
	{"in the last day", "24"},
	{"in the last week", "168"},
}

// settled reports whether nothing will come of the deliveries any more.
func settled(list []api.Detail) bool {
	for _, d := range list {
		if d.State != "delivered" && d.State != "dead" {
			return false
		}
	}
	return true
}

// field is one of a filter, as a form sends it.
type field struct{ Name, Value string }

func fieldsOf(f api.Filter) (list []field) {
	add := func(name, value string) {
		if value != "" {
			list = append(list, field{name, value})
		}
	}
	add("webhook", f.Webhook)
	add("event", f.Event)
	add("record", f.Record)
	add("state", f.State)
	if f.Status != 0 {
		add("status", strconv.Itoa(f.Status))
	}
	if !f.Since.IsZero() {
		add("since", f.Since.Format(time.RFC3339))
	}
	if !f.Until.IsZero() {
		add("until", f.Until.Format(time.RFC3339Nano))
	}
	return list
}
