package cdc_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// TestSynchronousAsTheServerSeesIt compares FindBlocked with the priority that the server gives to
// a stream named as ours is.
func TestSynchronousAsTheServerSeesIt(t *testing.T) {
	t.Parallel()
	for _, major := range majors {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			t.Parallel()
			server := postgrestest.NewServer(t, postgres.Options{Major: major})
			url := server.URL("postgres")
			s := &stream{t: t, conn: connect(t, url)}
			s.exec(`SELECT pg_create_logical_replication_slot('judge', 'pgoutput')`)
			s.exec(`CREATE PUBLICATION judge`)
			for _, setting := range []string{
				``, `*`, `"*"`, `s1`, `s1, s2`, `FIRST 1 (s1, *)`, `ANY 2 (s1, s2)`, `any 1 (*)`, `2 (*, s1)`,
				`FIRST 1 (*)`, `hookline`, `HookLine`, `"HOOKLINE"`,
				`s1, hookline`, `s1, HOOKLINE`, `ANY 1 (hookline, s1)`, `FIRST 1 (s1, s2, hookline)`,
				`hooklines`, `"hookline "`, `" hookline"`, `hook, line`, `"hook""line"`, `1`, `1, "a,b"`,
				`hooKline`, "hoo\u212aline", `"any"`, `firsts`,
			} {
				s.exec(fmt.Sprintf(`ALTER SYSTEM SET synchronous_standby_names = '%s'`, setting))
				s.exec(`SELECT pg_reload_conf()`)
				s.poll("the server to have read "+setting, func() bool {
					fresh := connect(t, url)
					defer func() { _ = fresh.Close(context.Background()) }()
					var now string
					if err := fresh.QueryRow(t.Context(), `SHOW synchronous_standby_names`).
						Scan(&now); err != nil {
						t.Fatal(err)
					}
					return now == setting
				})
				want := s.priority(url) > 0
				pool, err := pg.PoolConfig(url, 1)
				if err != nil {
					t.Fatal(err)
				}
				conn := connect(t, pool.ConnString())
				for name, value := range pool.ConnConfig.RuntimeParams {
					if _, err := conn.Exec(t.Context(), `SELECT set_config($1, $2, false)`, name,
						value); err != nil {
						t.Fatal(err)
					}
				}
				blocked, err := cdc.FindBlocked(t.Context(), conn)
				if err != nil {
					t.Fatal(err)
				}
				if got := blocked != nil; got != want {
					t.Errorf("%q: blocked is %t, and that the server counts on us %t", setting, got, want)
				}
				_ = conn.Close(t.Context())
			}
		})
	}
}

// priority returns what the server makes of a stream whose application_name is hookline.
func (s *stream) priority(url string) (priority int) {
	s.t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		s.t.Fatal(err)
	}
	config.RuntimeParams["replication"], config.RuntimeParams["application_name"] = "database",
		"hookline"
	conn, err := pgconn.ConnectConfig(s.t.Context(), config)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	s.poll("the slot", func() bool { // the one before may not have let go of it yet
		err = pglogrepl.StartReplication(
			s.t.Context(),
			conn,
			"judge",
			0,
			pglogrepl.StartReplicationOptions{
				Mode:       pglogrepl.LogicalReplication,
				PluginArgs: []string{"proto_version '1'", "publication_names 'judge'"},
			},
		)
		return err == nil
	})
	at, err := pglogrepl.ParseLSN(s.query(`SELECT confirmed_flush_lsn::text FROM pg_replication_slots
		WHERE slot_name = 'judge'`))
	if err != nil {
		s.t.Fatal(err)
	}
	err = pglogrepl.SendStandbyStatusUpdate(s.t.Context(), conn,
		pglogrepl.StandbyStatusUpdate{WALWritePosition: at, WALFlushPosition: at, WALApplyPosition: at})
	if err != nil {
		s.t.Fatal(err)
	}
	s.poll(
		"the server to count on the stream or not, which it does when it has been told a position",
		func() bool {
			var told bool
			err := s.conn.QueryRow(s.t.Context(), `SELECT flush_lsn IS NOT NULL, sync_priority
			FROM pg_stat_replication WHERE pid = $1`, conn.PID()).
				Scan(&told, &priority)
			if err != nil {
				s.t.Fatal(err)
			}
			return told
		},
	)
	return priority
}
