package spool

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// schema is the quoted name of the schema that the spool's tables are in. SQL of this package has a
// mark in its place: it never depends on search_path, which a pooler may have swallowed or left as
// somebody else set it.
type schema string

func (s schema) in(sql string) string { return strings.ReplaceAll(sql, "{{schema}}", string(s)) }

// pool is a pool of connections that are given SQL with that mark.
type pool struct {
	*pgxpool.Pool
	schema schema
}

func (p pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return p.Pool.Exec(ctx, p.schema.in(sql), args...)
}

func (p pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.Pool.Query(ctx, p.schema.in(sql), args...)
}

func (p pool) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return p.Pool.QueryRow(ctx, p.schema.in(sql), args...)
}

// qualified is a transaction that is given SQL with that mark.
type qualified struct {
	pgx.Tx
	schema schema
}

func (q qualified) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return q.Tx.Exec(ctx, q.schema.in(sql), args...)
}

func (q qualified) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return q.Tx.Query(ctx, q.schema.in(sql), args...)
}

func (q qualified) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return q.Tx.QueryRow(ctx, q.schema.in(sql), args...)
}

func (q qualified) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, queued := range b.QueuedQueries {
		queued.SQL = q.schema.in(queued.SQL)
	}
	return q.Tx.SendBatch(ctx, b)
}
