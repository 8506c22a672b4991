package credential

import (
	"slices"
	"strings"

	"hookline/mapper/naming"
)

// What of a table is left out, since it holds credentials: columns by their names, or by the
// table's name and theirs; and whole tables, where a credential is the key, or where whoever is
// logged in is kept. It is judged once for each version of a table.

// Outline is what a judgement goes by.
type Outline struct {
	Schema, Table, Object string
	Columns               []Column
}

// Column is what a judgement goes by of a column.
type Column struct {
	Name string
	Of   Held
	Key  bool   // part of the primary key
	Free bool   // text or bytes, in which anything can be kept
	Day  bool   // a date or a timestamp
	Type uint32 // its OID, beneath domains
}

// Judgement is what is left out of a table.
type Judgement struct {
	Omitted []bool   // by column
	Through []bool   // by column: it is sent as it is, whatever is in it
	Setting *setting // nil for a table that holds no settings
	Whole   string   // why nothing of the table is announced, "" when it is
	Hint    string   // the entry of HOOKLINE_SECRET_COLUMNS that has it announced, "" for none
}

// setting says where the rows of a table of settings have their name, and what it is set to. The
// name may say that the value is a credential.
type setting struct {
	Names  []int
	Values []int
}

// Judge tells what is left out of a table.
func (s *SecretColumns) Judge(d *Outline) Judgement {
	names := []string{d.Table, d.Object}
	j := Judgement{Omitted: make([]bool, len(d.Columns)), Through: make([]bool, len(d.Columns))}
	of := d.Table
	salted := slices.ContainsFunc(d.Columns, func(c Column) bool {
		return IsSalt(c.Name, c.Of)
	})
	verifies := d.verifies()
	for i, c := range d.Columns {
		switch s.Of(d.Schema, names, c.Name) {
		case Leaves:
			j.Omitted[i] = true
		case Lets:
			j.Through[i] = true
		default:
			j.Omitted[i] = !s.Off && (namesCredential(c.Name, c.Of) || holdsCredential(of, c) ||
				c.Of != Fact && salted && isHash(c.Name) ||
				verifies && verificationColumns[naming.Folded(c.Name)])
		}
	}
	if !s.Off && !slices.Contains(j.Omitted, true) && endsAsCredential(singularWords(of)) {
		for i, c := range d.Columns { // then the key is the credential, as some libraries have it
			j.Omitted[i] = c.Key && !j.Through[i] && c.Of == Anything && naming.Folded(c.Name) == "id"
		}
	}
	for i, c := range d.Columns {
		if c.Key && j.Omitted[i] {
			j.Whole = "its primary key is a credential, by the name of column " + c.Name
			j.Hint = "-" + d.Table + "." + c.Name
			return j
		}
	}
	if s.Off || s.LetsTable(d.Schema, names) {
		return j
	}
	if by := d.holdsSessions(j.Omitted); by != "" {
		j.Whole, j.Hint = by, "-"+d.Table+".*"
		return j
	}
	j.Setting = d.holdsSettings(&j)
	return j
}

// A table of verifications with all of these columns holds codes and tokens that were sent to
// people, as Better Auth has it: in one of the first two.
var verificationColumns = naming.Set(`identifier value`)

func (d *Outline) verifies() bool {
	if w := singularWords(d.Table); len(w) == 0 || w[len(w)-1] != "verification" {
		return false
	}
	has := func(name string) bool {
		return slices.ContainsFunc(d.Columns, func(c Column) bool {
			return naming.Folded(c.Name) == name
		})
	}
	return has("identifier") && has("value")
}

// IsSalt reports whether a column is named after the salt of a hash.
func IsSalt(name string, of Held) bool {
	return endsIn(name, "salt", "salts") && namesCredential(name, of)
}

// isHash reports whether a name is that of a hash, which beside a salt is one of a password.
func isHash(name string) bool { return endsIn(name, "hash", "digest") }

func endsIn(name string, last ...string) bool {
	w := plainWords(name)
	return len(w) > 0 && slices.Contains(last, w[len(w)-1])
}

// In a table of credentials these columns hold the credential itself.
var itselfNames = naming.Set(
	`key value hash code digest data body content contents encrypted hashed`)

// keyHolders end the names of tables whose column key is a credential: of sessions, and of what
// calls an API.
var keyHolders = naming.Set(`session application app integration connector bot device agent`)

// holdsCredential reports whether a column of a table is a credential, by both their names.
func holdsCredential(table string, c Column) bool {
	name := naming.Folded(c.Name)
	if !itselfNames[name] || c.Of != Anything {
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
		name == "key" && namesCredential(table, Anything),
		name == "code" && (auth || last == "invite" || last == "invitation"):
		return true
	}
	return endsAsCredential(w)
}

// endsAsCredential reports whether words end with what names a credential.
func endsAsCredential(w []string) bool {
	for i := range w {
		if credentialPhrases.startOf(w[i:]) == len(w)-i ||
			i == len(w)-1 && readsAsCredential(w[i]) {
			return true
		}
	}
	return false
}

