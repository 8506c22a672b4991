package twenty

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
)

// deployment is how a Twenty server was probably set up, judged by its database. It makes the
// way to mend something exact.
type deployment struct {
	platform     cdc.Platform
	role         string
	super        bool
	database     string
	hasChartRole bool // the role that the Helm chart makes exists
}

// chartRole is the role that the Helm chart makes for Twenty's server: no superuser, no right to
// replicate. The chart's migrations run as postgres, so what is in core belongs to postgres; tables
// of records belong to the role.
const chartRole = "twenty_app_user"

// findDeployment looks at the database of conn.
//
// https://github.com/twentyhq/twenty/tree/main/packages/twenty-docker
func findDeployment(ctx context.Context, conn *pgx.Conn) (d deployment, err error) {
	if d.platform, err = cdc.QueryPlatform(ctx, conn); err != nil {
		return d, err
	}
	err = conn.QueryRow(ctx, `
		SELECT current_user, rolsuper, current_database(), EXISTS (SELECT FROM pg_roles
		  WHERE rolname = $1)
		FROM pg_roles
		  WHERE rolname = current_user`, chartRole).Scan(&d.role, &d.super, &d.database, &d.hasChartRole)
	if err != nil {
		return d, fmt.Errorf("find out how Twenty was set up: %w", err)
	}
	return d, nil
}

func (d *deployment) isChart() bool { return d.hasChartRole && d.database != "default" }

func (d *deployment) isManifests() bool {
	return !d.isChart() && d.platform == cdc.Spilo && d.database == "default"
}

func (d *deployment) isCompose() bool {
	return !d.isChart() && d.platform == cdc.Plain && d.database == "default" && d.super
}

// Finding tells which deployment it is, and by what that is told.
func (d *deployment) Finding() cdc.Finding {
	who := fmt.Sprintf("role %s", d.role)
	if d.super {
		who = fmt.Sprintf("superuser %s", d.role)
	}
	which, by := "none that is known", []string{who, "database " + d.database}
	switch {
	case d.isChart():
		which = "Twenty's Helm chart"
		if d.role != chartRole {
			by = append(by, "role "+chartRole+" exists")
		}
	case d.isManifests():
		which = "Twenty's Kubernetes manifests, or Docker with the same image"
	case d.isCompose():
		which = "Twenty's docker-compose"
	case d.platform != cdc.Plain:
		which = "Twenty on " + string(d.platform)
	}
	if d.platform != cdc.Plain {
		by = append(by, string(d.platform))
	}
	return cdc.OK("deployment", "by the look of it %s (%s)", which, strings.Join(by, ", "))
}

// Advise returns the finding with how to get there in this deployment.
func (d *deployment) Advise(f cdc.Finding) cdc.Finding {
	switch {
	case f.Level == cdc.Fine:
	case d.isCompose():
		return d.adviseCompose(f)
	case d.platform == cdc.Spilo && (d.isChart() || d.isManifests()):
		return d.adviseKubernetes(f)
	}
	return f
}

func (d *deployment) adviseCompose(f cdc.Finding) cdc.Finding {
	psql := fmt.Sprintf("docker compose exec db psql -U %s %s", d.role, d.database)
	switch {
	case f.Check == "wal_level" && len(f.SQL) > 0:
		f.Hint = "in docker-compose.yml, under the service db:\n  command: postgres -c " +
			"wal_level=logical\nthen: docker compose up -d db\n" +
			"Or, in " + psql + ", and then docker compose restart db"
	case f.Check == "wal_level":
		f.Hint = "in docker-compose.yml, the command of the service db gives another:\n  command: " +
			"postgres -c wal_level=logical\n" +
			"then: docker compose up -d db"
	case len(f.SQL) > 0:
		f.Hint += ": " + psql
	}
	return f
}

// adviseKubernetes leads into the pod of the database: there, Spilo lets postgres in without a
// password.
func (d *deployment) adviseKubernetes(f cdc.Finding) cdc.Finding {
	deployment := "twentycrm-db"
	if d.isChart() {
		deployment = "<full name of the release>-db"
	}
	exec := "kubectl exec -it deploy/" + deployment + " -- "
	before := f.Hint
	f.Hint = strings.ReplaceAll(f.Hint, "patronictl ", exec+"patronictl ")
	if len(f.SQL) > 0 {
		f.Hint += ": " + exec + "psql -U postgres " + d.database
		if d.isChart() {
			f.Hint += "\n(from elsewhere with the password in the Secret <full name of the " +
				"release>-db-superuser)"
		}
	}
	if f.Hint != before && d.isManifests() {
		f.Hint += "\n(under Docker: docker exec -it <container of the database> in place of kubectl " +
			"exec …)"
	}
	return f
}
