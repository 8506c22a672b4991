package tenants

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/mapper/naming"
)

// MayBe reports whether values of the type can tell tenants apart.
func MayBe(base uint32) bool {
	switch base {
	case pgtype.BoolOID, pgtype.JSONOID, pgtype.JSONBOID, pgtype.ByteaOID,
		pgtype.Float4OID, pgtype.Float8OID, pgtype.DateOID, pgtype.TimeOID,
		pgtype.TimetzOID, pgtype.TimestampOID, pgtype.TimestamptzOID, pgtype.IntervalOID:
		return false
	}
	return true
}

// tenantWords are what tenants are called.
var tenantWords = []string{
	"tenant", "organization", "organisation", "org", "workspace", "account", "team", "customer",
	"client", "company", "project", "site", "store", "shop", "merchant", "business", "agency",
	"realm",
}

// ownerWords are what a column may be called that tells whose a row is, or only who made it.
var ownerWords = []string{"user", "owner", "member"}

// tenantEnds are what may stand behind such a word.
var tenantEnds = []string{"", "id", "uuid", "key", "slug"}

// Stem returns the word in the name of a column that holds a tenant: organization of
// organization_id, organizationId and org. "" is for other columns.
func Stem(column string) string {
	name := naming.Plain(column)
	for _, word := range tenantWords {
		if end, ok := strings.CutPrefix(name, word); ok && slices.Contains(tenantEnds, end) {
			if word == "org" || word == "organisation" {
				return "organization"
			}
			return word
		}
	}
	return ""
}

// MayName reports whether a column that Stem does not know may hold a tenant all the
// same: user_id, owning_account_id.
func MayName(column string) bool {
	name := naming.Plain(column)
	if slices.Contains(ownerWords, name) && name != "member" {
		return true
	}
	for _, end := range []string{"id", "uuid"} {
		head, ok := strings.CutSuffix(name, end)
		if !ok {
			continue
		}
		endsWith := func(word string) bool {
			return len(head) > len(word) && strings.HasSuffix(head, word)
		}
		if slices.Contains(ownerWords, head) || slices.ContainsFunc(tenantWords, endsWith) {
			return true
		}
	}
	return false
}
