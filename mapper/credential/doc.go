// Package credential tells which columns, tables and keys of JSON hold credentials, by their names
// and by the types of their values. A name is split into words first (names.go); a table is judged
// as a whole (tables.go), since a hash beside a salt is one of a password. SecretColumns are the
// configuration's exceptions (columns.go). testdata has the tables of real applications, and what
// is left out of each.
package credential
