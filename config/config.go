// Package config reads Hookline's settings from the environment and hands each package its own.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/kelseyhightower/envconfig"

	"hookline/admin"
	"hookline/cdc"
	"hookline/internal/bus"
	"hookline/internal/spelling"
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/generic"
	"hookline/mapper/pattern"
	"hookline/mapper/profile"
	"hookline/mapper/tenants"
	"hookline/mapper/twenty"
	"hookline/notice"
	"hookline/sender"
	"hookline/spool"
	"hookline/trace"
	"hookline/webhook"
)

const prefix = "HOOKLINE"

// Config is everything that can be set, package by package.
type Config struct {
	CDC     cdc.Config
	Mapper  profile.Config
	Webhook webhook.Config
	Sender  sender.Config

	Spool        spool.Config // URL "" stands for the CRM database
	Notice       notice.Config
	StateDir     string // "" for none
	HoldWAL      int64  // bytes
	DrainTimeout time.Duration
	HealthAddr   string
	Admin        admin.Config
	Trace        trace.Config
	Bus          bus.Config // the zero value for none
	LogLevel     slog.Level
	LogFormat    LogFormat
}

// environment is what envconfig fills in: a field of each variable, HOOKLINE_ and its name in
// capitals. The tag takes says what the variable takes, for errors and for docs/settings.md.
type environment struct {
	// The CRM database, as a Postgres connection string. When unset, DATABASE_URL and then
	// PG_DATABASE_URL are read.
	DatabaseURL string `split_words:"true" takes:"a Postgres connection string such as postgres://user:password@host:5432/database"`

	// Name of the replication slot. It holds Hookline's place in the stream: a new name starts from
	// now.
	Slot string `default:"hookline" takes:"1 to 63 lower-case letters, digits and underscores"`
	// Name of the publication.
	Publication string `default:"hookline" takes:"a name of at most 63 bytes"`
	// Schema of Hookline's own tables in the CRM database.
	Schema string `default:"hookline" takes:"a name of at most 63 bytes"`

	// Name of what is announced, such as production. It is noted in the database, and whoever has
	// another name, or none, does not announce a copy of that.
	Environment string `takes:"1 to 63 letters, digits and . : / _ -, such as production"`

	// What kind of database it is. auto looks at it.
	Profile string `default:"auto" takes:"auto, twenty, generic, strapi, directus, payload, medusa, tryton, request-tracker or ledgersmb"`
	// Where the generic profile finds webhooks. auto looks for a table of a usual name.
	WebhooksTable string `default:"auto" split_words:"true" takes:"auto or schema.table"`
	// What a webhook hears of whose row does not say it. None: commit, and change in Twenty's
	// database.
	WebhooksPer string `split_words:"true" takes:"commit or change"`
	// Which rows of Twenty's own webhook table are served: all; marked, only operations that begin
	// with hookline:; none.
	TwentyWebhooks string `default:"all" split_words:"true" takes:"all, marked or none"`
	// Whether records that an upgrade of Twenty writes by SQL are announced.
	TwentyUpgrades string `default:"silent" split_words:"true" takes:"silent or told"`
	// Schemas whose tables the generic profile announces.
	Schemas []string `takes:"a comma list of schemas"`
	// Objects and tables that alone are announced.
	Include pattern.Objects `takes:"a comma list of objects, tables and schema.table, in which * stands for anything"`
	// Objects and tables that are not announced. timelineActivity of the twenty profile never is.
	Exclude pattern.Objects `takes:"a comma list of objects, tables and schema.table, in which * stands for anything"`
	// Objects of the twenty profile that are announced though private, * for all.
	PrivateObjects []string `split_words:"true" takes:"a comma list of object names, or *"`
	// What becomes of an event of the twenty profile when it is not known any more whether everybody
	// may read its record.
	Undecided string `default:"not-told" takes:"told or not-told"`
	// Object names of the generic profile, where the singular of the table's name will not do.
	ObjectNames objectNames `split_words:"true" takes:"a comma list such as public.contacts=person,public.firms=company"`
	// What is left out of events as a credential, or let through although its name says that it is
	// one.
	SecretColumns credential.SecretColumns `split_words:"true" takes:"a comma list of column, table.column or schema.table.column with * for anything, each with - before it to let it through; or off"`
	// Columns of which a change alone is not worth an event.
	TouchColumns pattern.Columns `split_words:"true" takes:"a comma list of column, table.column or schema.table.column with * for anything, each with - before it to make an exception"`
	// Values that say that a record is deleted, in the generic profile.
	SoftDelete pattern.SoftDeletes `split_words:"true" takes:"a comma list of table.column:value or schema.table.column:value with * for anything, or - and a column to take one back"`
	// Columns of the generic profile that are not sent, or not beyond a size.
	Omit pattern.Omissions `takes:"a comma list of column, table.column or schema.table.column with * for anything, each with :size behind it (64KB) to send smaller values, or - before it to send all"`
	// Days that stand for no date, in the generic profile.
	Nulls pattern.UnsetDates `takes:"a comma list of days such as 1970-01-01, for all columns, or of table.column:day; or - and a column to take one back"`
	// Time zone of timestamps without one, in the generic profile, and of tables where it is another.
	TimestampZone generic.TimeZones `default:"UTC" split_words:"true" takes:"a time zone such as UTC or Europe/Berlin, none, or a comma list such as UTC,public.orders=Europe/Berlin,legacy.*=none"`
	// Whether bigint and numeric are numbers of JSON or strings, in the generic profile.
	Numbers string `default:"number" takes:"number or string"`
	// Form of PostGIS' geometry and geography, in the generic profile.
	Geometry string `default:"ewkb" takes:"ewkb or geojson"`
	// Column of the generic profile that says which tenant a record belongs to, and tables that have
	// another one: organization_id,public.deals=org. none: there are no tenants. When unset, the
	// column of the table of webhooks that looks like one.
	TenantColumn tenantColumns `split_words:"true" takes:"a column, none, or a comma list such as organization_id,public.deals=org,public.logs=none"`
	// Tables of the generic profile whose records every tenant hears of.
	SharedTables tablePatterns `split_words:"true" takes:"a comma list of schema.table, in which * stands for any letters"`
	// Form of the bodies.
	PayloadFormat mapper.Format `default:"event" split_words:"true" takes:"event, twenty or standard"`
	// Whether announced tables are set to REPLICA IDENTITY FULL (full) or left as they are (keep).
	ReplicaIdentity cdc.ReplicaIdentity `default:"full" split_words:"true" takes:"full or keep"`

	// Time that one attempt has.
	RequestTimeout time.Duration `default:"10s" split_words:"true" takes:"a duration from 1ms to 10m, such as 10s"`
	// POSTs that one webhook gets at once.
	MaxInFlight int `default:"64" split_words:"true" takes:"a whole number from 1 to 4096"`
	// POSTs that all webhooks get at once.
	MaxRequests int `default:"0" split_words:"true" takes:"a whole number up to 65536; 0 for 1024, or twice HOOKLINE_MAX_IN_FLIGHT if that is more"`
	// Events held in memory, over all webhooks.
	MaxBuffer size `default:"16MiB" split_words:"true" takes:"a size from 64KiB to 16GiB, such as 16MiB"`
	// Longest that a delivery that has failed may hold the slot before it goes to the spool.
	HoldMax time.Duration `default:"10s" split_words:"true" takes:"a duration from 1ms to 1h, such as 10s"`
	// WAL kept for the slot above which deliveries that wait at slow receivers go to the spool too, if
	// it does not shrink by itself.
	HoldWAL size `default:"256MiB" split_words:"true" takes:"a size from 1MiB to 1TiB, such as 256MiB"`
	// Waits between attempts. After the last one a delivery is a dead letter.
	RetrySchedule []time.Duration `default:"5s,30s,2m,10m,30m,1h,3h,6h,12h,24h,24h" split_words:"true" takes:"a comma list of durations from 1ms to 168h, such as 5s,30s,2m"`
	// Private addresses that may be dialled all the same. * allows every address.
	AllowAddresses []string `split_words:"true" takes:"a comma list of CIDR ranges, addresses or host names, or *"`

	// Database that keeps what has to outlive the process: the checkpoint, and deliveries that wait or
	// are dead. Default: the CRM database.
	SpoolDatabaseURL string `split_words:"true" takes:"a Postgres connection string such as postgres://user:password@host:5432/database"`
	// Deliveries that may wait or be dead there, per webhook. What comes beyond is given up, and
	// recorded as a gap.
	SpoolMaxBytes size `default:"1GiB" split_words:"true" takes:"a size from 1MiB to 1TiB, such as 1GiB"`
	// Age of the oldest delivery that waits for a webhook beyond which no further ones are kept for
	// it.
	SpoolMaxAge time.Duration `default:"168h" split_words:"true" takes:"a duration from 1m to 8760h, such as 168h"`

	// Lag beyond which operators are told of it, as hookline_lag_seconds has it.
	NoticeLag time.Duration `default:"5m" split_words:"true" takes:"a duration from 1s to 24h"`
	// Time that something has to be over before operators are told that it is.
	NoticeCalm time.Duration `default:"1m" split_words:"true" takes:"a duration from 1ms to 1h"`
	// Directory for what is to outlive the process, though not the machine: which deliveries were
	// accepted last. When unset, more of them come again after a kill.
	StateDir string `split_words:"true" takes:"a directory to write to, such as /var/lib/hookline"`

	// NATS servers that deliveries go through, from `hookline run --role reader` to `hookline run
	// --role sender`. When unset, one process does all.
	NatsURL string `split_words:"true" takes:"a comma list of URLs such as nats://user:password@host:4222"`
	// File with the credentials of a user of NATS.
	NatsCredentials string `split_words:"true" takes:"a file as nsc makes it"`
	// Name of this database in NATS, which no other one may have there.
	Name string `default:"hookline" takes:"1 to 32 lower-case letters, digits, _ and -"`
	// Parts of the stream, of which each is one sender's at a time. For life.
	BusPartitions int `default:"32" split_words:"true" takes:"a whole number from 1 to 256"`
	// Replicas of the stream, when it is made.
	BusReplicas int `default:"1" split_words:"true" takes:"1, 3 or 5"`
	// What the stream may hold, when it is made. Beyond it the slot waits.
	BusMaxBytes size `default:"4GiB" split_words:"true" takes:"a size from 1MiB to 1TiB, such as 4GiB"`

	// Time after SIGTERM to finish what is in hand.
	DrainTimeout time.Duration `default:"20s" split_words:"true" takes:"a duration from 0s to 10m, such as 20s"`
	// Where /livez, /readyz and /metrics listen.
	HealthAddr string `default:":8687" split_words:"true" takes:"host:port or :port"`

	// Where console, API and profiles listen, for operators; off for nowhere. When unset,
	// 127.0.0.1:8686 unless something else listens there.
	AdminAddr string `split_words:"true" takes:"host:port, or off"`
	// What operators have to send. Needed when HOOKLINE_ADMIN_ADDR is not a loopback address.
	AdminToken admin.Token `split_words:"true" takes:"16 to 256 letters, digits and signs without spaces, as openssl rand -hex 32 makes them"`

	// Whether operators can only look: nothing can be changed from the console nor by the API.
	AdminReadOnly Switch `default:"off" split_words:"true" takes:"on or off"`
	// Whether operators see the data of records.
	AdminShowData Switch `default:"off" split_words:"true" takes:"on or off"`
	// Attempts that are remembered in memory for operators.
	Recent int `default:"1000" takes:"a whole number from 0 to 100000"`

	// Least severe messages that are logged.
	LogLevel slog.Level `default:"info" split_words:"true" takes:"debug, info, warn or error"`
	// Form of the log.
	LogFormat LogFormat `default:"text" split_words:"true" takes:"text or json"`
}

