package mapper

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// PlainName makes organization_id and organizationId the same.
func PlainName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// alike returns the columns of that name, in whatever case; the one that has it to the letter
// alone, if there is one.
func alike(columns []describedColumn, name string) (found []describedColumn) {
	for _, c := range columns {
		switch {
		case c.name == name:
			return []describedColumn{c}
		case name != "" && PlainName(c.name) == PlainName(name):
			found = append(found, c)
		}
	}
	return found
}

// sameStem returns the columns that have the same name but for its end: organization,
// organization_id.
func sameStem(columns []describedColumn, name string) (found []describedColumn) {
	stem := TenantStem(name)
	for _, c := range columns {
		if stem != "" && TenantStem(c.name) == stem {
			found = append(found, c)
		}
	}
	return found
}

// sameKind reports whether equal values of the types read alike.
func sameKind(a, b uint32) bool { return kindOf(a) == kindOf(b) }

func kindOf(base uint32) uint32 {
	switch base {
	case pgtype.Int2OID, pgtype.Int4OID:
		return pgtype.Int8OID
	case pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID:
		return pgtype.TextOID
	}
	return base
}

// MayBeTenant reports whether values of the type can tell tenants apart.
func MayBeTenant(base uint32) bool {
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
	"client", "company", "project", "site", "store", "shop", "merchant", "business", "agency", "realm",
}

// ownerWords are what a column may be called that tells whose a row is, or only who made it.
var ownerWords = []string{"user", "owner", "member"}

// tenantEnds are what may stand behind such a word.
var tenantEnds = []string{"", "id", "uuid", "key", "slug"}

// TenantStem returns the word in the name of a column that holds a tenant: organization of
// organization_id, organizationId and org. "" is for other columns.
func TenantStem(column string) string {
	name := PlainName(column)
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

// MayNameTenant reports whether a column that TenantStem does not know may hold a tenant all the
// same: user_id, owning_account_id.
func MayNameTenant(column string) bool {
	name := PlainName(column)
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
