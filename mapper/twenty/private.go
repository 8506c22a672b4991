package twenty

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/internal/spelling"
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
)

// access is who may read the records of an object, as far as it matters to a webhook, which is
// nobody in particular.
type access uint8

const (
	unsaid     access = iota // as in all versions before 2.39; like open
	open                     // roles decide, as they always have
	inherited                // whoever may read a record that it belongs to
	restricted               // those it is shared with, its application, or nobody
)

// readabilityOf reads objectMetadata.readability. What it does not know is restricted: new kinds
// are likely to be.
func readabilityOf(text string) access {
	switch text {
	case "":
		return unsaid
	case "OPEN":
		return open
	case "INHERITED":
		return inherited
	default: // PRIVATE, DISCOVERABLE, APPLICATION, SYSTEM
		return restricted
	}
}

// readabilityIn reads objectMetadata.overrides.
func readabilityIn(overrides cdc.Value) string {
	var said struct {
		Readability string `json:"readability"`
	}
	if !overrides.IsNull() {
		_ = json.Unmarshal(overrides.Bytes(), &said) // overrides of another form say nothing of it
	}
	return said.Readability
}

// readableBy returns what the workspace says, or else the object's application.
func (o *object) readableBy() access { return cmp.Or(o.override, o.readability) }

// isOfSystem reports whether the object is Twenty's own, as recordShare is.
func (o *object) isOfSystem() bool { return cmp.Or(o.instead, o.said) == "SYSTEM" }

// inheritsBy reports whether the object names the field among those that lead to what its records
// belong to.
func (o *object) inheritsBy(f *field) bool {
	return f.universal.Valid && strings.Contains(o.parents, f.universal.String())
}

// shown reports whether there may be records of the object to announce: it is open, or is to be
// announced all the same, or some of its records may belong to one that may be read.
func (t *Catalog) shown(o *object) bool { return !t.rulesIn(o.workspace).of[o].never() }

// Private returns the names of the objects of which nothing is announced in some workspace because
// nobody in particular may read it, sorted.
func (t *Catalog) Private() []string {
	return t.names(func(o *object) bool { return !t.shown(o) })
}

// Shared returns the names, sorted, of the objects that some workspace announces record by record:
// by who may read what the record belongs to.
func (t *Catalog) Shared() []string {
	return t.names(func(o *object) bool {
		return t.shown(o) && t.rulesIn(o.workspace).of[o].kind == ruleInherited
	})
}

// names returns the names of the objects that could be announced and fulfil a condition in some
// workspace, sorted.
func (t *Catalog) names(of func(*object) bool) []string {
	names := []string{}
	for _, o := range t.metadata.objects.rows {
		w := t.metadata.workspaces.rows[o.workspace]
		if w != nil && !w.deleted && o.active && t.omits(t.metadata, o) == "" && of(o) {
			names = append(names, o.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// logPrivate logs which objects are left out because they are private, when that has changed; but
// for those that Twenty keeps to itself, and tells nobody of either.
func (t *Catalog) logPrivate() {
	t.unloggedTx = nil
	names := t.names(func(o *object) bool { return !t.shown(o) && !o.isOfSystem() })
	if slices.Equal(names, t.loggedPrivate) {
		return
	}
	t.loggedPrivate = names
	if len(names) == 0 {
		t.log.Info("all private objects are announced")
		return
	}
	t.log.Warn("private objects are not announced", "objects", strings.Join(names, ","), "to_announce",
		"HOOKLINE_PRIVATE_OBJECTS")
}

// secretFields are the fields that Twenty's own API never gives, by object. They are records in
// some versions only: webhooks were before 1.1, and the accounts whose mail is read before 1.20.
var secretFields = map[string][]string{
	"webhook":          {"secret"},
	"connectedAccount": {"accessToken", "refreshToken", "connectionParameters"},
}

// hides reports whether a field must not be announced: because the configuration says so, or as
// Twenty does not tell it.
func (t *Catalog) hides(o *object, rel *cdc.Relation, field string) bool {
	switch t.secrets.Of(rel.Schema, []string{o.name, rel.Name}, field) {
	case credential.Leaves:
		return true
	case credential.Lets:
		return false
	}
	return slices.Contains(secretFields[o.name], field)
}

// mistakes returns the entries of the settings that name no object of any workspace.
func (t *Catalog) mistakes() []pattern.Mistake {
	var known []string
	var all []pattern.Candidate
	for _, o := range t.metadata.objects.rows {
		known, all = append(known, o.name), append(all, t.metadata.candidate(o))
	}
	known = pattern.Sorted(known)
	list := t.selection.Mistakes(all, nil)
	for _, name := range slices.Sorted(maps.Keys(t.alsoPrivate)) {
		if name == "" || name == "*" || slices.Contains(known, name) {
			continue
		}
		m := pattern.Mistake{
			Setting: "HOOKLINE_PRIVATE_OBJECTS", Entry: name, Why: "no workspace has this object",
		}
		if near := spelling.Nearest(name, known); near != "" {
			m.Why += ": is " + near + " meant?"
		}
		list = append(list, m)
	}
	return list
}

// logUnused warns once of names in settings that no object has, and of entries of
// HOOKLINE_SECRET_COLUMNS that match no field.
func (t *Catalog) logUnused() {
	if t.checked {
		return
	}
	t.checked = true
	for _, m := range t.mistakes() {
		t.log.Warn("an entry of "+m.Setting+" names nothing", "entry", m.Entry, "reason", m.Why)
	}
	t.logUnmatched(pattern.SecretSetting, t.secrets.Patterns)
	t.logUnmatched(pattern.TouchSetting, t.touch.Patterns)
}

// logUnmatched warns of patterns of a setting that match no field.
func (t *Catalog) logUnmatched(setting string, patterns []pattern.Column) {
	for _, p := range patterns {
		used := false
		var known []string
		for _, o := range t.metadata.objects.rows {
			for _, f := range t.metadata.fieldsOf[o.id] {
				used = used || p.Matches("", []string{o.name}, f.name)
				known = append(known, o.name+"."+f.name)
			}
		}
		if !used {
			reason := "no field has that name"
			if near := spelling.Nearest(strings.TrimPrefix(p.Text, "-"), pattern.Sorted(known)); near != "" {
				reason = "is " + near + " meant?"
			}
			t.log.Warn(setting+": an entry matches no field", "entry", p.Text, "reason", reason)
		}
	}
}
