package mapper

import (
	"slices"
	"strings"
)

// What of a table is left out, since it holds credentials: columns by their names, or by the
// table's name and theirs; and whole tables, where a credential is the key, or where whoever is
// logged in is kept. It is judged once for each version of a table.

// outline is what a judgement goes by.
type outline struct {
	schema, table, object string
	columns               []outlineColumn
}

type outlineColumn struct {
	name string
	of   held
	key  bool // part of the primary key
	free bool // text or bytes, in which anything can be kept
}

// judgement is what is left out of a table.
type judgement struct {
	left    []bool   // by column
	through []bool   // by column: it is sent as it is, whatever is in it
	setting *setting // nil for a table that holds no settings
	whole   string   // why nothing of the table is announced, "" when it is
	own     bool     // since its application keeps it for itself
	mend    string   // the entry of HOOKLINE_SECRET_COLUMNS that has it announced, "" for none
}

// setting says where the rows of a table of settings have their name, and what it is set to. The
// name may say that the value is a credential.
type setting struct {
	names  []int
	values []int
}

// judge tells what is left out of a table.
func (s *SecretColumns) judge(d *outline) judgement {
	names := []string{d.table, d.object}
	j := judgement{left: make([]bool, len(d.columns)), through: make([]bool, len(d.columns))}
	of := d.table
	salted := slices.ContainsFunc(d.columns, func(c outlineColumn) bool {
		return isSalt(c.name, c.of)
	})
	verifies := d.verifies()
	for i, c := range d.columns {
		switch s.of(d.schema, names, c.name) {
		case leaves:
			j.left[i] = true
		case lets:
			j.through[i] = true
		default:
			j.left[i] = !s.off && (namesCredential(c.name, c.of) || holdsCredential(of, c) ||
				c.of != fact && salted && isHash(c.name) ||
				verifies && verificationColumns[folded(c.name)])
		}
	}
	if !s.off && !slices.Contains(j.left, true) && endsAsCredential(singularWords(of)) {
		for i, c := range d.columns { // then the key is the credential, as some libraries have it
			j.left[i] = c.key && !j.through[i] && c.of == anything && folded(c.name) == "id"
		}
	}
	for i, c := range d.columns {
		if c.key && j.left[i] {
			j.whole = "its primary key is a credential, by the name of column " + c.name
			j.mend = "-" + d.table + "." + c.name
			return j
		}
	}
	if s.off || s.letsTable(d.schema, names) {
		return j
	}
	if by := d.holdsSessions(j.left); by != "" {
		j.whole, j.mend = by, "-"+d.table+".*"
		return j
	}
	j.setting = d.holdsSettings(&j)
	return j
}

// A table of verifications with all of these columns holds codes and tokens that were sent to
// people, as Better Auth has it: in one of the first two.
var verificationColumns = set(`identifier value`)

func (d *outline) verifies() bool {
	if w := singularWords(d.table); len(w) == 0 || w[len(w)-1] != "verification" {
		return false
	}
	has := func(name string) bool {
		return slices.ContainsFunc(d.columns, func(c outlineColumn) bool { return folded(c.name) == name })
	}
	return has("identifier") && has("value")
}

func isSalt(name string, of held) bool {
	return endsIn(name, "salt", "salts") && namesCredential(name, of)
}

// isHash reports whether a name is that of a hash, which beside a salt is one of a password.
func isHash(name string) bool { return endsIn(name, "hash", "digest") }

func endsIn(name string, last ...string) bool {
	w := plainWords(name)
	return len(w) > 0 && slices.Contains(last, w[len(w)-1])
}

// In a table of credentials these columns hold the credential itself.
var itselfNames = set(`key value hash code digest data body content contents encrypted hashed`)

// keyHolders end the names of tables whose column key is a credential: of sessions, and of what
// calls an API.
var keyHolders = set(`session application app integration connector bot device agent`)

// holdsCredential reports whether a column of a table is a credential, by both their names.
func holdsCredential(table string, c outlineColumn) bool {
	name := folded(c.name)
	if !itselfNames[name] || c.of != anything {
		return false
	}
	w := singularWords(table)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	auth := slices.Contains(w, "auth") || slices.Contains(w, "oauth")
	switch {
	case name == "key" && (auth || keyHolders[last] || strings.HasSuffix(last, "app")),
		name == "key" && namesCredential(table, anything),
		name == "code" && (auth || last == "invite" || last == "invitation"):
		return true
	}
	return endsAsCredential(w)
}

