package naming

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/cespare/xxhash/v2"
)

// Object returns the singular of a table's name in camelCase: people is person, sales_orders and
// SalesOrders are salesOrder. A name without letters and digits gives one made from its hash.
func Object(table string) string {
	parts := Words(table)
	if len(parts) == 0 {
		return fmt.Sprintf("table%08x", uint32(xxhash.Sum64String(table)))
	}
	last := &parts[len(parts)-1]
	*last = singular(strings.ToLower(*last))
	return Join(parts)
}

// Fields returns the names in camelCase, in order. Of several that would read alike the first has
// the name, and the others keep their own form. So none is lost, and none that is there changes
// when a column is added.
func Fields(names []string) []string {
	taken := make(map[string]bool, len(names))
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = CamelCase(name)
		if taken[keys[i]] {
			keys[i] = freeForm(name, taken)
		}
		taken[keys[i]] = true
	}
	return keys
}

// freeForm returns the name as it is, with as many underscores behind it as it takes that none
// before has it.
func freeForm(name string, taken map[string]bool) string {
	for taken[name] {
		name += "_"
	}
	return name
}

// CamelCase returns name in camelCase: first_name and FirstName are firstName, ID is id, and what
// is camelCase already (userID) stays. So do underscores that it begins with.
func CamelCase(name string) string {
	bare := strings.TrimLeft(name, "_")
	return name[:len(name)-len(bare)] + bareCamelCase(bare)
}

func bareCamelCase(name string) string {
	if strings.IndexFunc(name, unicode.IsLower) == 0 && !strings.ContainsFunc(name, separates) {
		return name
	}
	parts := Words(name)
	if len(parts) == 0 {
		return name
	}
	return Join(parts)
}

// capital reports whether r has a lower case to be put in; a few letters that Unicode calls upper
// case have none.
func capital(r rune) bool { return unicode.ToLower(r) != r }

func separates(
	r rune,
) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

// Words splits a name where anything but letters and digits stands, and where upper case begins:
// HTTPServer_log2 is HTTP, Server, log2.
func Words(name string) []string {
	var parts []string
	for chunk := range strings.FieldsFuncSeq(name, separates) {
		runes, start := []rune(chunk), 0
		for i := 1; i < len(runes); i++ {
			if !capital(runes[i]) {
				continue
			}
			if ends := i+1 < len(runes) &&
				unicode.IsLower(runes[i+1]); ends ||
				!capital(runes[i-1]) {
				parts = append(parts, string(runes[start:i]))
				start = i
			}
		}
		parts = append(parts, string(runes[start:]))
	}
	return parts
}

// Join puts words together to one name, in camel case.
func Join(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		part = strings.ToLower(part)
		if i == 0 {
			b.WriteString(part)
			continue
		}
		runes := []rune(part)
		b.WriteRune(unicode.ToUpper(runes[0]))
		b.WriteString(string(runes[1:]))
	}
	return b.String()
}
