package doctor

import (
	"context"

	"hookline/cdc"
)

// check is one question of the doctor's. What an error tells of the database is a finding under its
// name, too; any other error ends the examination.
type check struct {
	name  string
	needs fact // all of which have to be known; else it could say nothing
	find  func(*checkup, context.Context) ([]cdc.Finding, error)
}

// fact is what a check has found out, and others stand on.
type fact uint

const (
	connected     fact = 1 << iota
	answers            // the server can be asked for the rest
	mayReplicate       // the role may
	profile            // it is known what kind of database it is
	deployed           // it is that of an application that is set up in one of a few ways
	described          // what describes the records can be read
	tables             // catalog and webhooks were read
	keepsIdentity      // replica identities are left as they are
)

// checks are all there are, in order: each stands on those before it.
var checks = []check{
	{"connection", 0, (*checkup).connection},
	{"server", connected, (*checkup).server},
	{"replication connection", answers | mayReplicate, (*checkup).stream},
	{"open transactions", answers, (*checkup).transactions},
	{"profile", answers, (*checkup).profile},

	{"deployment", profile | deployed, (*checkup).deployment},
	{"layout", profile | deployed, (*checkup).layout},
	{"own schema", described, (*checkup).ownSchema},
	{"webhooks", described, (*checkup).read},
	{"profile", tables, (*checkup).ofProfile},
	{"tables", tables, (*checkup).announced},
	{"tables", tables, (*checkup).preparation},
	{"reading back", tables | keepsIdentity, (*checkup).readBack},
	{"webhooks", tables, (*checkup).webhooks},
	{"webhooks", tables, (*checkup).choices},
	{"addresses", tables, (*checkup).addresses},
	{"rotated secrets", tables, (*checkup).secrets},
	{"certificates", tables, (*checkup).certificates},
	{"ignored changes", tables, (*checkup).ignoring},
	{"columns of webhooks", tables, (*checkup).webhookColumns},

	{"spool schema", profile, (*checkup).spoolSchema},
	{"spool", profile, (*checkup).spool},
	{"bus", profile, (*checkup).bus},
	{"slot", profile, (*checkup).slot},
}

// unfinished is an error that ends the examination, though it tells of the database.
type unfinished struct{ error }

// run makes a check unless what it needs is not known.
func (x *checkup) run(ctx context.Context, c check) error {
	if x.known&c.needs != c.needs {
		return nil
	}
	found, err := c.find(x, ctx)
	x.found = append(x.found, found...)
	if u, ok := err.(unfinished); ok { //nolint:errorlint // checks return it as it is
		return u.error
	}
	found, err = cdc.AsFindings(c.name, err)
	x.found = append(x.found, found...)
	return err
}