// endsAsCredential reports whether words end with what names a credential.
func endsAsCredential(w []string) bool {
	for i := range w {
		if credentialPhrases.startOf(w[i:]) == len(w)-i || i == len(w)-1 && readsAsCredential(w[i]) {
			return true
		}
	}
	return false
}

// tableWords say no more of a table than that it is one.
var tableWords = set(`entity table tbl store`)

// singularWords returns the words of a table's name, the last one without its s, and without what
// only says that it is a table.
func singularWords(table string) []string {
	w := plainWords(table)
	if last := len(w) - 1; last > 0 && tableWords[w[last]] {
		w = w[:last]
	}
	if len(w) > 0 {
		w[len(w)-1] = strings.TrimSuffix(w[len(w)-1], "s")
	}
	return w
}

// A table named after sessions holds those of people who are logged in when it has a column of
// these. Sessions of a conference, of training or of a payment have none.
var sessionColumns = set(`
	sid sess asession session sessionid sessionkey sessiondata nonce
	ipaddress ip useragent lastactivity
	data payload
`)

// storeColumns is how many columns a table has at most of which the columns alone tell that it is
// a store, or when entries end that they are sessions.
const storeColumns = 7

// saysSession reports whether a credential is one of who is logged in, by its name.
func saysSession(name string) bool {
	name = folded(name)
	return slices.ContainsFunc([]string{"session", "token", "key"}, func(of string) bool {
		return strings.Contains(name, of)
	})
}

// A table without such a name is one of sessions, or a cache that may hold some, when it has the
// key, what is kept under it, and when it ends or was last used.
var (
	storeKeys    = set(`id key sid cachekey sessionkey`)
	storeBlobs   = set(`data payload value sess session sessiondata asession`)
	storeMoments = set(`
		expires expire expiry expiresat expiredate expiration
		lastactivity lastused lastaccess lastaccessed ttl
	`)
)

// holdsSessions tells why a table is one of sessions, "" when it is none.
func (d *outline) holdsSessions(left []bool) string {
	few := len(d.columns) <= storeColumns
	if w := singularWords(d.table); len(w) > 0 && w[len(w)-1] == "session" {
		for i, c := range d.columns {
			name := folded(c.name)
			blob := name == "data" || name == "payload"
			if left[i] && saysSession(c.name) || sessionColumns[name] && (!blob || c.free) ||
				few && storeMoments[name] {
				return "it holds sessions of people who are logged in, by its name and column " + c.name
			}
		}
	}
	var key string
	var blob, moment bool
	for _, c := range d.columns {
		if name := folded(c.name); c.key && c.of == anything && storeKeys[name] {
			key = name
		}
	}
	for _, c := range d.columns {
		name := folded(c.name)
		blob = blob || c.free && storeBlobs[name] && (name != "value" || key != "id")
		moment = moment || storeMoments[name]
	}
	if few && key != "" && blob && moment {
		return "it is a store of sessions or a cache, by its columns"
	}
	return ""
}

// The columns of tables of settings, and of audits that tell of one column at a time.
var (
	settingNames = set(`
		key name setting settingkey settingname var variable option optionname parameter param
		configkey property path field fieldname columnname attribute attributename header headername
	`)
	settingValues = set(`
		old new before after previous prev current original from to default
	`)
	settingTables = set(`
		setting config configuration preference attribute option parameter param variable property default
	`)
	settingContents = set(`content data`)
)

// isSettingValue reports whether a column, or a key of JSON, is called as what a setting is set to,
// or was.
func isSettingValue(name string) bool {
	return settingValues[folded(name)] || endsIn(name, "value", "val", "values")
}

// holdsSettings returns where a table has names and values, nil when it has not.
func (d *outline) holdsSettings(j *judgement) *setting {
	w := singularWords(d.table)
	contents := len(w) > 0 && settingTables[w[len(w)-1]]
	var s setting
	for i, c := range d.columns {
		name := folded(c.name)
		switch {
		case j.left[i] || j.through[i] || c.of == number:
		case settingNames[name]:
			s.names = append(s.names, i)
		case c.of == anything && (isSettingValue(c.name) || contents && settingContents[name]):
			s.values = append(s.values, i)
		}
	}
	if s.names == nil || s.values == nil {
		return nil
	}
	return &s
}
