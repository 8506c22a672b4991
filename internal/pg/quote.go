package pg

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// Identifier quotes a name for SQL. Several are one qualified name, such as a schema and a table.
func Identifier(names ...string) string { return pgx.Identifier(names).Sanitize() }

// Literal quotes text for SQL. The session must have standard_conforming_strings on, as is the
// default.
func Literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
