package config

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/bus"
)

// Setting is a variable as it may be shown.
type Setting struct {
	Name    string
	Value   string // as it was set, or its default; nothing of it that is secret
	Default bool   // it was not set
	Takes   string
}

// Settings returns all variables as the environment has them, in the order of the reference.
func Settings() []Setting {
	spec := reflect.TypeFor[environment]()
	names := Variables()
	list := make([]Setting, len(names))
	for i, name := range names {
		tag := spec.Field(i).Tag
		value := os.Getenv(name)
		list[i] = Setting{
			Name:    name,
			Value:   cmp.Or(value, tag.Get("default")),
			Default: value == "",
			Takes:   tag.Get("takes"),
		}
		switch {
		case strings.HasSuffix(name, "_DATABASE_URL"):
			if name == prefix+"_DATABASE_URL" {
				value = cmp.Or(value, os.Getenv("DATABASE_URL"), os.Getenv("PG_DATABASE_URL"))
			}
			list[i].Value = whereTo(value)
		case name == prefix+"_NATS_URL" && value != "":
			list[i].Value = bus.Hosts(value)
		case strings.HasSuffix(name, "_TOKEN") && value != "":
			list[i].Value = "[secret]"
		}
	}
	return list
}

// whereTo tells where a connection string leads to, and nothing else of it.
func whereTo(url string) string {
	if url == "" {
		return ""
	}
	c, err := pgconn.ParseConfig(url)
	if err != nil {
		return "[secret]"
	}
	return fmt.Sprintf("role %s, database %s at %s:%d", c.User, c.Database, c.Host, c.Port)
}
