// Package pg is what every package of Hookline that speaks to Postgres has in common, and nothing
// of what they speak of: it imports no other package of Hookline.
//
//   - SQLSTATEs by name, and which class of error is worth another try (sqlstate.go);
//   - quoting of identifiers and literals (quote.go);
//   - the text form of rows and arrays (text.go);
//   - settings and time limits of sessions (session.go), and statements that define something
//     (ddl.go);
//   - the status of a replication slot (slot.go);
//   - trying again, with pauses that grow (retry.go).
package pg