// Load reads the environment. Its error names each variable that is unknown or has a bad value, and
// what it takes; it never shows the database's URL nor the token. An empty value counts as not set.
func Load() (Config, error) {
	if err := unknown(os.Environ()); err != nil {
		return Config{}, err
	}
	for _, name := range Variables() {
		if value, set := os.LookupEnv(name); set && value == "" {
			if err := os.Unsetenv(name); err != nil {
				return Config{}, err
			}
		}
	}
	var env environment
	if err := envconfig.Process(prefix, &env); err != nil {
		var parse *envconfig.ParseError
		if errors.As(err, &parse) {
			return Config{}, badValue(parse.KeyName, parse.Value)
		}
		return Config{}, err
	}
	for _, name := range []string{"DATABASE_URL", "PG_DATABASE_URL"} {
		if env.DatabaseURL == "" {
			env.DatabaseURL = os.Getenv(name)
		}
	}
	if err := env.check(); err != nil {
		return Config{}, err
	}
	cfg := env.config()
	var err error
	cfg.Trace, err = trace.FromEnv(os.LookupEnv)
	return cfg, err
}

func (e *environment) config() Config {
	return Config{
		CDC: cdc.Config{
			URL: e.DatabaseURL, Slot: e.Slot, Publication: e.Publication, Schema: e.Schema,
			Identity:    e.ReplicaIdentity,
			Environment: e.Environment,
		},
		Mapper: profile.Config{
			Profile: e.Profile, Format: e.PayloadFormat, Schemas: e.Schemas, Include: e.Include,
			Exclude: e.Exclude, ObjectNames: e.ObjectNames,
			PrivateObjects: trimmed(e.PrivateObjects), Upgrades: e.TwentyUpgrades,
			TellUndecided: e.Undecided == "told",
			SecretColumns: e.SecretColumns, Tenants: e.tenants(), TouchColumns: e.TouchColumns,
			SoftDelete: e.SoftDelete, Omit: e.Omit, Nulls: e.Nulls,
			Forms: generic.Forms{
				Zones: e.TimestampZone, NumbersAsStrings: e.Numbers == "string",
				GeoJSON: e.Geometry == "geojson",
			},
		},
		Webhook: webhook.Config{
			Profile: e.Profile, Table: e.WebhooksTable, Schemas: e.Schemas, TwentyWebhooks: e.TwentyWebhooks,
			Schema: e.Schema,
			Format: e.PayloadFormat, Tenants: e.tenants(), Per: e.WebhooksPer,
		},
		Sender: sender.Config{
			RequestTimeout: e.RequestTimeout, MaxInFlight: e.MaxInFlight,
			MaxRequests: e.MaxRequests, MaxBuffer: e.deliveries(),
			RetrySchedule: e.RetrySchedule, AllowAddresses: e.AllowAddresses,
			HoldMax: e.HoldMax,
		},
		Spool: spool.Config{
			URL: e.SpoolDatabaseURL, Schema: e.Schema, Slot: e.Slot, MaxBytes: int64(e.SpoolMaxBytes),
			MaxAge: e.SpoolMaxAge,
		},
		Notice:   notice.Config{Calm: e.NoticeCalm, LagMax: e.NoticeLag},
		StateDir: e.StateDir,
		HoldWAL:  int64(e.HoldWAL), DrainTimeout: e.DrainTimeout, HealthAddr: e.HealthAddr,
		Admin:    e.admin(),
		Bus:      e.bus(),
		LogLevel: e.LogLevel, LogFormat: e.LogFormat,
	}
}

