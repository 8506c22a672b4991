package campaign

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/e2e"
	"hookline/sender/settled"
)

// claimsSQL notes in the database what a sender finds when it takes over: each raises the epoch of
// the spool first, and from then on the one before can write nothing there. So what is read in this
// very transaction is what the new one has to go by. A process says by a setting of its sessions
// which one it is. What goes into the spool is noted, too.
const claimsSQL = `
	CREATE SCHEMA IF NOT EXISTS diary;
	CREATE TABLE diary.claims (
		n bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
		process int, timeline int, settled pg_lsn, committing pg_lsn,
		waiting text[], dead text[], gone text[]);
	CREATE TABLE diary.spooled (delivery text, at timestamptz NOT NULL DEFAULT clock_timestamp());
	CREATE FUNCTION diary.claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO diary.claims (process, timeline, settled, committing, waiting, dead, gone)
		SELECT nullif(current_setting('campaign.process', true), '')::int,
			c.timeline, c.settled_lsn, c.commit_lsn,
			ARRAY(SELECT webhook || ' ' || event_id FROM hookline.queue q
				JOIN hookline.delivery d ON d.queue = q.id WHERE NOT d.dead),
			ARRAY(SELECT webhook || ' ' || event_id FROM hookline.queue q
				JOIN hookline.delivery d ON d.queue = q.id WHERE d.dead),
			ARRAY(SELECT webhook || ' ' || event_id FROM hookline.queue q
				JOIN hookline.delivered d ON d.queue = q.id)
		FROM (SELECT) one LEFT JOIN hookline.checkpoint c ON c.slot = NEW.slot;
		RETURN NULL;
	END $$;
	CREATE FUNCTION diary.spool() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO diary.spooled
		SELECT webhook || ' ' || NEW.event_id FROM hookline.queue WHERE id = NEW.queue;
		RETURN NULL;
	END $$;
	CREATE TRIGGER claim AFTER INSERT OR UPDATE OF epoch ON hookline.owner
		FOR EACH ROW EXECUTE FUNCTION diary.claim();
	CREATE TRIGGER spool AFTER INSERT ON hookline.delivery
		FOR EACH ROW EXECUTE FUNCTION diary.spool()`

// claim is a takeover by a sender, and what it has found.
type claim struct {
	at         time.Time
	process    int
	timeline   int32
	settled    cdc.LSN // end of what the checkpoint has as settled
	committing cdc.LSN // the transaction that it has as settled in part; 0 for none

	waiting, dead map[delivery]bool // in the spool
	gone          map[delivery]bool // have left it, as far as that is noted
}

// ending is the end of a process.
type ending struct {
	at      time.Time // when it had ended; of one that was asked to, when that was
	orderly bool      // it was asked to end, and says of nothing that it could not be delivered
}

// snapshot is what the record of accepted deliveries held.
type snapshot struct {
	at      time.Time // when it had been read
	live    map[noted]bool
	spooled map[noted]bool // of those from the spool, which that may have yet to hear of
}

// noted is a delivery as the record has it: the webhook by a hash of its key.
type noted struct {
	webhook uint64
	event   string
}

// watchClaims has claims noted from now on, in the database that holds the spool.
func (c *campaign) watchClaims() {
	c.t.Helper()
	c.db.SetUp(c.settings...)
	c.spool.Exec(claimsSQL)
}

// readClaims takes up the claims that were noted since it was last called.
func (c *campaign) readClaims() {
	c.t.Helper()
	rows, err := c.spool.Conn.Query(c.t.Context(), `SELECT n, at, coalesce(process, 0),
			coalesce(timeline, 1), coalesce(settled, '0/0'), coalesce(committing, '0/0'),
			waiting, dead, gone
		FROM diary.claims WHERE n > $1 ORDER BY n`, c.lastClaim)
	if err != nil {
		c.t.Fatal(err)
	}
	var k claim
	var waiting, dead, gone []string
	_, err = pgx.ForEachRow(rows, []any{
		&c.lastClaim, &k.at, &k.process, &k.timeline, &k.settled, &k.committing, &waiting, &dead, &gone,
	}, func() error {
		one := k
		one.waiting, one.dead, one.gone = set(waiting), set(dead), set(gone)
		c.claims = append(c.claims, &one)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// delivery tells one delivery from all others.
type delivery struct{ webhook, event string } // id of the webhook's row, and of the event

// set reads what claimsSQL makes of deliveries.
func set(list []string) map[delivery]bool {
	all := make(map[delivery]bool, len(list))
	for _, text := range list {
		webhook, event, _ := strings.Cut(text, " ")
		all[delivery{webhook[strings.LastIndex(webhook, "/")+1:], event}] = true
	}
	return all
}

// readSpooled returns everything that has ever gone into the spool, with the time of the first.
func (c *campaign) readSpooled() map[delivery]time.Time {
	c.t.Helper()
	all := map[delivery]time.Time{}
	const sql = `SELECT delivery, min(at) FROM diary.spooled GROUP BY 1`
	rows, err := c.spool.Conn.Query(c.t.Context(), sql)
	if err != nil {
		c.t.Fatal(err)
	}
	var text string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&text, &at}, func() error {
		for d := range set([]string{text}) {
			all[d] = at
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// ended takes note of the end of a process. asked is when it was asked to, zero when it was killed.
func (c *campaign) ended(p *e2e.Process, asked time.Time) {
	c.t.Helper()
	end := &ending{at: time.Now()}
	if !asked.IsZero() {
		end.at = asked
		end.orderly = !strings.Contains(p.Log.String(), "not everything could be delivered")
	}
	c.endings[c.numbers[p]] = end
	c.readRecord()
}

// readRecord reads the record of accepted deliveries as Hookline does, if there is one.
func (c *campaign) readRecord() {
	c.t.Helper()
	if c.stateDir == "" {
		return
	}
	name := c.db.Name + ".accepted"
	text, err := os.ReadFile(filepath.Join(c.stateDir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	s := &snapshot{at: time.Now(), live: map[noted]bool{}, spooled: map[noted]bool{}}
	dir := c.t.TempDir() // whoever opens the one that is used keeps Hookline from it
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		c.t.Fatal(err)
	}
	record, err := settled.Open(dir, settled.Origin{Database: c.database, Slot: c.db.Name},
		slog.New(slog.DiscardHandler))
	if err != nil {
		c.t.Fatal(err)
	}
	record.Each(0,
		func(d settled.Delivery) { s.live[noted{d.Webhook, d.Event(c.database)}] = true },
		func(d settled.Delivery) { s.spooled[noted{d.Webhook, d.Event(c.database)}] = true })
	if err := errors.Join(record.Close(), os.RemoveAll(dir)); err != nil {
		c.t.Fatal(err)
	}
	c.snapshots = append(c.snapshots, s)
}

// databaseID returns what the IDs of a database's events have in front.
func databaseID(db *e2e.Database) string {
	db.T.Helper()
	sum := sha256.Sum256([]byte(e2e.Value[string](db, `SELECT system_identifier || '/' || oid
		FROM pg_control_system(), pg_database WHERE datname = current_database()`)))
	return hex.EncodeToString(sum[:4])
}
