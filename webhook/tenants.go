package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/naming"
	"hookline/mapper/tenants"
)

// tenantColumns are the columns that the configuration names: of a table of webhooks they matter.
func (c *Config) tenantColumns() (names []string) {
	if c.Tenants.Column != "" {
		names = append(names, c.Tenants.Column)
	}
	for _, name := range c.Tenants.Of {
		names = append(names, name)
	}
	return names
}

// tenancyOf finds out how webhooks are kept apart. The error is a *cdc.Problem that asks, and says
// which settings answer.
func (r *Registry) tenancyOf(sources []foundTable) (tenants.Tenancy, error) {
	cfg := r.cfg.Tenants
	if r.cfg.Profile == profileTwenty || cfg.Off() {
		return tenants.Tenancy{}, nil
	}
	asked := cfg.Column != "" || len(cfg.Of) > 0
	i := slices.IndexFunc(sources, func(f foundTable) bool { return f.kind == generic })
	if i < 0 {
		return tenants.Tenancy{On: asked, Column: cfg.Column}, nil
	}
	t := sources[i].info
	c, err := t.tenantColumn(cfg)
	if c < 0 || err != nil {
		return tenants.Tenancy{}, err
	}
	tenancy := tenants.Tenancy{
		On: true, Column: cfg.Column, Type: t.bases[c], Table: t.name(),
		Own: t.relation.Columns[c].Name,
	}
	if tenancy.Column == "" {
		tenancy.Column = tenancy.Own
	}
	return tenancy, nil
}

// tenantColumn returns the column that says which tenant a webhook belongs to, -1 when there are no
// tenants.
func (t *tableInfo) tenantColumn(cfg tenants.Config) (int, error) {
	name := t.name()
	written := name.Schema + "." + name.Name
	if wanted := cfg.Named(name); wanted != "" && wanted != tenants.None {
		c := t.relation.Column(wanted)
		if c < 0 {
			return -1, &cdc.Problem{
				What: fmt.Sprintf("HOOKLINE_TENANT_COLUMN names column %q of table %s, and there is none",
					wanted, name),
				Hint: fmt.Sprintf(
					"set %s=<column> in HOOKLINE_TENANT_COLUMN to the column that holds "+
						"the tenant of a webhook",
					written,
				),
			}
		}
		return c, nil
	}
	strong, weak := t.tenantCandidates(cfg.Column)
	if cfg.Column != "" || len(cfg.Of) > 0 {
		if len(strong) == 1 {
			return strong[0], nil
		}
		what := fmt.Sprintf("table %s has no column %s, "+
			"so it is not known which tenant a webhook belongs to", name, cfg.Column)
		if cfg.Column == "" {
			what = fmt.Sprintf(
				"HOOKLINE_TENANT_COLUMN names columns of tenants, but not that of table %s, "+
					"so it is not known which tenant a webhook belongs to",
				name,
			)
		}
		return -1, &cdc.Problem{What: what, Hint: fmt.Sprintf(
			"add %s=<column> to HOOKLINE_TENANT_COLUMN, for the column that holds it; "+
				"or HOOKLINE_TENANT_COLUMN=%s for no tenants: all webhooks hear of everything",
			written, tenants.None)}
	}
	if len(strong) == 1 {
		return strong[0], nil
	}
	what := "columns %s of table %s may each hold the tenant of a webhook, " +
		"and no tenant may hear of another's records"
	candidates := strong
	if len(strong) == 0 {
		candidates = weak
		what = "column %s of table %s may say which tenant a webhook belongs to, or only who made it"
	}
	if len(candidates) == 0 {
		return -1, nil
	}
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = t.relation.Columns[c].Name
	}
	return -1, &cdc.Problem{
		What: fmt.Sprintf(what, strings.Join(names, ", "), name),
		Hint: fmt.Sprintf("HOOKLINE_TENANT_COLUMN=%s if a webhook is to hear only of records with "+
			"the same %[1]s; HOOKLINE_TENANT_COLUMN=%s if there are no tenants, and all webhooks hear of "+
			"everything", names[0], tenants.None),
	}
}