func (e *environment) bus() bus.Config {
	if e.NatsURL == "" {
		return bus.Config{}
	}
	return bus.Config{
		URL: e.NatsURL, Credentials: e.NatsCredentials, Name: e.Name, Partitions: e.BusPartitions,
		Replicas: e.BusReplicas, MaxBytes: int64(e.BusMaxBytes),
	}
}

func (e *environment) tenants() tenants.Config {
	return tenants.Config{Column: e.TenantColumn.all, Of: e.TenantColumn.of, Shared: e.SharedTables}
}

// admin tells an address that somebody has chosen from the default one, which Hookline can do
// without.
func (e *environment) admin() admin.Config {
	if e.AdminAddr == adminOff {
		return admin.Config{}
	}
	return admin.Config{
		Addr: cmp.Or(e.AdminAddr, admin.DefaultAddr), Optional: e.AdminAddr == "", Token: e.AdminToken,
		ReadOnly: bool(e.AdminReadOnly), ShowData: bool(e.AdminShowData), Recent: e.Recent,
	}
}

// Switch is on or off.
type Switch bool

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Switch) UnmarshalText(text []byte) error {
	switch string(text) {
	case "on":
		*s = true
	case "off":
		*s = false
	default:
		return fmt.Errorf("%q: want on or off", text)
	}
	return nil
}

