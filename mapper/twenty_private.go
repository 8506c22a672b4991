package mapper

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"hookline/cdc"
	"hookline/internal/spelling"
)

// twentyReadability is who may read the records of an object, as far as it matters to a webhook, which is nobody in particular.
type twentyReadability uint8

const (
	unsaid     twentyReadability = iota // as in all versions before 2.39; like open
	open                                // roles decide, as they always have
	inherited                           // whoever may read a record that it belongs to
	restricted                          // those it is shared with, its application, or nobody
)

// readabilityOf reads objectMetadata.readability. What it does not know is restricted: new kinds are likely to be.
func readabilityOf(text string) twentyReadability {
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
func (o *twentyObject) readableBy() twentyReadability { return cmp.Or(o.override, o.readability) }

// isOfSystem reports whether the object is Twenty's own, as recordShare is.
func (o *twentyObject) isOfSystem() bool { return cmp.Or(o.instead, o.said) == "SYSTEM" }

// inheritsBy reports whether the object names the field among those that lead to what its records belong to.
func (o *twentyObject) inheritsBy(f *twentyField) bool {
	return f.universal.Valid && strings.Contains(o.parents, f.universal.String())
}

// shown reports whether there may be records of the object to announce: it is open, or is to be announced all the same, or some of its
// records may belong to one that may be read.
func (t *Twenty) shown(o *twentyObject) bool { return !t.rulesIn(o.workspace).of[o].never() }

// Private returns the names of the objects of which nothing is announced in some workspace because nobody in particular may read it, sorted.
func (t *Twenty) Private() []string {
	return t.names(func(o *twentyObject) bool { return !t.shown(o) })
}

// Shared returns the names of the objects that are announced record by record in some workspace, as what a record belongs to may be read,
// sorted.
func (t *Twenty) Shared() []string {
	return t.names(func(o *twentyObject) bool { return t.shown(o) && t.rulesIn(o.workspace).of[o].kind == ruleInherited })
}

// names returns the names of the objects that could be announced and fulfil a condition in some workspace, sorted.
func (t *Twenty) names(of func(*twentyObject) bool) []string {
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

// tellPrivate logs which objects are left out because they are private, when that has changed; but for those that
// Twenty keeps to itself, and tells nobody of either.
func (t *Twenty) tellPrivate() {
	t.untold = nil
	names := t.names(func(o *twentyObject) bool { return !t.shown(o) && !o.isOfSystem() })
	if slices.Equal(names, t.told) {
		return
	}
	t.told = names
	if len(names) == 0 {
		t.log.Info("all private objects are announced")
		return
	}
	t.log.Warn("private objects are not announced", "objects", strings.Join(names, ","), "to_announce", "HOOKLINE_PRIVATE_OBJECTS")
}

// twentySecrets are the fields that Twenty's own API never gives, by object. They are records in some versions only: webhooks were before
// 1.1, and the accounts whose mail is read before 1.20.
var twentySecrets = map[string][]string{
	"webhook":          {"secret"},
	"connectedAccount": {"accessToken", "refreshToken", "connectionParameters"},
}

// hides reports whether a field must not be announced: because the configuration says so, or as Twenty does not tell it.
func (t *Twenty) hides(o *twentyObject, rel *cdc.Relation, field string) bool {
	switch t.secrets.of(rel.Schema, []string{o.name, rel.Name}, field) {
	case leaves:
		return true
	case lets:
		return false
	}
	return slices.Contains(twentySecrets[o.name], field)
}

// mistakes returns the entries of the settings that name no object of any workspace.
func (t *Twenty) mistakes() []mistake {
	var known []string
	var all []candidate
	for _, o := range t.metadata.objects.rows {
		known, all = append(known, o.name), append(all, t.metadata.candidate(o))
	}
	known = sorted(known)
	list := t.selection.mistakes(all, nil, nil)
	for _, name := range slices.Sorted(maps.Keys(t.alsoPrivate)) {
		if name == "" || name == "*" || slices.Contains(known, name) {
			continue
		}
		m := mistake{"HOOKLINE_PRIVATE_OBJECTS", name, "no workspace has this object"}
		if near := spelling.Nearest(name, known); near != "" {
			m.why += ": is " + near + " meant?"
		}
		list = append(list, m)
	}
	return list
}

// tellUnused warns once of names in settings that no object has, and of entries of HOOKLINE_SECRET_COLUMNS that match no field.
func (t *Twenty) tellUnused() {
	if t.checked {
		return
	}
	t.checked = true
	for _, m := range t.mistakes() {
		t.log.Warn("an entry of "+m.setting+" names nothing", "entry", m.entry, "reason", m.why)
	}
	t.tellUnmatched(secretColumns, t.secrets.patterns)
	t.tellUnmatched(touchColumns, t.touch.patterns)
}

// tellUnmatched warns of patterns of a setting that match no field.
func (t *Twenty) tellUnmatched(setting string, patterns []columnPattern) {
	for _, p := range patterns {
		used := false
		var known []string
		for _, o := range t.metadata.objects.rows {
			for _, f := range t.metadata.fieldsOf[o.id] {
				used = used || p.matches("", []string{o.name}, f.name)
				known = append(known, o.name+"."+f.name)
			}
		}
		if !used {
			t.log.Warn(setting+": an entry matches no field", "entry", p.text,
				"nearest", spelling.Nearest(strings.TrimPrefix(p.text, "-"), sorted(known)))
		}
	}
}
