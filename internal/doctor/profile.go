package doctor

import (
	"context"

	"hookline/cdc"
	"hookline/mapper"
)

// catalogDeployed returns the catalog, which must be of an application that is set up in one of a
// few ways.
func (x *checkup) catalogDeployed() mapper.Deployed { return x.db.Catalog.(mapper.Deployed) }

func (x *checkup) deployment(ctx context.Context) ([]cdc.Finding, error) {
	deployment, err := x.catalogDeployed().FindDeployment(ctx, x.conn)
	if err != nil {
		return nil, unfinished{err}
	}
	return []cdc.Finding{deployment.Finding()}, nil
}

// layout asks whether the role may read what describes the records.
func (x *checkup) layout(ctx context.Context) ([]cdc.Finding, error) {
	found, err := x.catalogDeployed().CheckLayout(ctx, x.conn)
	if err == nil && Diagnose(found).Healthy {
		x.known |= described
	}
	return found, err
}

// ofProfile makes the profile's own checks. What an error of one tells is a finding under that
// one's name.
func (x *checkup) ofProfile(ctx context.Context) (all []cdc.Finding, err error) {
	streamed, err := x.db.HasSchema(ctx, x.conn)
	for _, c := range x.db.Catalog.Checks(mapper.Circumstances{
		Tables: x.tables, Publication: x.cfg.CDC.Publication, Keep: x.known&keepsIdentity != 0,
		Streamed: err == nil && streamed,
	}) {
		found, err := c.Run(ctx, x.conn)
		all = append(all, found...)
		if found, err = cdc.AsFindings(c.Name, err); err != nil {
			return all, err
		}
		all = append(all, found...)
	}
	return all, nil
}