// adminOff in place of an address serves nothing.
const adminOff = "off"

// trimmed takes the spaces off that people write after commas.
func trimmed(list []string) []string {
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// check holds every bound that a type alone does not.
func (e *environment) check() error {
	if e.DatabaseURL == "" {
		return fmt.Errorf("%s_DATABASE_URL is not set, nor DATABASE_URL nor PG_DATABASE_URL: it takes %s",
			prefix, takes(prefix+"_DATABASE_URL"))
	}
	var errs []error
	expect := func(ok bool, name string, value any) {
		if !ok {
			errs = append(errs, badValue(prefix+"_"+name, fmt.Sprint(value)))
		}
	}
	isURL := func(s string) bool {
		_, err := pgconn.ParseConfig(s) // which is not told: it may quote the password
		return err == nil
	}
	expect(isURL(e.DatabaseURL), "DATABASE_URL", "")
	expect(e.SpoolDatabaseURL == "" || isURL(e.SpoolDatabaseURL), "SPOOL_DATABASE_URL", "")
	within := func(d, least, most time.Duration) bool { return d >= least && d <= most }
	expect(regexp.MustCompile(`^[a-z0-9_]{1,63}$`).MatchString(e.Slot), "SLOT", e.Slot)
	expect(regexp.MustCompile(`^[\w.:/-]{0,63}$`).MatchString(e.Environment), "ENVIRONMENT",
		e.Environment)
	expect(len(e.Publication) <= 63, "PUBLICATION", e.Publication)
	expect(len(e.Schema) <= 63, "SCHEMA", e.Schema)
	expect(e.Profile == "auto" || slices.Contains(profile.Names(), e.Profile), "PROFILE", e.Profile)
	expect(slices.Contains([]string{"all", "marked", "none"}, e.TwentyWebhooks), "TWENTY_WEBHOOKS",
		e.TwentyWebhooks)
	expect(slices.Contains([]string{twenty.UpgradesSilent, twenty.UpgradesTold}, e.TwentyUpgrades),
		"TWENTY_UPGRADES", e.TwentyUpgrades)
	expect(slices.Contains([]string{"told", "not-told"}, e.Undecided), "UNDECIDED", e.Undecided)
	form := e.PayloadFormat
	expect(form.OfRecords() && !form.IsCloudEvents(), "PAYLOAD_FORMAT", form)
	expect(e.WebhooksTable == "auto" || strings.Count(e.WebhooksTable, ".") == 1, "WEBHOOKS_TABLE",
		e.WebhooksTable)
	expect(slices.Contains([]string{"", "commit", "change"}, e.WebhooksPer), "WEBHOOKS_PER",
		e.WebhooksPer)
	expect(slices.Contains([]string{"number", "string"}, e.Numbers), "NUMBERS", e.Numbers)
	expect(slices.Contains([]string{"ewkb", "geojson"}, e.Geometry), "GEOMETRY", e.Geometry)
	expect(within(e.RequestTimeout, time.Millisecond, 10*time.Minute), "REQUEST_TIMEOUT",
		e.RequestTimeout)
	expect(e.MaxInFlight >= 1 && e.MaxInFlight <= 4096, "MAX_IN_FLIGHT", e.MaxInFlight)
	expect(e.MaxRequests >= 0 && e.MaxRequests <= 65536, "MAX_REQUESTS", e.MaxRequests)
	expect(e.MaxBuffer >= 64<<10 && e.MaxBuffer <= 16<<30, "MAX_BUFFER", e.MaxBuffer)
	for _, wait := range e.RetrySchedule {
		expect(within(wait, time.Millisecond, 168*time.Hour), "RETRY_SCHEDULE", wait)
	}
	expect(within(e.HoldMax, time.Millisecond, time.Hour), "HOLD_MAX", e.HoldMax)
	expect(e.HoldWAL >= 1<<20 && e.HoldWAL <= 1<<40, "HOLD_WAL", e.HoldWAL)
	expect(e.SpoolMaxBytes >= 1<<20 && e.SpoolMaxBytes <= 1<<40, "SPOOL_MAX_BYTES", e.SpoolMaxBytes)
	expect(within(e.SpoolMaxAge, time.Minute, 8760*time.Hour), "SPOOL_MAX_AGE", e.SpoolMaxAge)
	expect(within(e.NoticeLag, time.Second, 24*time.Hour), "NOTICE_LAG", e.NoticeLag)
	expect(within(e.NoticeCalm, time.Millisecond, time.Hour), "NOTICE_CALM", e.NoticeCalm)
	expect(within(e.DrainTimeout, 0, 10*time.Minute), "DRAIN_TIMEOUT", e.DrainTimeout)
	expect(strings.Contains(e.HealthAddr, ":"), "HEALTH_ADDR", e.HealthAddr)
	expect(bus.ValidName(e.Name), "NAME", e.Name)
	expect(e.BusPartitions >= 1 && e.BusPartitions <= 256, "BUS_PARTITIONS", e.BusPartitions)
	expect(slices.Contains([]int{1, 3, 5}, e.BusReplicas), "BUS_REPLICAS", e.BusReplicas)
	expect(e.BusMaxBytes >= 1<<20 && e.BusMaxBytes <= 1<<40, "BUS_MAX_BYTES", e.BusMaxBytes)
	expect(e.Recent >= 0 && e.Recent <= 100_000, "RECENT", e.Recent)
	_, _, err := net.SplitHostPort(e.AdminAddr)
	expect(e.AdminAddr == "" || e.AdminAddr == adminOff || err == nil, "ADMIN_ADDR", e.AdminAddr)
	expect(e.AdminToken == "" || e.AdminToken.Valid(), "ADMIN_TOKEN", e.AdminToken)
	if err == nil {
		errs = append(errs, e.admin().Check())
	}
	return errors.Join(errs...)
}

func badValue(name, value string) error {
	if strings.HasSuffix(name, "_URL") || strings.HasSuffix(name, "_TOKEN") {
		value = "…"
	}
	return fmt.Errorf("%s=%q: it takes %s", name, value, takes(name))
}

// takes returns what the named variable takes.
func takes(name string) string {
	for i, variable := range Variables() {
		if variable == name {
			return reflect.TypeFor[environment]().Field(i).Tag.Get("takes")
		}
	}
	return ""
}

var words = regexp.MustCompile(`[A-Z]+(?:$|[^a-z])|[A-Z][a-z]*`)

// Variables returns the names of all variables, in the order of the reference.
func Variables() []string {
	spec := reflect.TypeFor[environment]()
	names := make([]string, spec.NumField())
	for i := range names {
		names[i] = prefix + "_" + strings.ToUpper(
			strings.Join(words.FindAllString(spec.Field(i).Name, -1), "_"))
	}
	return names
}

// service matches what Kubernetes sets in every pod for a Service whose name begins with hookline,
// unless enableServiceLinks is false.
//
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var service = regexp.MustCompile(
	`^HOOKLINE_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=|` +
		`^HOOKLINE_([A-Z0-9_]+_)?PORT=(tcp|udp|sctp)://`)

// unknown returns an error for each variable that begins with HOOKLINE_ and is none of ours.
func unknown(environ []string) error {
	known := Variables()
	var errs []error
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix+"_") || slices.Contains(known, name) ||
			service.MatchString(entry) {
			continue
		}
		err := fmt.Errorf("unknown variable %s", name)
		if near := spelling.Nearest(name, known); near != "" {
			err = fmt.Errorf("%w: is %s meant?", err, near)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// rowsRead are the bytes of rows that wait between the stream and the mapper, roughly.
const rowsRead = 2 << 20

// deliveries is how many bytes of the buffer are for deliveries: all but what is there of rows that
// are no events yet, those that were read, and those that a transaction has held. It is no less
// than half of the buffer.
func (e *environment) deliveries() int64 {
	return max(int64(e.MaxBuffer)-rowsRead-mapper.MostOfCommit, int64(e.MaxBuffer)/2, 64<<10)
}
