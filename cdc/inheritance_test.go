package cdc_test

import (
	"testing"

	"hookline/cdc"
)

// TestInheritance has parents with children of every kind: one with a key is a table of its own,
// those without one and foreign ones stay out, and each row is announced once, under the table it
// lies in, with its own columns. The CRM's statements work on all of them.
func TestInheritance(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		// The names: children come before and behind their parents.
		p := newPlannedOn(t, major, `CREATE TABLE done (id int PRIMARY KEY);
			CREATE EXTENSION postgres_fdw;
			    CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
			CREATE TABLE old_actions (id int PRIMARY KEY, name text);
			CREATE TABLE old_a (PRIMARY KEY (id), extra text) INHERITS (old_actions);
			CREATE TABLE old_log () INHERITS (old_actions);
			    CREATE FOREIGN TABLE old_far () INHERITS (old_actions) SERVER far`,
			"done", "old_a", "old_actions", "old_log")
		p.apply()
		p.open()
		fresh := `CREATE TABLE actions (id int PRIMARY KEY, name text);
			CREATE TABLE act_window (PRIMARY KEY (id), extra text) INHERITS (actions);
			CREATE TABLE action_log (at date) INHERITS (actions);
			    CREATE FOREIGN TABLE action_far () INHERITS (actions) SERVER far;
			INSERT INTO actions VALUES (1, 'a'); INSERT INTO act_window VALUES (2, 'b', 'x');
			    INSERT INTO action_log VALUES (3, 'c', NULL)`
		p.exec(fresh)
		p.want("done", "old_a", "old_actions", "old_log", "act_window", "action_log", "actions")
		plan := p.apply()
		wantSkipped(t, plan, "action_log", cdc.NoKey)
		if got := p.published(); got != "act_window actions done old_a old_actions" {
			t.Errorf("%q are published", got)
		}
		for _, parent := range []string{"actions", "old_actions"} { // both of their children, too
			p.exec(`UPDATE ONLY ` + parent + ` SET name = 'd'`)
		}
		p.exec(`INSERT INTO old_actions VALUES (1, 'a'); INSERT INTO old_a VALUES (2, 'b', 'x');
			INSERT INTO old_log VALUES (3, 'c');
			UPDATE act_window SET name = 'e'; UPDATE action_log SET name = 'e'; UPDATE old_log
			    SET name = 'e'; DELETE FROM old_log; DELETE FROM action_log;
			INSERT INTO done VALUES (1)`)
		expect(t, p.takeUntilDone(), "insert act_window -→(2,b,x)", "insert actions -→(1,a)",
			"update actions (1,a)→(1,d)", "insert old_actions -→(1,a)", "insert old_a -→(2,b,x)",
			"update act_window (2,b,x)→(2,e,x)")

		// A parent leaves, and its children stay.
		p.want("done", "old_a", "act_window", "actions")
		p.apply()
		if got := p.published(); got != "act_window actions done old_a" {
			t.Errorf("without the parent %q are published", got)
		}
	})
}

// TestPublishedWithItsChildren repairs a publication that was made without ONLY: the keyless child
// leaves it.
func TestPublishedWithItsChildren(t *testing.T) {
	onEachMajor(t, func(t *testing.T, major int) {
		p := newPlannedOn(t, major, `CREATE TABLE actions (id int PRIMARY KEY, name text);
			CREATE TABLE action_log () INHERITS (actions);
			CREATE PUBLICATION hookline FOR TABLE actions; INSERT INTO action_log VALUES (1)`, "actions")
		p.apply()
		if got := p.published(); got != "actions" {
			t.Errorf("%q are published", got)
		}
		p.exec(`UPDATE action_log SET name = 'b'`)
	})
}