// tableWords say no more of a table than that it is one.
var tableWords = naming.Set(`entity table tbl store`)

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
var sessionColumns = naming.Set(`
	sid sess asession session sessionid sessionkey sessiondata nonce
	ipaddress ip useragent lastactivity
	data payload
`)

// storeColumns bounds the columns of a table whose columns alone tell that it is a store. So it
// does for one of sessions, which a column for their end gives away.
const storeColumns = 7

// saysSession reports whether a credential is one of who is logged in, by its name.
func saysSession(name string) bool {
	name = naming.Folded(name)
	return slices.ContainsFunc([]string{"session", "token", "key"}, func(of string) bool {
		return strings.Contains(name, of)
	})
}

// A table without such a name is one of sessions, or a cache that may hold some, when it has three
// columns: the key, what is kept under it, and when it ends or was last used.
var (
	storeKeys    = naming.Set(`id key sid cachekey sessionkey`)
	storeBlobs   = naming.Set(`data payload value sess session sessiondata asession`)
	storeMoments = naming.Set(`
		expires expire expiry expiresat expiredate expiration
		lastactivity lastused lastaccess lastaccessed ttl
	`)
)

// What has such a name is a session, whatever the table is called: with a key, it is touched at
// each request, so any moment will do. And what belongs to a session, and tells when that was last
// used, is touched likewise.
var (
	sessionBlobs = naming.Set(`sess session sessiondata asession`)
	touchMoments = naming.Set(
		`lastupdated updatedat updated lastmodified modifiedat touchedat touched`)
	ofSessions     = naming.Set(`session sessionid sessionkey`)
	momentsOfUsing = naming.Set(
		`lastused lastusedat lastactivity lastactivityat lastaccess lastaccessed`)
)

// holdsSessions tells why a table is one of sessions, "" when it is none.
func (d *Outline) holdsSessions(left []bool) string {
	few := len(d.Columns) <= storeColumns
	if w := singularWords(d.Table); len(w) > 0 && w[len(w)-1] == "session" {
		for i, c := range d.Columns {
			name := naming.Folded(c.Name)
			blob := name == "data" || name == "payload"
			if left[i] && saysSession(c.Name) || sessionColumns[name] && (!blob || c.Free) ||
				few && storeMoments[name] {
				return "it holds sessions of people who are logged in, by its name and column " + c.Name
			}
		}
	}
	if few && slices.Contains(singularWords(d.Table), "session") {
		for _, c := range d.Columns {
			if name := naming.Folded(c.Name); c.Free && (name == "data" || name == "payload") {
				return "it holds what sessions of people who are logged in keep, by its name and column " +
					c.Name
			}
		}
	}
	var key string
	var blob, moment, session, touched, of, used bool
	for _, c := range d.Columns {
		if name := naming.Folded(c.Name); c.Key && c.Of == Anything && storeKeys[name] {
			key = name
		}
	}
	for _, c := range d.Columns {
		name := naming.Folded(c.Name)
		blob = blob || c.Free && storeBlobs[name] && (name != "value" || key != "id")
		moment = moment || storeMoments[name]
		session = session || c.Of == Anything && sessionBlobs[name]
		touched = touched || c.Of == Fact && touchMoments[name]
		of = of || !c.Key && ofSessions[name]
		used = used || c.Of == Fact && momentsOfUsing[name]
	}
	switch {
	case few && of && used:
		return "it belongs to sessions of people who are logged in, by its columns"
	case few && key != "" && session && touched:
		return "it is a store of sessions, by its columns"
	}
	if few && key != "" && blob && moment {
		return "it is a store of sessions or a cache, by its columns"
	}
	return ""
}

// The columns of tables of settings, and of audits that tell of one column at a time.
var (
	settingNames = naming.Set(`
		key name setting settingkey settingname var variable option optionname parameter param
		configkey property path field fieldname columnname attribute attributename header headername
	`)
	settingValues = naming.Set(`
		old new before after previous prev current original from to default
	`)
	settingTables = naming.Set(`
		setting config configuration preference attribute option parameter param variable property default
	`)
	settingContents = naming.Set(`content data`)
)

// isSettingValue reports whether a column, or a key of JSON, is called as what a setting is set to,
// or was.
func isSettingValue(name string) bool {
	return settingValues[naming.Folded(name)] || endsIn(name, "value", "val", "values")
}

// holdsSettings returns where a table has names and values, nil when it has not.
func (d *Outline) holdsSettings(j *Judgement) *setting {
	w := singularWords(d.Table)
	contents := len(w) > 0 && settingTables[w[len(w)-1]]
	var s setting
	for i, c := range d.Columns {
		name := naming.Folded(c.Name)
		switch {
		case j.Omitted[i] || j.Through[i] || c.Of == Number:
		case settingNames[name]:
			s.Names = append(s.Names, i)
		case c.Of == Anything && (isSettingValue(c.Name) || contents && settingContents[name]):
			s.Values = append(s.Values, i)
		}
	}
	if s.Names == nil || s.Values == nil {
		return nil
	}
	return &s
}
