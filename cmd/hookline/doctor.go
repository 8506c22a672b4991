package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/mapper"
)

const (
	doctorLimit     = time.Minute // for the whole of it
	connectLimit    = 10 * time.Second
	longTransaction = 5 * time.Minute
)

type doctorCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// diagnosis is what the doctor has found, in the order of the checks: each stands on those before it.
type diagnosis struct {
	Healthy  bool          `json:"healthy"` // no problem; there may be warnings
	Problems int           `json:"problems"`
	Warnings int           `json:"warnings"`
	Findings []cdc.Finding `json:"findings"`
}

func (c doctorCommand) Run(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, doctorLimit, fmt.Errorf("not done after %s: the database does not answer", doctorLimit))
	defer cancel()
	doctor := doctor{cfg: cfg, found: []cdc.Finding{}}
	unfinished := doctor.examine(ctx)
	if unfinished != nil && ctx.Err() != nil {
		unfinished = context.Cause(ctx)
	}
	d := diagnose(doctor.found)
	if c.JSON {
		err = d.printJSON(os.Stdout)
	} else {
		err = d.print(os.Stdout)
	}
	if err = errors.Join(unfinished, err); err == nil && !d.Healthy {
		err = errUnhealthy
	}
	return err
}

func (d *diagnosis) printJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(d)
}

func diagnose(findings []cdc.Finding) diagnosis {
	d := diagnosis{Findings: findings}
	for _, f := range findings {
		switch f.Level {
		case cdc.Wrong:
			d.Problems++
		case cdc.Warning:
			d.Warnings++
		}
	}
	d.Healthy = d.Problems == 0
	return d
}

func (d *diagnosis) print(out io.Writer) error {
	width := 0
	for _, f := range d.Findings {
		width = max(width, len(f.Check))
	}
	var b strings.Builder
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "%-7s  %-*s  %s\n", f.Level, width, f.Check, strings.ReplaceAll(f.Found, "\n", " "))
		if f.Mend != "" {
			fmt.Fprintf(&b, "           %s\n", strings.ReplaceAll(f.Mend, "\n", "\n           "))
		}
		for _, sql := range f.SQL {
			fmt.Fprintf(&b, "             %s;\n", sql)
		}
	}
	fmt.Fprintf(&b, "%s, %s\n", plural(d.Problems, "problem"), plural(d.Warnings, "warning"))
	_, err := io.WriteString(out, b.String())
	return err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// doctor looks, and changes nothing: its connections to the CRM database are read-only.
type doctor struct {
	cfg   config.Config
	db    *database
	found []cdc.Finding
}

func (d *doctor) add(findings ...cdc.Finding) { d.found = append(d.found, findings...) }

// take adds what a check has found. An error that tells of the database is a finding, too; any other one ends the examination.
func (d *doctor) take(check string, found []cdc.Finding, err error) error {
	d.add(found...)
	found, err = cdc.AsFindings(check, err)
	d.add(found...)
	return err
}

// examine runs the checks. It stops early where the rest could say nothing more.
func (d *doctor) examine(ctx context.Context) error {
	pool, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	acquired, err := pool.Acquire(ctx)
	if err != nil {
		d.add(checkConnection(err))
		return nil
	}
	defer acquired.Release()
	conn := acquired.Conn()
	d.add(cdc.OK("connection", "role %s, database %s at %s:%d", conn.Config().User, conn.Config().Database, conn.Config().Host, conn.Config().Port))
	d.db = &database{cfg: d.cfg, log: slog.New(slog.DiscardHandler), pool: pool, tries: fewTries}
	if goOn, err := d.checkServer(ctx, conn); err != nil || !goOn {
		return err
	}
	if err := d.db.recognize(ctx, conn, prometheus.NewRegistry()); err != nil {
		return err
	}
	d.add(cdc.OK("profile", "%s", d.db.catalog.Profile()))
	for _, check := range []func(context.Context, *pgx.Conn) error{d.checkData, d.checkState} {
		if err := check(ctx, conn); err != nil {
			return err
		}
	}
	return d.advise(ctx, conn)
}

// connect returns a pool of connections that cannot write, and do not wait for long for what the CRM has locked.
func (d *doctor) connect(ctx context.Context) (*pgxpool.Pool, error) {
	cfg, err := cdc.PoolConfig(d.cfg.CDC.URL, 3)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectLimit
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET default_transaction_read_only = on; SET lock_timeout = '5s'; SET statement_timeout = '30s'")
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("HOOKLINE_DATABASE_URL: %w", err)
	}
	return pool, nil
}

// checkConnection tells why there is none. The error holds no password.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func checkConnection(err error) cdc.Finding {
	f := cdc.Finding{
		Level: cdc.Wrong, Check: "connection", Found: err.Error(),
		Mend: "HOOKLINE_DATABASE_URL has to lead to the CRM's Postgres, and the network to let it",
	}
	if pooler, ok := errors.AsType[*cdc.Problem](cdc.ExplainPooler(err)); ok {
		f.Found, f.Mend = pooler.What, pooler.Mend
	} else if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "28P01":
			f.Mend = "HOOKLINE_DATABASE_URL has to have the role's password. A superuser can give it another: \\password <role> in psql"
		case "28000":
			f.Mend = "the role has to exist, with the right to log in, and pg_hba.conf to let it into this database from here"
		case "3D000":
			f.Mend = "HOOKLINE_DATABASE_URL has to name the CRM's database; psql -l lists those there are"
		case "53300":
			f.Mend = "the server has no connection left: raise max_connections, or end some"
		}
	}
	return f
}

// checkServer reports whether the server can be asked for the rest.
func (d *doctor) checkServer(ctx context.Context, conn *pgx.Conn) (goOn bool, err error) {
	found, err := cdc.CheckServer(ctx, conn, d.cfg.CDC, d.cfg.HoldWAL)
	if err := d.take("server", found, err); err != nil {
		return false, err
	}
	mayReplicate := true
	for _, f := range found {
		switch {
		case f.Level != cdc.Wrong:
		case f.Check == "version" || f.Check == "primary":
			return false, nil
		case f.Check == "role":
			mayReplicate = false
		}
	}
	if mayReplicate {
		f, err := cdc.CheckStream(ctx, d.cfg.CDC.URL)
		if err != nil {
			return false, err
		}
		d.add(f)
	}
	found, err = cdc.CheckTransactions(ctx, conn, longTransaction)
	return true, d.take("open transactions", found, err)
}

// advise makes exact how to mend things, where the deployment is known.
func (d *doctor) advise(ctx context.Context, conn *pgx.Conn) error {
	if d.db.catalog.Profile() != "twenty" {
		return nil
	}
	deployment, err := mapper.FindTwentyDeployment(ctx, conn)
	if err != nil {
		return err
	}
	for i, f := range d.found {
		d.found[i] = deployment.Advise(f)
	}
	return nil
}