// tenantCandidates returns the columns of the given name, or else those that are called as tenants
// are: by a usual name, or one that may mean something else.
func (t *tableInfo) tenantCandidates(wanted string) (strong, weak []int) {
	for i, c := range t.relation.Columns {
		switch {
		case wanted != "":
			alike := naming.Plain(c.Name) == naming.Plain(wanted)
			if c.Name == wanted || alike && t.relation.Column(wanted) < 0 {
				strong = append(strong, i)
			}
		case slices.Contains(t.key, c.Name) && len(t.key) == 1 || !tenants.MayBe(t.bases[i]):
		case tenants.Stem(c.Name) != "":
			strong = append(strong, i)
		case tenants.MayName(c.Name):
			weak = append(weak, i)
		}
	}
	return strong, weak
}

// OwnTenant returns Hookline's own table of webhooks, and its column that names the tenant.
func (r *Registry) OwnTenant() (cdc.Table, string) { return r.cfg.own(), "workspace_id" }

// ConfiguredTenancy is what FindTenancy returns where there is no table of webhooks but Hookline's
// own.
func (r *Registry) ConfiguredTenancy() tenants.Tenancy {
	tenancy, _ := r.tenancyOf(nil)
	return tenancy
}

// divide makes f tell tenants apart.
func (f *foundTable) divide(t tenants.Tenancy) error {
	if f.kind == ofTwenty || !t.On {
		return nil
	}
	s := f.webhookTable
	s.tenants, s.divided, s.tenantIn, s.folding = true, true, t.Type, t.Folding
	if s.kind != generic {
		return nil
	}
	s.tenant, s.relation = t.Own, nil
	if err := s.follow(&f.info.relation); err != nil {
		return err
	}
	s.has = s.layout.names
	return nil
}

// tenantOf returns the tenant that a row names: "" in a database without tenants.
func (s *webhookTable) tenantOf(given cdc.Value) (string, error) {
	name := given.String()
	if s.kind == generic && s.tenantIn == pgtype.BPCharOID { // which is padded
		name = strings.TrimRight(name, " ")
	}
	switch {
	case !s.tenants && s.kind == own && !given.IsNull():
		return "", errors.New(
			"is set, but nothing says which column of the tables it is matched with: " +
				"HOOKLINE_TENANT_COLUMN names it",
		)
	case !s.tenants:
		return "", nil
	case s.kind == own && name == mapper.Everyone:
		return mapper.Everyone, nil
	case name == "":
		why := "is null, but in Twenty's database a webhook hears of one workspace only"
		if s.divided {
			why = "is null, and a webhook that belongs to no tenant hears of nothing"
		}
		if s.kind == own {
			why += "; " + mapper.Everyone + " hears of everything"
		}
		return "", errors.New(why)
	case name == mapper.Everyone:
		return "", errors.New("is *, which is no tenant")
	case s.kind == own:
		return s.canonical(name)
	}
	return s.folding.Name(name), nil
}

// canonical returns the name of a tenant as the tables of records have it.
func (s *webhookTable) canonical(name string) (string, error) {
	switch s.tenantIn {
	case pgtype.UUIDOID:
		var id pgtype.UUID
		if err := id.Scan(name); err != nil {
			return "", errors.New("is not a UUID, and those of tenants are")
		}
		return id.String(), nil
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		n, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return "", errors.New("is not a whole number, and those of tenants are")
		}
		return strconv.FormatInt(n, 10), nil
	}
	return s.folding.Name(name), nil
}

// foldingOf returns which letters count the same in values of a type: those of citext, as the
// server puts them in lower case to compare them.
func foldingOf(ctx context.Context, tx pgx.Tx, oid uint32) (f tenants.Folding, err error) {
	if oid == 0 {
		return tenants.FoldNone, nil
	}
	var folds, all bool
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (
		    SELECT FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass
		      AND d.objid = t.oid AND d.deptype = 'e'
		    JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid
		    WHERE t.oid = $1
		      AND x.extname = 'citext'), lower(chr(196)) = chr(228)`, oid).Scan(&folds, &all)
	switch {
	case err != nil:
		return f, fmt.Errorf("look up how tenants compare: %w", err)
	case folds && all:
		return tenants.FoldAll, nil
	case folds:
		return tenants.FoldASCII, nil
	}
	return tenants.FoldNone, nil
}
