package mapper

import (
	"strings"
	"testing"

	"hookline/cdc"
)

func ignoring(t *testing.T, entries ...string) *Ignore {
	t.Helper()
	i, err := ParseIgnore(entries)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIgnore(t *testing.T) {
	annotated := func(text string) *cause {
		return &cause{annotation: &cdc.Annotation{JSON: []byte(text)}}
	}
	const member = "20202020-0687-4c41-b707-ed1bfca972a7"
	api := &cause{actor: actor{source: "API", name: "sync: a"}}
	ada := &cause{actor: actor{"MANUAL", "Ada", member}}
	said := annotated(`{"source":"mysync","n":7,"yes":true,"list":[1],"none":null,"":"x","a":"b=c"}`)
	for _, test := range []struct {
		entry string
		cause *cause
		want  bool
	}{
		{"actor:API", api, true},
		{"actor:API", ada, false},
		{"actor:api", api, false},
		{"actor:API", unknown, false},
		{"actor:API:sync: a", api, true},
		{"actor:API:sync", api, false},
		{"actor:API:", api, false},
		{"actor:member:" + member, ada, true},
		{"actor:member:" + strings.ToUpper(member), ada, true},
		{"actor:member:" + member, api, false},
		{"origin:here", &cause{origin: "here"}, true},
		{"origin:here", &cause{origin: "there"}, false},
		{"origin:here", unknown, false},
		{"annotation:source=mysync", said, true},
		{"annotation:source=my", said, false},
		{"annotation:source", said, true},
		{"annotation:source=", said, false},
		{"annotation:other", said, false},
		{"annotation:n=7", said, true},
		{"annotation:yes=true", said, true},
		{"annotation:list", said, true},
		{"annotation:list=[1]", said, false},
		{"annotation:none", said, true},
		{"annotation:none=null", said, false},
		{"annotation:a=b=c", said, true},
		{"annotation:source", unknown, false},
	} {
		if got := ignoring(t, test.entry).ignores(test.cause); got != test.want {
			t.Errorf("%s ignores %+v: %t", test.entry, test.cause, got)
		}
	}
	if i := ignoring(t, "origin:a", "actor:API"); !i.ignores(api) || i.ignores(ada) {
		t.Error("of two entries one is not enough, or too much")
	}
	for _, entry := range []string{
		"", "API", "actor:", "actor::a", "actor:member:", "origin:", "annotation:", "annotation:=a",
		"Origin:a", "NULL",
	} {
		if i, err := ParseIgnore([]string{entry}); err == nil {
			t.Errorf("%q is read as %+v", entry, i)
		}
	}
	if i, err := ParseIgnore(nil); i != nil || err != nil {
		t.Errorf("nothing is read as %+v, %v", i, err)
	}
	if _, err := ParseIgnore(make([]string, maxIgnore+1)); err == nil {
		t.Error("too many entries are taken")
	}
}

// What is told of several changes is ignored only if each of them is; and its context is that of
// the last one.
func TestIgnoreFolded(t *testing.T) {
	for _, test := range []struct {
		// changes as elsewhere; a letter in front says under which annotation they were made: m of
		// mysync, o of another, none of nothing
		name, changes string
		want          string // told: the action, context; - in front of what is ignored
		per           Audience
	}{
		{name: "one, ignored", changes: "m:u1ab", want: "-updated mysync"},
		{name: "one, and not", changes: "u1ab", want: "updated"},
		{name: "of another", changes: "o:u1ab", want: "updated other"},
		{name: "all", changes: "m:I1a m:u1ab m:u1bc", want: "-created mysync"},
		{name: "all but the first", changes: "u1ab m:u1bc", want: "updated mysync"},
		{name: "all but the last", changes: "m:u1ab u1bc", want: "updated"},
		{name: "all but the one between", changes: "m:u1ab o:u1bc m:u1cd", want: "updated mysync"},
		{name: "each its own", changes: "m:u1ab u2ab", want: "-updated mysync; updated"},
		{name: "it goes", changes: "m:u1ab m:D1b", want: "-deleted mysync"},
		{name: "it goes otherwise", changes: "m:u1ab D1b", want: "deleted"},
		{name: "it comes back", changes: "m:D1a m:I1b u2ab", want: "-updated mysync; updated"},
		{name: "it comes back otherwise", changes: "D1a m:I1b", want: "updated mysync"},
		{name: "or went otherwise", changes: "m:D1a I1b", want: "updated"},
		{name: "another takes its key", changes: "D1a m:u21a", want: "updated mysync"},
		{name: "which is ignored", changes: "m:D1a m:u21a", want: "-updated mysync"},
		{
			name: "each change", changes: "m:u1ab u1bc m:D1c m:I1d", per: Audience{Changes: true},
			want: "-updated mysync; updated; -updated mysync",
		},
		{
			name: "each change of one that comes back", changes: "D1a m:I1b",
			per: Audience{Changes: true}, want: "updated mysync",
		},
	} {
		if test.per == (Audience{}) {
			test.per.Commits = true
		}
		test.per.Ignores = true
		m := hearing(oneTable{}, test.per, mostOfCommit)
		ignore := ignoring(t, "annotation:source=mysync")
		annotations := map[string]*cdc.Annotation{
			"m": {JSON: []byte(`{"source":"mysync"}`)}, "o": {JSON: []byte(`{"source":"other"}`)},
		}
		var plain []string
		var under []*cdc.Annotation
		for _, c := range strings.Fields(test.changes) {
			who, change, said := strings.Cut(c, ":")
			if !said {
				change = c
			}
			plain, under = append(plain, change), append(under, annotations[who])
		}
		var list []string
		for i, c := range script(0x10, letters, strings.Join(plain, " ")) {
			if i < len(under) {
				c.Annotation = under[i]
			}
			draft, err := m.Map(t.Context(), c)
			for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
				if draft.Telling&ToSplit != 0 {
					continue
				}
				text := draft.Action.String()
				if draft.Ignored(ignore) {
					text = "-" + text
				}
				if draft.Ignored(nil) {
					t.Error("it is ignored by who ignores nothing")
				}
				body := string(draft.Event().Body(FormatStandard, Addressee{}))
				if _, context, has := strings.Cut(body, `,"context":{"source":"`); has {
					source, _, _ := strings.Cut(context, `"},"key":`)
					text += " " + source
				}
				list = append(list, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(list, "; "); got != test.want {
			t.Errorf("%s, %q: %s, want %s", test.name, test.changes, got, test.want)
		}
	}
}

// With more causes than are kept of an event, it is told.
func TestCauses(t *testing.T) {
	var s causes
	for range mostCauses {
		s.add(&cause{origin: "here"})
	}
	d, here := &Draft{causes: s}, ignoring(t, "origin:here")
	if !d.Ignored(here) {
		t.Error("what all causes are ignored of is told")
	}
	if d.causes.add(&cause{origin: "here"}); d.Ignored(here) {
		t.Error("what not all causes are known of is ignored")
	}
	if (&Draft{}).Ignored(here) {
		t.Error("what no cause is known of is ignored")
	}
}

func TestChangedBy(t *testing.T) {
	const id, updatedAt, source, name, member, deletedAt = 0, 1, 2, 3, 4, 5
	o := &object{
		key: []int{id}, deletedAt: deletedAt, changer: &Actor{source, name, member},
		fields: []Field{{Name: "updatedAt", Columns: []int{updatedAt}, Silent: true}},
	}
	row := func(values ...string) cdc.Tuple {
		tuple := make(cdc.Tuple, 6)
		for i, v := range values {
			if v != "" {
				tuple[i] = cdc.Text([]byte(v))
			}
		}
		return tuple
	}
	was := row("1", "9:00", "API", "sync")
	for _, test := range []struct {
		name   string
		change cdc.Change
		want   string
	}{
		{"an insert", cdc.Change{Kind: cdc.Insert, New: was}, "API sync"},
		{"an insert without", cdc.Change{Kind: cdc.Insert, New: row("1")}, ""},
		{"a delete", cdc.Change{Kind: cdc.Delete, Old: was}, ""},
		{"an edit by the same", cdc.Change{
			Kind: cdc.Update, Old: was, New: row("1", "9:05", "API", "sync"),
		}, "API sync"},
		{"an edit by another", cdc.Change{
			Kind: cdc.Update, Old: was, New: row("1", "9:05", "MANUAL", "Ada"),
		}, "MANUAL Ada"},
		{"a foreign key", cdc.Change{Kind: cdc.Update, Old: was, New: was}, ""},
		{"the row before is not known", cdc.Change{Kind: cdc.Update, New: was}, ""},
		{"its key alone is", cdc.Change{
			Kind: cdc.Update, Old: was, OldIsKey: true, New: row("1", "9:05", "API", "sync"),
		}, ""},
		{"a soft delete that does not say", cdc.Change{
			Kind: cdc.Update, Old: was, New: row("1", "9:05", "API", "sync", "", "9:05"),
		}, ""},
		{"a soft delete that does", cdc.Change{
			Kind: cdc.Update, Old: was, New: row("1", "9:05", "MANUAL", "Ada", "", "9:05"),
		}, "MANUAL Ada"},
	} {
		source, name, _ := o.changedBy(&test.change)
		if got := strings.TrimSpace(string(source) + " " + string(name)); got != test.want {
			t.Errorf("%s: by %q, want %q", test.name, got, test.want)
		}
	}
	m := &Mapper{}
	for _, c := range []cdc.Change{
		{Kind: cdc.Insert, New: was, Read: true},
		{Kind: cdc.Insert, New: was, Attached: true},
		{Kind: cdc.Update, Old: was, New: row("1", "9:05", "API"), Unannounced: true},
	} {
		c.Tx = &cdc.Tx{}
		if m.causeOf(o, &c) != unknown {
			t.Errorf("who has made a row that was there before is known of %+v", c)
		}
	}
}
