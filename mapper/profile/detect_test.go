package profile

import (
	"strings"
	"testing"

	"hookline/mapper/mappertest"
)

func TestDetect(t *testing.T) {
	conn, err := mappertest.NewPool(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, step := range []struct{ sql, want string }{
		{"CREATE TABLE people (id int PRIMARY KEY)", "generic"},
		{`CREATE SCHEMA core; CREATE TABLE core.workspace (id int)`, "generic"},
		{`CREATE TABLE "objectMetadata" (id int)`, "generic"},
		{`CREATE SCHEMA metadata; CREATE TABLE metadata."objectMetadata" (id int)`, "twenty"},
		{`DROP TABLE metadata."objectMetadata"; CREATE TABLE core."objectMetadata" (id int)`, "twenty"},
		{`CREATE ROLE nobody_in_core; SET ROLE nobody_in_core`, "twenty"},
		{`RESET ROLE; DROP ROLE nobody_in_core; DROP TABLE core.workspace`, "generic"},
		{`CREATE VIEW core.workspace AS SELECT 1 AS id`, "generic"},
	} {
		if _, err := conn.Exec(t.Context(), step.sql); err != nil {
			t.Fatalf("%v\n%s", err, step.sql)
		}
		got, err := Detect(t.Context(), conn.Conn())
		if got != step.want || err != nil {
			t.Errorf("after %s: got %q, %v, want %q", step.sql, got, err, step.want)
		}
	}
	if err := conn.Conn().Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := Detect(t.Context(), conn.Conn()); got != "" || err == nil {
		t.Errorf("on a closed connection: got %q, %v", got, err)
	}
}

func TestNewCatalog(t *testing.T) {
	for _, profile := range Names() {
		catalog, err := New(profile, Config{}, nil, mappertest.Discard)
		if err != nil || catalog.Profile() != profile {
			t.Errorf("%s: got %v, %v", profile, catalog, err)
		}
	}
	catalog, err := New("hubspot", Config{}, nil, mappertest.Discard)
	if catalog != nil || err == nil {
		t.Fatalf("hubspot: got %v, %v", catalog, err)
	}
	for _, want := range []string{`"hubspot"`, "twenty", "generic", "strapi"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}
