package cdc

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Server holds what decides whether and how a server can be streamed: its settings, and the rights
// of the role.
type Server struct{ is server }

// QueryServer asks the server of conn. It may be one that cannot be streamed.
func QueryServer(ctx context.Context, conn *pgx.Conn) (Server, error) {
	s, err := queryServer(ctx, conn)
	return Server{s}, err
}

// Findings are what Preflight goes by.
func (s *Server) Findings() []Finding { return s.is.findings() }

// Set tells how a setting of the server is changed, on its platform.
func (s *Server) Set(name, value string, restart bool) (how string, sql []string) {
	return s.is.platform.set(name, value, restart)
}

// CheckStandbys checks whether a commit waits for the stream, or the stream for a standby.
func (s *Server) CheckStandbys(
	ctx context.Context, conn *pgx.Conn, slot string,
) ([]Finding, error) {
	synchronous, err := checkSynchronous(ctx, conn)
	if err != nil {
		return nil, err
	}
	found := []Finding{synchronous}
	waits, err := standsStill(ctx, conn, slot)
	if err != nil {
		return found, err
	}
	standbys, err := queryStandbySlots(ctx, conn, slot)
	if err == nil && standbys.setting != nil {
		found = append(found, standbys.finding(slot, &s.is.platform, waits))
	}
	return found, err
}

// CheckFailover checks whether a slot outlives a failover, where the platform tells.
func (s *Server) CheckFailover(slot, database string) []Finding {
	return s.is.platform.failoverSlots(slot, database, s.is.version)
}

// KeepsSlots reports whether pg_upgrade brings logical slots of a major version along.
func KeepsSlots(major int) bool { return major >= keepsSlots }
