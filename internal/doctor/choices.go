package doctor

import (
	"context"
	"fmt"
	"slices"

	"hookline/cdc"
	"hookline/internal/crm"
	"hookline/internal/spelling"
	"hookline/mapper"
	"hookline/webhook"
)

// choices tells of webhooks that choose by fields that no object has of which they hear.
func (x *checkup) choices(ctx context.Context) (found []cdc.Finding, err error) {
	var chosen []*webhook.Subscription
	for _, h := range x.list() {
		if sub := x.db.Webhooks.Get(h.Key); sub != nil && (sub.Filter != nil || sub.View != nil) {
			chosen = append(chosen, sub)
		}
	}
	if chosen == nil {
		return nil, nil
	}
	relations, err := crm.Relations(ctx, x.conn, x.tables)
	if err != nil {
		return nil, err
	}
	var objects []*mapper.Description
	for _, rel := range relations {
		d, err := x.db.Catalog.Describe(ctx, rel)
		if err != nil {
			return nil, err
		}
		if d != nil {
			objects = append(objects, d)
		}
	}
	for _, sub := range chosen {
		found = append(found, checkFields(sub, objects)...)
	}
	return found, nil
}

// checkFields tells of fields that a webhook names, and that no object has of which it hears.
func checkFields(sub *webhook.Subscription, objects []*mapper.Description) (found []cdc.Finding) {
	var known, also []string // also: what changed may have, and data has not
	for _, d := range objects {
		if !sub.HearsOf(d.Object, d.Workspace) {
			continue
		}
		for i := range d.Fields {
			known = append(known, d.Fields[i].Name)
			if d.Fields[i].Also != "" {
				also = append(also, d.Fields[i].Also)
			}
		}
	}
	if known == nil { // which has a finding of its own
		return nil
	}
	check := func(column string, names, known []string) {
		for _, name := range names {
			if slices.Contains(known, name) {
				continue
			}
			f := cdc.Finding{
				Level: cdc.Warning, Check: "webhook",
				Found: fmt.Sprintf("%s at %s names the field %.64q in its column %s, "+
					"and no object that it hears of has it", sub.Key, sub.Host, name, column),
				Hint: "correct the column; hookline webhooks try " + sub.Key + " shows what it does",
			}
			if nearest := spelling.Nearest(name, known); nearest != "" {
				f.Hint = fmt.Sprintf("is it %s? %s", nearest, f.Hint)
			}
			found = append(found, f)
		}
	}
	check("filter", sub.Filter.Fields(), append(also, known...))
	if sub.View != nil {
		check("fields", sub.View.Fields, known)
		check("mask", sub.View.Mask, known)
	}
	return found
}
