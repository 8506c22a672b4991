// Package cdc reads a Postgres logical replication stream: it owns the replication connection, the slot and the publication, decodes
// pgoutput into changes in commit order, and acknowledges a position once everything before it is settled.
//
// https://www.postgresql.org/docs/current/protocol-logical-replication.html
package cdc
