package twenty

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
)

// upgrades is what core."upgradeMigration" tells: the version of the server, and when which command
// of an upgrade wrote to a workspace.
//
// Twenty's server adds a row when a command is done, in a transaction that begins after those of
// the command. A later server runs first what earlier ones have not, and says in each row which it
// is itself. So a command writes between the first row of a server that has it, and its own. What
// is kept are those times: the answer is the same whether a row comes with the catalog or by the
// stream, early or late.
type upgrades struct {
	server version                                         // that has completed something
	newest version                                         // that has tried to
	begun  [len(upgradeCommands)]time.Time                 // zero: not yet
	ended  map[pgtype.UUID][len(upgradeCommands)]time.Time // by workspace; zero: not yet
}

func newUpgrades() *upgrades {
	return &upgrades{ended: map[pgtype.UUID][len(upgradeCommands)]time.Time{}}
}

// follow takes a row over. Rows are only ever added; those of a workspace that is deleted go with
// it.
func (u *upgrades) follow(change cdc.Change) (changed bool) {
	if change.New == nil {
		return false
	}
	r := upgradeRow{}
	for i, column := range change.Relation.Columns {
		r.set(column.Name, change.New[i])
	}
	if r.executed.compare(u.newest) > 0 {
		u.newest, changed = r.executed, true
	}
	if r.executed.compare(u.server) > 0 && r.completed {
		u.server, changed = r.executed, true
	}
	if r.at.IsZero() {
		return changed
	}
	for i := range upgradeCommands {
		if r.executed.compare(upgradeCommands[i].version) >= 0 {
			changed = earliest(&u.begun[i], r.at) || changed
		}
		if r.ends(&upgradeCommands[i]) {
			times := u.ended[r.workspace]
			if earliest(&times[i], r.at) {
				u.ended[r.workspace], changed = times, true
			}
		}
	}
	return changed
}

// earliest makes t the earlier of the two, and reports whether that is another time.
func earliest(t *time.Time, at time.Time) bool {
	if !t.IsZero() && !at.Before(*t) {
		return false
	}
	*t = at
	return true
}

// upgradeRow is one row of core."upgradeMigration".
type upgradeRow struct {
	command            string      // its class
	version            version     // that the command came with
	executed           version     // of the server that ran it
	completed, initial bool        // initial: the workspace was made with all up to this one
	workspace          pgtype.UUID // zero: of the server as a whole
	at                 time.Time
}

func (r *upgradeRow) set(column string, v cdc.Value) {
	switch column {
	case "name": // 2.38.0_NormalizeCompanyDomainNamesCommand_1787935130000
		version, rest, _ := strings.Cut(v.String(), "_")
		r.version = parseVersion(version)
		r.command, _, _ = strings.Cut(rest, "_")
		if !r.executed.known() {
			r.executed = r.version
		}
	case "executedByVersion":
		// It is "unknown" where APP_VERSION is not set.
		if executed := parseVersion(v.String()); executed.known() {
			r.executed = executed
		}
	case "status":
		r.completed = v.String() == "completed"
	case "isInitial":
		r.initial = v.String() == "t"
	case "workspaceId":
		r.workspace = uuidOf(v)
	case "createdAt":
		r.at = timeOf(v)
	}
}

// ends reports whether the row tells that the workspace has the command behind it: it is the
// command's, or one of a later version; or the workspace never needed it.
func (r *upgradeRow) ends(c *upgradeCommand) bool {
	if !r.completed || !r.workspace.Valid {
		return false
	}
	than := r.version.compare(c.version)
	return r.command == c.class || than > 0 || than == 0 && r.initial
}

// timeOf reads a timestamptz of the stream; the zero time for what is none.
func timeOf(v cdc.Value) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05-07", v.String())
	if err != nil {
		return time.Time{}
	}
	return t
}

// during reports whether a command may have been at work in a workspace at that time.
func (u *upgrades) during(command int, workspace pgtype.UUID, at time.Time) bool {
	begun, ended := u.begun[command], u.ended[workspace][command]
	return !begun.IsZero() && !at.Before(begun) && (ended.IsZero() || !at.After(ended))
}

// pending reports whether an upgrade that has the command is under way, or has stopped before it.
func (u *upgrades) pending(command int, workspace pgtype.UUID) bool {
	return !u.begun[command].IsZero() && u.ended[workspace][command].IsZero()
}
