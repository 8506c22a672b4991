package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/mapper"
	"hookline/spool"
)

const (
	checkLimit      = time.Minute // for the whole of it
	connectLimit    = 10 * time.Second
	longTransaction = 5 * time.Minute
)

// CheckAll makes all checks. What they have found is told even when they could not be finished,
// which the error says.
func CheckAll(ctx context.Context, cfg config.Config) (Diagnosis, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, checkLimit,
		fmt.Errorf("not done after %s: the database does not answer", checkLimit))
	defer cancel()
	x := &checkup{cfg: cfg, found: []cdc.Finding{}}
	defer x.close()
	err := x.runAll(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return Diagnose(x.found), err
}

// checkup is what the checks have found so far, and stand on. It changes nothing: its
// connections to the CRM database are read-only.
type checkup struct {
	cfg   config.Config
	known fact
	found []cdc.Finding

	pool   *pgxpool.Pool
	pooled *pgxpool.Conn
	conn   *pgx.Conn     // of pooled
	db     *crm.Database // from "profile" on its kind is known
	tables []cdc.Table   // that have to be published
	only   string        // the webhook that is looked at; "" for all

	store      *spool.Spool
	checkpoint *cdc.Checkpoint
	reachable  bool // the spool could be asked for the checkpoint
}

func (x *checkup) close() {
	if x.store != nil {
		x.store.Close()
	}
	if x.pooled != nil {
		x.pooled.Release()
	}
	if x.pool != nil {
		x.pool.Close()
	}
}

func (x *checkup) runAll(ctx context.Context) error {
	for _, c := range checks {
		if err := x.run(ctx, c); err != nil {
			return err
		}
	}
	return x.advise(ctx)
}

// profile finds out what kind of database it is.
func (x *checkup) profile(ctx context.Context) ([]cdc.Finding, error) {
	x.db = crm.New(x.cfg, slog.New(slog.DiscardHandler), x.pool)
	x.db.Tries = crm.FewTries
	if err := x.db.Detect(ctx, x.conn, prometheus.NewRegistry()); err != nil {
		return nil, unfinished{err}
	}
	x.known |= profile
	if _, ok := x.db.Catalog.(mapper.Deployed); ok {
		x.known |= deployed
	} else {
		x.known |= described
	}
	if x.cfg.CDC.Identity == cdc.IdentityKeep {
		x.known |= keepsIdentity
	}
	return []cdc.Finding{cdc.OK("profile", "%s", x.db.Catalog.Profile())}, nil
}

// advise makes exact how to mend things, where the deployment is known.
func (x *checkup) advise(ctx context.Context) error {
	if x.known&deployed == 0 {
		return nil
	}
	deployment, err := x.catalogDeployed().FindDeployment(ctx, x.conn)
	if err != nil {
		return err
	}
	for i, f := range x.found {
		x.found[i] = deployment.Advise(f)
	}
	return nil
}
