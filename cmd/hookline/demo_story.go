package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
	"hookline/internal/twentydb"
)

// demoScene is one transaction of the CRM and what it should bring.
type demoScene struct {
	statements []statement
	brings     []demoEvent
}

type statement struct {
	sql  string
	args []any
}

// demoEvent is an event of a record.
type demoEvent struct{ name, record string }

// play commits the scene.
func (s demoScene) play(ctx context.Context, db *pgx.Conn) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		schema := pg.Identifier(twentydb.Schema)
		if _, err := tx.Exec(ctx, "SET LOCAL search_path = "+schema+", public"); err != nil {
			return err
		}
		for _, st := range s.statements {
			if _, err := tx.Exec(ctx, st.sql, st.args...); err != nil {
				return fmt.Errorf("%s: %w", st.sql, err)
			}
		}
		return nil
	})
}

// demoStory is one round: some things that people do in a CRM, and some that its own webhooks never
// tell of.
func demoStory() []demoScene {
	company, ada, grace, deal := id(), id(), id(), id()
	note, target, task, rocket := id(), id(), id(), id()
	do := func(sql string, args ...any) statement { return statement{sql, args} }
	scenes := []demoScene{
		{
			[]statement{do(`INSERT INTO company (id, name, "domainNamePrimaryLinkUrl", employees,
					"annualRevenueAmountMicros", "annualRevenueCurrencyCode")
				VALUES ($1, 'Analytical Engines', $2, 12, 1250000000000, 'GBP')`,
				company, "https://"+company[:8]+".example.com")},
			[]demoEvent{{"company.created", company}},
		},
		{ // one transaction: the events come in its order
			[]statement{
				do(`INSERT INTO person (id, "nameFirstName", "nameLastName", "emailsPrimaryEmail",
						"jobTitle", "companyId")
					VALUES ($1, 'Ada', 'Lovelace', $2, 'Analyst', $3)`, ada, ada[:8]+"@example.com", company),
				do(`INSERT INTO person (id, "nameFirstName", "nameLastName", "jobTitle")
					VALUES ($1, 'Grace', 'Hopper', 'Admiral')`, grace),
			},
			[]demoEvent{{"person.created", ada}, {"person.created", grace}},
		},
		{
			[]statement{do(`UPDATE person SET "jobTitle" = 'First programmer', "updatedAt" = now()
				WHERE id = $1`, ada)},
			[]demoEvent{{"person.updated", ada}},
		},
		{ // no real change: no event
			[]statement{do(`UPDATE person SET "updatedAt" = now() WHERE id = $1`, ada)},
			nil,
		},
		{
			[]statement{do(`INSERT INTO opportunity (id, name, stage, "amountAmountMicros",
					"amountCurrencyCode", "companyId", "pointOfContactId")
				VALUES ($1, 'Difference Engine No. 2', 'PROPOSAL', 17470000000000, 'GBP', $2, $3)`,
				deal, company, ada)},
			[]demoEvent{{"opportunity.created", deal}},
		},
		{ // the only change of it that the filter of "sales" lets through
			[]statement{do(`UPDATE opportunity SET stage = 'CUSTOMER', "updatedAt" = now()
				WHERE id = $1`, deal)},
			[]demoEvent{{"opportunity.updated", deal}},
		},
		{
			[]statement{
				do(`INSERT INTO note (id, title, "bodyV2Markdown") VALUES ($1, 'Note G',
					'It can do **whatever we know how to order it** to perform.')`, note),
				do(`INSERT INTO "noteTarget" (id, "noteId", "targetPersonId") VALUES ($1, $2, $3)`,
					target, note, ada),
			},
			[]demoEvent{{"note.created", note}, {"noteTarget.created", target}},
		},
		{
			[]statement{do(`INSERT INTO task (id, title, status, "dueAt")
				VALUES ($1, 'Compute the Bernoulli numbers', 'TODO', now())`, task)},
			[]demoEvent{{"task.created", task}},
		},
		{ // saved again and again: "calm" hears of it once, as it is left
			[]statement{do(`UPDATE task SET status = 'IN_PROGRESS', "updatedAt" = now()
				WHERE id = $1`, task)},
			[]demoEvent{{"task.updated", task}},
		},
		{
			[]statement{do(`UPDATE task SET status = 'DONE', "updatedAt" = now() WHERE id = $1`, task)},
			[]demoEvent{{"task.updated", task}},
		},
		{
			[]statement{do(`INSERT INTO _rocket (id, name, crew, "payloadMass")
				VALUES ($1, 'Ariel', '{Ada,"Grace, H."}', 12.50)`, rocket)},
			[]demoEvent{{"rocket.created", rocket}},
		},
		{
			[]statement{do(`UPDATE person SET "deletedAt" = now() WHERE id = $1`, grace)},
			[]demoEvent{{"person.deleted", grace}},
		},
		{
			[]statement{do(`UPDATE person SET "deletedAt" = NULL WHERE id = $1`, grace)},
			[]demoEvent{{"person.restored", grace}},
		},
	}
	people := make([]string, 10)
	imported := demoScene{statements: []statement{do(`
		INSERT INTO person (id, "nameFirstName", "nameLastName")
		SELECT p, 'Imported', 'No. ' || n FROM unnest($1::uuid[]) WITH ORDINALITY AS t(p, n)`, people)}}
	for i := range people {
		people[i] = id()
		imported.brings = append(imported.brings, demoEvent{"person.created", people[i]})
	}
	return append(scenes, imported,
		demoScene{ // what foreign keys do to other records is announced too
			[]statement{do(`DELETE FROM company WHERE id = $1`, company)},
			[]demoEvent{
				{"company.deleted", company}, {"person.updated", ada}, {"opportunity.updated", deal},
			},
		},
		demoScene{
			[]statement{do(`DELETE FROM person WHERE id = ANY ($1::uuid[])`, people[:3])},
			[]demoEvent{
				{"person.deleted", people[0]}, {"person.deleted", people[1]}, {"person.deleted", people[2]},
			},
		},
	)
}

// id returns a random UUID, version 4.
func id() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
