package preset

import (
	"slices"
	"strings"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
)

// Payload keeps a document in a row of its collection's table. What there is many of (arrays,
// blocks, relations, translations) is in further tables, which it writes anew at each save. Each
// save moves updated_at of the document's row, so it is not a column to pass over: it may be all
// that tells of one. Versions, and drafts of what is published, are in tables of their own.
//
// Payload describes its collections in code alone.
var payload = &Preset{
	Name: "payload", Title: "Payload",
	Marks: []string{"payload_migrations", "payload_preferences", "payload_locked_documents"},
	learn: func(said) about { return aboutPayload },
}

func aboutPayload(d *credential.Outline) Facts {
	has := func(names ...string) bool {
		for _, name := range names {
			if !slices.ContainsFunc(d.Columns, func(c credential.Column) bool { return c.Name == name }) {
				return false
			}
		}
		return true
	}
	switch {
	case strings.HasPrefix(d.Table, "payload_"):
		return Facts{Skipped: "it is one of Payload's own"}
	case strings.HasPrefix(d.Table, "_") &&
		(strings.HasSuffix(d.Table, "_v") || strings.Contains(d.Table, "_v_")):
		return Facts{Skipped: "it holds versions of records of Payload"}
	case has("_order", "_parent_id"), has("_locale", "_parent_id"), has("order", "parent_id"):
		return Facts{Skipped: "it holds parts of other records of Payload"}
	}
	return Facts{
		object: strings.ReplaceAll(d.Table, "_", "-"), key: payloadKey,
		Touch: func(column string) bool { return payloadLogin[column] },
		rides: func(column string) []string {
			if column == "updated_at" {
				return payloadLogins
			}
			return nil
		},
	}
}

// payloadLogins are what Payload keeps of attempts to log in, beside who may.
var payloadLogins = strings.Fields(`
	login_attempts lock_until reset_password_token reset_password_expiration
	reset_password_requested_at
`)

var payloadLogin = naming.Set(strings.Join(payloadLogins, " "))

// payloadKey is camelCase, but for the underscore before the name of a field of Payload's own:
// _status.
func payloadKey(column string) string {
	if rest, own := strings.CutPrefix(column, "_"); own {
		return "_" + naming.CamelCase(rest)
	}
	return naming.CamelCase(column)
}
