package preset

import (
	"encoding/json"
	"strings"
	"unicode"

	"hookline/mapper/credential"
	"hookline/mapper/naming"
)

// Strapi 5 keeps a document in up to two rows of each locale: the draft, and what is published. To
// publish removes the published row and inserts a copy of the draft under a new id. What a document
// is made of besides, components and relations, is in tables of their own; an edit of those alone
// moves updated_at of the document's row. So that is not a column to pass over, unless the type has
// no such parts.
//
// Which table holds what it says in strapi_core_store_settings, as JSON, and which tables it has
// made at all in strapi_database_schema.
var strapi = &Preset{
	Name: "strapi", Title: "Strapi",
	Marks: []string{strapiStore, strapiSchema},
	Says: []Saying{
		{
			Table: strapiStore, key: "id", columns: []string{"key", "value"},
			where: [2]string{"key", "strapi_content_types_schema"},
		},
		{Table: strapiSchema, key: "id", columns: []string{"schema"}},
	},
	learn: learnStrapi,
}

const (
	strapiStore  = "strapi_core_store_settings"
	strapiSchema = "strapi_database_schema"
)

// strapiType is a content type as Strapi describes it.
type strapiType struct {
	UID            string `json:"uid"`
	CollectionName string `json:"collectionName"`
	Info           struct {
		SingularName string `json:"singularName"`
	} `json:"info"`
	Options struct {
		DraftAndPublish bool `json:"draftAndPublish"`
	} `json:"options"`
	Attributes map[string]struct {
		Type    string `json:"type"`
		Private bool   `json:"private"`
	} `json:"attributes"`
}

// Of the types of Strapi's own plugins these are told: people who use the site, and its media.
const (
	strapiUser = "plugin::users-permissions.user"
	strapiFile = "plugin::upload.file"
)

func learnStrapi(rows said) about {
	types, made := map[string]*strapiType{}, map[string]bool{}
	for _, row := range rows[strapiStore] {
		var all map[string]*strapiType
		_ = json.Unmarshal([]byte(row["value"]), &all) // what cannot be read describes nothing
		for uid, t := range all {
			if t != nil &&
				(strings.HasPrefix(uid, "api::") || uid == strapiUser || uid == strapiFile) {
				types[t.CollectionName] = t
			}
		}
	}
	for _, row := range rows[strapiSchema] {
		var schema struct {
			Tables []struct{ Name string }
		}
		_ = json.Unmarshal([]byte(row["schema"]), &schema)
		for _, t := range schema.Tables {
			made[t.Name] = true
		}
	}
	return func(d *credential.Outline) Facts {
		if t := types[d.Table]; t != nil {
			return t.facts()
		}
		for _, s := range []string{"strapi_", "admin_", "up_", "upload_", "i18n_", "components_"} {
			if strings.HasPrefix(d.Table, s) {
				return Facts{Skipped: "it is one of Strapi's own"}
			}
		}
		for _, s := range []string{"_lnk", "_cmps", "_mph"} {
			if strings.HasSuffix(d.Table, s) {
				return Facts{Skipped: "it holds parts of other records of Strapi"}
			}
		}
		if made[d.Table] {
			return Facts{Skipped: "Strapi has made it, and it is of no content type"}
		}
		return Facts{}
	}
}

func (t *strapiType) facts() Facts {
	names, secret := map[string]string{}, map[string]bool{}
	for name, a := range t.Attributes {
		column := strapiColumn(name)
		names[column] = name
		secret[column] = a.Private || a.Type == "password"
		if a.Type == "relation" { // created_by_id
			secret[column+"_id"] = a.Private
		}
	}
	f := Facts{
		object: t.Info.SingularName,
		key: func(column string) string {
			if name := names[column]; name != "" {
				return name
			}
			return naming.CamelCase(column)
		},
		Secret: func(column string) bool { return secret[column] },
		Touch: func(column string) bool {
			switch column {
			case "id": // each row of a document has another
				return true
			case "published_at": // where there are no drafts, it moves at each save
				return !t.Options.DraftAndPublish
			}
			return false
		},
		TouchAlone: func(column string) bool { return column == "updated_at" && !t.hasParts() },
		rides: func(column string) []string {
			if column == "updated_at" && t.UID == strapiUser {
				return []string{"reset_password_token", "confirmation_token"}
			}
			return nil
		},
		Identity: []string{"document_id", "locale"},
	}
	if t.Options.DraftAndPublish {
		f.Drafts = "published_at"
	}
	return f
}

// hasParts reports whether what a document is made of may be in other tables, too: then updated_at
// may be all that an edit changes in its row.
func (t *strapiType) hasParts() bool {
	for name, a := range t.Attributes {
		switch a.Type {
		case "component", "dynamiczone", "media":
			return true
		case "relation":
			if name != "createdBy" && name != "updatedBy" && name != "localizations" {
				return true
			}
		}
	}
	return false
}

// strapiColumn returns the column of an attribute: its name in snake case, where digits are words.
func strapiColumn(attribute string) string {
	var parts []string
	for _, word := range naming.Words(attribute) {
		runes, start := []rune(word), 0
		for i := 1; i < len(runes); i++ {
			if unicode.IsDigit(runes[i]) != unicode.IsDigit(runes[i-1]) {
				parts = append(parts, string(runes[start:i]))
				start = i
			}
		}
		parts = append(parts, string(runes[start:]))
	}
	return strings.ToLower(strings.Join(parts, "_"))
}
