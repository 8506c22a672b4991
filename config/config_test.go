package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hookline/admin"
	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/profile"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
)

const url = "postgres://crm:hunter2@db:5432/crm"

// load sets the environment to exactly these variables that concern Hookline, and loads.
func load(t *testing.T, variables ...string) (Config, error) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "HOOKLINE_") ||
			strings.HasSuffix(name, "DATABASE_URL") {
			t.Setenv(name, "") // restored at the end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, entry := range variables {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	return Load()
}

func TestDefaults(t *testing.T) {
	c, err := load(t, "HOOKLINE_DATABASE_URL="+url)
	if err != nil {
		t.Fatal(err)
	}
	if c.CDC.Slot != "hookline" || c.CDC.Identity != cdc.IdentityFull ||
		c.Mapper.Format != mapper.FormatEvent ||
		c.Sender.MaxInFlight != 64 || c.Sender.MaxBuffer != 12<<20 || c.DrainTimeout != 20*time.Second ||
		c.HealthAddr != ":8687" {
		t.Errorf("defaults are %+v", c)
	}
	if n := len(c.Sender.RetrySchedule); n != 11 || c.Sender.RetrySchedule[10] != 24*time.Hour {
		t.Errorf("retry schedule is %v", c.Sender.RetrySchedule)
	}
}

func TestValues(t *testing.T) {
	c, err := load(t, "DATABASE_URL="+url,
		"HOOKLINE_OBJECT_NAMES=public.contacts=person, crm.firms=company", "HOOKLINE_MAX_BUFFER=1MiB",
		"HOOKLINE_EXCLUDE=note, task", "HOOKLINE_PRIVATE_OBJECTS=message, *",
		"HOOKLINE_TWENTY_UPGRADES=told", "HOOKLINE_PAYLOAD_FORMAT=twenty", "HOOKLINE_LOG_LEVEL=debug",
		"HOOKLINE_LOG_FORMAT=json",
		"HOOKLINE_RETRY_SCHEDULE=1s,2m", "HOOKLINE_SLOT=", "HOOKLINE_ENVIRONMENT=prod/eu-1",
		"HOOKLINE_SPOOL_DATABASE_URL=postgres://spool",
		"HOOKLINE_SPOOL_MAX_BYTES=2GiB", "HOOKLINE_SPOOL_MAX_AGE=24h", "HOOKLINE_HOLD_MAX=3s",
		"HOOKLINE_HOLD_WAL=1GiB", "HOOKLINE_REPLICA_IDENTITY=keep")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"public.contacts": "person", "crm.firms": "company"}
	if !reflect.DeepEqual(c.Mapper.ObjectNames, want) {
		t.Errorf("object names %v, want %v", c.Mapper.ObjectNames, want)
	}
	if c.CDC.URL != url || c.Sender.MaxBuffer != 512<<10 ||
		!slices.Equal(c.Mapper.Exclude, []string{"note", "task"}) ||
		c.Mapper.Format != mapper.FormatTwenty || c.Webhook.Format != mapper.FormatTwenty ||
		c.LogFormat != LogJSON ||
		!slices.Equal(c.Sender.RetrySchedule, []time.Duration{time.Second, 2 * time.Minute}) ||
		c.CDC.Slot != "hookline" || c.Spool.URL != "postgres://spool" ||
		c.Spool.Schema != "hookline" || c.Spool.Slot != "hookline" || c.Spool.MaxBytes != 2<<30 ||
		c.Spool.MaxAge != 24*time.Hour ||
		!slices.Equal(c.Mapper.PrivateObjects, []string{"message", "*"}) ||
		c.Sender.HoldMax != 3*time.Second || c.HoldWAL != 1<<30 ||
		c.Mapper.Upgrades != twenty.UpgradesTold ||
		c.CDC.Identity != cdc.IdentityKeep || c.CDC.Environment != "prod/eu-1" {
		t.Errorf("settings are %+v", c)
	}
}

func TestTenants(t *testing.T) {
	for set, want := range map[string]tenants.Config{
		"":                {},
		"organization_id": {Column: "organization_id", Of: map[string]string{}},
		"none":            {Column: "none", Of: map[string]string{}},
		"public.deals=org, crm.logs = none": {
			Of: map[string]string{"public.deals": "org", "crm.logs": "none"},
		},
		"public.deals=org,organization_id": {
			Column: "organization_id",
			Of:     map[string]string{"public.deals": "org"},
		},
	} {
		want.Shared = []string{"public.countries", "lookup.*"}
		c, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_TENANT_COLUMN="+set,
			"HOOKLINE_SHARED_TABLES=public.countries, lookup.*")
		if err != nil {
			t.Errorf("%q: %v", set, err)
		}
		if !reflect.DeepEqual(c.Mapper.Tenants, want) || !reflect.DeepEqual(c.Webhook.Tenants, want) {
			t.Errorf("%q: %+v, want %+v", set, c.Mapper.Tenants, want)
		}
	}
}

