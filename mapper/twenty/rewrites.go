package twenty

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/mapper"
)

// upgradeCommand is a command of Twenty's upgrade that writes records by SQL, of which Twenty's
// server tells nobody.
type upgradeCommand struct {
	class   string  // its name in upgradeMigration
	version version // the first that has it
	objects []string

	// What it writes: rows in which these columns have these values and that were never updated; or
	// updates of these columns alone, updatedAt not among them, where the two values are in that
	// relation.
	inserts map[string]string
	updates map[string]comparison
}

// comparison tells whether a value may have been made of another one.
type comparison func(before, after cdc.Value) bool

// upgradeCommands are those that are known to write records that are announced.
var upgradeCommands = [...]upgradeCommand{
	{
		class: "BackfillWorkflowRunCoreIdsCommand", version: version{2, 36},
		objects: []string{"workflowRun"},
		updates: map[string]comparison{"coreWorkflowId": fills, "coreWorkflowVersionId": fills},
	},
	{
		class: "BackfillMessageCalendarTargetsCommand", version: version{2, 37},
		objects: []string{"messageThreadTarget", "calendarEventTarget"},
		inserts: map[string]string{"isAutomaticallyAssigned": "t", "isManuallyAssigned": "f"},
	},
	{
		class: "NormalizeCompanyDomainNamesCommand", version: version{2, 38},
		objects: []string{"company"},
		updates: map[string]comparison{
			"domainNamePrimaryLinkUrl": shortens, "domainNameSecondaryLinks": shortensEach,
		},
	},
}

// anyChange: the value is not looked at.
func anyChange(_, _ cdc.Value) bool { return true }

// fills: there was nothing.
func fills(before, after cdc.Value) bool { return before.IsNull() && !after.IsNull() }

// shortens: https://www.Acme.com/ becomes acme.com.
func shortens(before, after cdc.Value) bool {
	return shorter(before.String(), after.String())
}

func shorter(before, after string) bool {
	return after != "" && strings.Contains(strings.ToLower(before), after)
}

// shortensEach is shortens for each url of a list of links, which are otherwise as they were.
func shortensEach(before, after cdc.Value) bool {
	var was, is []map[string]any
	err := errors.Join(json.Unmarshal(before.Bytes(), &was), json.Unmarshal(after.Bytes(), &is))
	return err == nil && slices.EqualFunc(was, is, func(was, is map[string]any) bool {
		from, _ := was["url"].(string)
		to, _ := is["url"].(string)
		delete(was, "url")
		delete(is, "url")
		return (from == to || shorter(from, to)) && reflect.DeepEqual(was, is)
	})
}

// rewrites tells the rows of one table that a command of an upgrade wrote.
type rewrites struct {
	command   int // in upgradeCommands
	workspace pgtype.UUID
	upgrades  *upgrades
	columns   []rewritten
	createdAt int // columns; -1 when there are none
	updatedAt int
}

// Command returns the name of the command.
func (r *rewrites) Command() string { return upgradeCommands[r.command].class }

// rewritten is how a column tells what a command wrote.
type rewritten struct {
	column  int
	value   string // after an insert
	related comparison
}

// rewritesOf returns what upgrades write to rel, nil when that is nothing, or there has been no
// upgrade that has such a command.
func (u *upgrades) rewritesOf(o *object, rel *cdc.Relation) *rewrites {
	for i := range upgradeCommands {
		c := &upgradeCommands[i]
		for _, name := range c.objects {
			if name == o.name && !u.begun[i].IsZero() {
				return &rewrites{
					command: i, workspace: o.workspace, upgrades: u, columns: c.columnsIn(rel),
					createdAt: rel.Column("createdAt"), updatedAt: rel.Column("updatedAt"),
				}
			}
		}
	}
	return nil
}

func (c *upgradeCommand) columnsIn(rel *cdc.Relation) (list []rewritten) {
	for i, column := range rel.Columns {
		value, inserted := c.inserts[column.Name]
		related := c.updates[column.Name]
		if column.Type == pgtype.TSVectorOID { // generated of the others
			related = anyChange
		}
		if inserted || related != nil {
			list = append(list, rewritten{i, value, related})
		}
	}
	return list
}

// Wrote reports whether it was a command of an upgrade that inserted the row, or made it of the one
// before.
func (r *rewrites) Wrote(tx *cdc.Tx, kind cdc.Kind, before, row cdc.Tuple) bool {
	c := &upgradeCommands[r.command]
	switch {
	case r.createdAt < 0 || r.updatedAt < 0:
		return false
	case kind == cdc.Insert && c.inserts != nil:
		// The time of the row, since one of a new table may come as a copy, later than it was
		// written.
		created := row[r.createdAt]
		return mapper.Same(created, row[r.updatedAt]) && r.inserted(row) &&
			r.during(timeOf(created))
	case kind == cdc.Update && c.updates != nil && before != nil:
		return r.updated(before, row) && r.during(tx.Time)
	}
	return false
}

func (r *rewrites) during(at time.Time) bool {
	return r.upgrades.during(r.command, r.workspace, at)
}

func (r *rewrites) inserted(row cdc.Tuple) bool {
	for _, c := range r.columns {
		if c.related == nil && row[c.column].String() != c.value {
			return false
		}
	}
	return true
}

func (r *rewrites) updated(before, row cdc.Tuple) bool {
	next := r.columns
	for i := range row {
		var related comparison
		if len(next) > 0 && next[0].column == i {
			related, next = next[0].related, next[1:]
		}
		if !mapper.Same(before[i], row[i]) && (related == nil || !related(before[i], row[i])) {
			return false
		}
	}
	return true
}
