package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Author makes up changes of contacts. Several authors may write at once: each has contacts of its
// own, and all change the common ones.
type Author struct {
	Random *rand.Rand
	Prefix string // of the names of its own contacts
	Common []string
	own    []string
	made   int
}

const (
	insertContact = `INSERT INTO contacts (id) VALUES ($1)`
	updateContact = `UPDATE contacts SET version = version + 1 WHERE id = $1`
	deleteContact = `DELETE FROM contacts WHERE id = $1`
)

// changes makes up n changes of its own contacts.
func (a *Author) changes(n int) *pgx.Batch {
	batch := &pgx.Batch{}
	for range n {
		switch dice := a.Random.IntN(10); {
		case dice < 5 || len(a.own) == 0:
			a.made++
			contact := fmt.Sprintf("%s%d", a.Prefix, a.made)
			batch.Queue(insertContact, contact)
			a.own = append(a.own, contact)
		case dice < 9:
			batch.Queue(updateContact, a.own[a.Random.IntN(len(a.own))])
		default:
			i := a.Random.IntN(len(a.own))
			batch.Queue(deleteContact, a.own[i])
			a.own = slices.Delete(a.own, i, i+1)
		}
	}
	return batch
}

// commonChanges makes up changes of common contacts. They are in a fixed order, so that no two
// authors wait for each other.
func (a *Author) commonChanges() *pgx.Batch {
	batch := &pgx.Batch{}
	for _, contact := range a.Common {
		if a.Random.IntN(3) == 0 {
			batch.Queue(updateContact, contact)
		}
	}
	return batch
}

var errRollback = errors.New("rolled back on purpose")

// Write commits some transactions and rolls others back; in either kind parts are rolled back to a
// savepoint.
func (a *Author) Write(t *testing.T, conn *pgx.Conn, transactions int) error {
	ctx := t.Context()
	for range transactions {
		mine := slices.Clone(a.own)
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := tx.SendBatch(ctx, a.commonChanges()).Close(); err != nil {
				return err
			}
			if err := tx.SendBatch(ctx, a.changes(1+a.Random.IntN(20))).Close(); err != nil {
				return err
			}
			kept := slices.Clone(a.own)
			err := pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error {
				if err := savepoint.SendBatch(ctx, a.changes(1+a.Random.IntN(5))).Close(); err != nil {
					return err
				}
				return errRollback
			})
			a.own = kept
			if errors.Is(err, errRollback) && a.Random.IntN(4) > 0 {
				return nil
			}
			return err
		})
		if errors.Is(err, errRollback) {
			a.own = mine
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Backlog commits that many changes in transactions of up to 100 each.
func (db *Database) Backlog(random *rand.Rand, changes int) {
	db.T.Helper()
	a := &Author{Random: random, Prefix: "contact"}
	for changes > 0 {
		n := min(1+random.IntN(100), changes)
		db.Transaction(func(tx pgx.Tx) error {
			return tx.SendBatch(db.T.Context(), a.changes(n)).Close()
		})
		changes -= n
	}
}