func TestURLComesFromTheFirstThatIsSet(t *testing.T) {
	c, err := load(t, "PG_DATABASE_URL=postgres://third", "DATABASE_URL=postgres://second",
		"HOOKLINE_DATABASE_URL=postgres://first")
	if err != nil || c.CDC.URL != "postgres://first" {
		t.Errorf("%q, %v", c.CDC.URL, err)
	}
	c, err = load(t, "PG_DATABASE_URL=postgres://third")
	if err != nil || c.CDC.URL != "postgres://third" {
		t.Errorf("%q, %v", c.CDC.URL, err)
	}
}

// TestBadValues has each variable that can be wrong, wrong: the error names it, the value, and what
// it takes.
func TestBadValues(t *testing.T) {
	for _, test := range []struct{ variable, takes string }{
		{"HOOKLINE_SPOOL_DATABASE_URL=host=x port=none password = hunter2", "Postgres connection string"},
		{"HOOKLINE_SLOT=My-Slot", "lower-case letters"},
		{"HOOKLINE_ENVIRONMENT=pro duction", "such as production"},
		{"HOOKLINE_PROFILE=salesforce", "auto, twenty, generic, strapi, directus, payload, medusa, " +
			"tryton, request-tracker or ledgersmb"},
		{"HOOKLINE_TWENTY_WEBHOOKS=some", "all, marked or none"},
		{"HOOKLINE_TWENTY_UPGRADES=loud", "silent or told"},
		{"HOOKLINE_WEBHOOKS_TABLE=webhooks", "schema.table"},
		{"HOOKLINE_WEBHOOKS_PER=row", "commit or change"},
		{"HOOKLINE_OBJECT_NAMES=contacts=person", "public.contacts=person"},
		{"HOOKLINE_SECRET_COLUMNS=users.", "table.column"},
		{"HOOKLINE_SECRET_COLUMNS=a.b.c.d", "table.column"},
		{"HOOKLINE_INCLUDE=public.", "schema.table"},
		{"HOOKLINE_EXCLUDE=a.b.c", "schema.table"},
		{"HOOKLINE_EXCLUDE=note[s]", "schema.table"},
		{"HOOKLINE_TOUCH_COLUMNS=off,a.b.c.d", "table.column"},
		{"HOOKLINE_SOFT_DELETE=status:deleted", "table.column:value"},
		{"HOOKLINE_SOFT_DELETE=tickets.status", "table.column:value"},
		{"HOOKLINE_SOFT_DELETE=tickets.status:", "table.column:value"},
		{"HOOKLINE_SOFT_DELETE=-tickets.status:deleted", "table.column:value"},
		{"HOOKLINE_OMIT=attachments.content:64", "64KB"},
		{"HOOKLINE_OMIT=attachments.content:0KB", "64KB"},
		{"HOOKLINE_OMIT=a.b.c.d", "64KB"},
		{"HOOKLINE_NULLS=1970-02-30", "1970-01-01"},
		{"HOOKLINE_NULLS=tickets.due", "1970-01-01"},
		{"HOOKLINE_TIMESTAMP_ZONE=Europe/Berlim", "Europe/Berlin"},
		{"HOOKLINE_TIMESTAMP_ZONE=Local", "time zone"},
		{"HOOKLINE_TIMESTAMP_ZONE=UTC,none", "time zone"},
		{"HOOKLINE_TIMESTAMP_ZONE=orders=UTC", "public.orders="},
		{"HOOKLINE_NUMBERS=text", "number or string"},
		{"HOOKLINE_GEOMETRY=wkt", "ewkb or geojson"},
		{"HOOKLINE_TENANT_COLUMN=organization_id,account_id", "public.deals=org"},
		{"HOOKLINE_TENANT_COLUMN=deals=org", "public.deals=org"},
		{"HOOKLINE_TENANT_COLUMN=none,public.deals=org", "public.deals=org"},
		{"HOOKLINE_TENANT_COLUMN=public.deals=", "public.deals=org"},
		{"HOOKLINE_SHARED_TABLES=countries", "schema.table"},
		{"HOOKLINE_SHARED_TABLES=public.[", "schema.table"},
		{"HOOKLINE_PAYLOAD_FORMAT=xml", "event, twenty or standard"},
		{"HOOKLINE_REPLICA_IDENTITY=some", "full or keep"},
		{"HOOKLINE_REQUEST_TIMEOUT=10", "a duration"},
		{"HOOKLINE_REQUEST_TIMEOUT=1h", "1ms to 10m"},
		{"HOOKLINE_MAX_IN_FLIGHT=many", "whole number from 1 to 4096"},
		{"HOOKLINE_MAX_IN_FLIGHT=0", "whole number from 1 to 4096"},
		{"HOOKLINE_MAX_REQUESTS=-1", "whole number up to 65536"},
		{"HOOKLINE_MAX_REQUESTS=65537", "whole number up to 65536"},
		{"HOOKLINE_MAX_BUFFER=lots", "such as 16MiB"},
		{"HOOKLINE_MAX_BUFFER=1B", "such as 16MiB"},
		{"HOOKLINE_RETRY_SCHEDULE=5s,often", "durations"},
		{"HOOKLINE_RETRY_SCHEDULE=5s,0s", "durations"},
		{"HOOKLINE_HOLD_MAX=0s", "1ms to 1h"},
		{"HOOKLINE_HOLD_WAL=1kB", "1MiB to 1TiB"},
		{"HOOKLINE_SPOOL_MAX_BYTES=2PB", "1MiB to 1TiB"},
		{"HOOKLINE_SPOOL_MAX_AGE=1s", "1m to 8760h"},
		{"HOOKLINE_DRAIN_TIMEOUT=1h", "0s to 10m"},
		{"HOOKLINE_HEALTH_ADDR=8687", "host:port"},
		{"HOOKLINE_ADMIN_ADDR=8686", "host:port, or off"},
		{"HOOKLINE_ADMIN_ADDR=127.0.0.1", "host:port, or off"},
		{"HOOKLINE_ADMIN_TOKEN=hunter2", "16 to 256 letters"},
		{"HOOKLINE_LOG_LEVEL=loud", "debug, info, warn or error"},
		{"HOOKLINE_LOG_FORMAT=xml", "text or json"},
	} {
		t.Run(test.variable, func(t *testing.T) {
			_, err := load(t, "HOOKLINE_DATABASE_URL="+url, test.variable)
			if err == nil {
				t.Fatal("no error")
			}
			name, _, _ := strings.Cut(test.variable, "=")
			for _, part := range []string{name, test.takes} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

func TestUnknownVariables(t *testing.T) {
	_, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_MAX_INFLIGHT=3", "HOOKLINE_COLOUR=blue")
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{
		"HOOKLINE_MAX_INFLIGHT: is HOOKLINE_MAX_IN_FLIGHT meant?",
		"unknown variable HOOKLINE_COLOUR",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "blue") {
		t.Errorf("error %q shows the value of a variable that may be anything", err)
	}
}

func TestKubernetesServiceVariablesArePassedOver(t *testing.T) {
	_, err := load(t, "HOOKLINE_DATABASE_URL="+url,
		"HOOKLINE_SERVICE_HOST=10.0.0.1", "HOOKLINE_SERVICE_PORT=8687",
		"HOOKLINE_SERVICE_PORT_HEALTH=8687", "HOOKLINE_PORT=tcp://10.0.0.1:8687",
		"HOOKLINE_PORT_8687_TCP=tcp://10.0.0.1:8687", "HOOKLINE_PORT_8687_TCP_PROTO=tcp",
		"HOOKLINE_PORT_8687_TCP_PORT=8687",
		"HOOKLINE_PORT_8687_TCP_ADDR=10.0.0.1", "HOOKLINE_METRICS_SERVICE_HOST=10.0.0.2",
		"HOOKLINE_METRICS_PORT=tcp://10.0.0.2:80")
	if err != nil {
		t.Error(err)
	}
	if _, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_PORT=8687"); err == nil {
		t.Error("HOOKLINE_PORT=8687 is not what Kubernetes sets, and was passed over")
	}
}

// TestAdmin tells an address that is chosen from one that is not, and wants a token wherever others
// can reach it.
func TestAdmin(t *testing.T) {
	const token = "hunter2-hunter2-hunter2"
	for _, test := range []struct {
		name, addr, token string
		want              admin.Config
	}{
		{"default", "", "", admin.Config{Addr: "127.0.0.1:8686", Optional: true}},
		{
			"default, with a token", "", token,
			admin.Config{Addr: "127.0.0.1:8686", Optional: true, Token: token},
		},
		{"the default, chosen", "127.0.0.1:8686", "", admin.Config{Addr: "127.0.0.1:8686"}},
		{"localhost", "localhost:9000", "", admin.Config{Addr: "localhost:9000"}},
		{"everywhere", ":8686", token, admin.Config{Addr: ":8686", Token: token}},
		{"off", "off", "", admin.Config{}},
	} {
		c, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_ADMIN_ADDR="+test.addr,
			"HOOKLINE_ADMIN_TOKEN="+test.token)
		if test.want.Addr != "" {
			test.want.Recent = 1000
		}
		if err != nil || c.Admin != test.want {
			t.Errorf("%s: %+v, %v", test.name, c.Admin, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, token) {
			t.Errorf("%s: the token prints: %s", test.name, text)
		}
	}
	for _, addr := range []string{
		":8686", "0.0.0.0:8686", "[::]:8686", "10.0.0.1:8686",
		"hookline:8686",
	} {
		_, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_ADMIN_ADDR="+addr)
		for _, part := range []string{
			"HOOKLINE_ADMIN_TOKEN", "HOOKLINE_ADMIN_ADDR=", addr,
			admin.TokenForm, "127.0.0.1:8686",
		} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("error %v does not say %q", err, part)
			}
		}
	}
	if form := takes("HOOKLINE_ADMIN_TOKEN"); form != admin.TokenForm {
		t.Errorf("the variable takes %q, the package %q", form, admin.TokenForm)
	}
}

func TestErrorsHideTheToken(t *testing.T) {
	for _, token := range []string{"hunter2", "hunter2 hunter2 hunter2", "hunter2hunter2hunter2\n"} {
		_, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_ADMIN_TOKEN="+token,
			"HOOKLINE_ADMIN_ADDR=:8686")
		if err == nil || !strings.Contains(err.Error(), "HOOKLINE_ADMIN_TOKEN") ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
}

func TestErrorsHideTheURL(t *testing.T) {
	for _, variables := range [][]string{
		nil,
		{"HOOKLINE_DATABASE_URL=" + url, "HOOKLINE_SLOT=?"},
		{"HOOKLINE_DATABASE_URL=host=db port=none password = hunter2"},
		{"DATABASE_URL=postgres://crm:hunter2@db:port/crm"},
	} {
		if _, err := load(t, variables...); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
	if _, err := load(t); err == nil ||
		!strings.Contains(err.Error(), "HOOKLINE_DATABASE_URL is not set") {
		t.Errorf("error %v does not name the variable", err)
	}
}

// TestVariables holds the names to the ones that are promised, and each to a text that says what it
// takes.
func TestVariables(t *testing.T) {
	want := strings.Fields(`HOOKLINE_DATABASE_URL HOOKLINE_SLOT HOOKLINE_PUBLICATION HOOKLINE_SCHEMA
		HOOKLINE_ENVIRONMENT HOOKLINE_PROFILE HOOKLINE_WEBHOOKS_TABLE HOOKLINE_WEBHOOKS_PER
		HOOKLINE_TWENTY_WEBHOOKS HOOKLINE_TWENTY_UPGRADES HOOKLINE_SCHEMAS HOOKLINE_INCLUDE HOOKLINE_EXCLUDE HOOKLINE_PRIVATE_OBJECTS HOOKLINE_UNDECIDED HOOKLINE_OBJECT_NAMES 
		HOOKLINE_SECRET_COLUMNS HOOKLINE_TOUCH_COLUMNS
		HOOKLINE_SOFT_DELETE HOOKLINE_OMIT HOOKLINE_NULLS
		HOOKLINE_TIMESTAMP_ZONE HOOKLINE_NUMBERS HOOKLINE_GEOMETRY
		HOOKLINE_TENANT_COLUMN HOOKLINE_SHARED_TABLES HOOKLINE_PAYLOAD_FORMAT HOOKLINE_REPLICA_IDENTITY
		HOOKLINE_REQUEST_TIMEOUT HOOKLINE_MAX_IN_FLIGHT HOOKLINE_MAX_REQUESTS HOOKLINE_MAX_BUFFER HOOKLINE_HOLD_MAX HOOKLINE_HOLD_WAL HOOKLINE_RETRY_SCHEDULE HOOKLINE_ALLOW_ADDRESSES
		HOOKLINE_SPOOL_DATABASE_URL HOOKLINE_SPOOL_MAX_BYTES HOOKLINE_SPOOL_MAX_AGE
		HOOKLINE_NOTICE_LAG HOOKLINE_NOTICE_CALM HOOKLINE_STATE_DIR
		HOOKLINE_NATS_URL HOOKLINE_NATS_CREDENTIALS HOOKLINE_NAME HOOKLINE_BUS_PARTITIONS
		HOOKLINE_BUS_REPLICAS HOOKLINE_BUS_MAX_BYTES HOOKLINE_DRAIN_TIMEOUT
		HOOKLINE_HEALTH_ADDR HOOKLINE_ADMIN_ADDR HOOKLINE_ADMIN_TOKEN
		HOOKLINE_ADMIN_READ_ONLY HOOKLINE_ADMIN_SHOW_DATA HOOKLINE_RECENT
		HOOKLINE_LOG_LEVEL HOOKLINE_LOG_FORMAT`)
	if got := Variables(); !slices.Equal(got, want) {
		t.Errorf("variables are %v", got)
	}
	for _, name := range want {
		if takes(name) == "" {
			t.Errorf("%s: nothing says what it takes", name)
		}
	}
}

// What operators are shown has neither passwords nor the token in it.
func TestSettingsHideSecrets(t *testing.T) {
	for _, variables := range [][]string{
		{"HOOKLINE_DATABASE_URL=" + url},
		{"PG_DATABASE_URL=" + url},
		{"DATABASE_URL=" + url, "HOOKLINE_SPOOL_DATABASE_URL=" + url},
	} {
		variables = append(variables, "HOOKLINE_ADMIN_TOKEN=hunter2-hunter2-hunter2",
			"HOOKLINE_ADMIN_READ_ONLY=on", "HOOKLINE_MAX_IN_FLIGHT=7",
			"HOOKLINE_NATS_URL=nats://hunter2:hunter2@n0:4222,tls://hunter2@n1,n2:4222")
		c, err := load(t, variables...)
		if err != nil || !c.Admin.ReadOnly || c.Admin.ShowData {
			t.Fatalf("%+v, %v", c.Admin, err)
		}
		list := Settings()
		text := fmt.Sprintf("%+v", list)
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret is shown: %s", text)
		}
		for _, want := range []Setting{
			{Name: "HOOKLINE_MAX_IN_FLIGHT", Value: "7", Takes: "a whole number from 1 to 4096"},
			{
				Name: "HOOKLINE_NATS_URL", Value: "n0:4222,n1,n2:4222",
				Takes: takes("HOOKLINE_NATS_URL"),
			},
			{
				Name: "HOOKLINE_MAX_BUFFER", Value: "16MiB", Default: true,
				Takes: "a size from 64KiB to 16GiB, such as 16MiB",
			},
		} {
			if !slices.Contains(list, want) {
				t.Errorf("no %+v in %s", want, text)
			}
		}
		if len(list) != len(Variables()) || list[0].Value != "role crm, database crm at db:5432" {
			t.Errorf("%d settings, the first %+v", len(list), list[0])
		}
	}
	for _, wrong := range []string{
		"HOOKLINE_ADMIN_READ_ONLY=yes", "HOOKLINE_ADMIN_SHOW_DATA=1",
		"HOOKLINE_RECENT=-1", "HOOKLINE_RECENT=100001",
	} {
		name, _, _ := strings.Cut(wrong, "=")
		if _, err := load(t, "HOOKLINE_DATABASE_URL="+url, wrong); err == nil ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
}

// TestSettingsOfValues has what is said of values reach the mapper, each as its own setting.
func TestSettingsOfValues(t *testing.T) {
	const soft, omit = "ticket.status:deleted,-users.disabled", "reports.pdf,a.b:64KB"
	const nulls = "1970-01-01,a.b:infinity"
	var want profile.Config
	for _, err := range []error{
		want.SoftDelete.UnmarshalText([]byte(soft)), want.Omit.UnmarshalText([]byte(omit)),
		want.Nulls.UnmarshalText([]byte(nulls)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := load(t, "HOOKLINE_DATABASE_URL="+url, "HOOKLINE_SOFT_DELETE="+soft,
		"HOOKLINE_OMIT="+omit, "HOOKLINE_NULLS="+nulls)
	got := c.Mapper
	if err != nil || !reflect.DeepEqual(got.SoftDelete, want.SoftDelete) ||
		!reflect.DeepEqual(got.Omit, want.Omit) || !reflect.DeepEqual(got.Nulls, want.Nulls) {
		t.Errorf("the mapper has %+v, %+v and %+v, %v", got.SoftDelete, got.Omit, got.Nulls, err)
	}
}
