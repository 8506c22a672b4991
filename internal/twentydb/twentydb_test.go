package twentydb_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
)

// secondWorkspace is the id of the other workspace in Twenty's own development seed.
const (
	secondWorkspace = "3b8e6458-5fc1-4e63-8563-008ccddaa6db"
	secondSchema    = "workspace_3ixj3i1a5avy16ptijtb3lae3"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestSchemaName(t *testing.T) {
	for id, want := range map[string]string{
		twentydb.Workspace:                     twentydb.Schema,
		secondWorkspace:                        secondSchema,
		"3be9d202-5461-4881-a6de-4c1f96e4b02d": "workspace_3joxkr9ofo5hlxjan164egffx",
		"3BE9D202-5461-4881-A6DE-4C1F96E4B02D": "workspace_3joxkr9ofo5hlxjan164egffx",
		"00000000-0000-4000-8000-000000000001": "workspace_1d7tmz9j2abdrls1", // no padding
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "workspace_f5lxx1zz5pnorynqglhzmsp33",
		"apple":                                "",
		"":                                     "",
	} {
		got, err := twentydb.SchemaName(id)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("SchemaName(%q) = %q, %v, want %q", id, got, err, want)
		}
	}
}

func TestMetadataDescribesEveryColumn(t *testing.T) {
	conn := load(t)
	schema, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second")
	if err != nil {
		t.Fatal(err)
	}
	if schema != secondSchema {
		t.Errorf("AddWorkspace returns schema %q, want %q", schema, secondSchema)
	}
	tables := []string{
		"_rocket", "company", "note", "noteTarget", "opportunity", "person", "task", "taskTarget",
		"timelineActivity",
		"workspaceMember",
	}
	for workspace, schema := range map[string]string{
		twentydb.Workspace: twentydb.Schema,
		secondWorkspace:    secondSchema,
	} {
		columns := columnTypes(t, conn, schema)
		if got := slices.Sorted(maps.Keys(columns)); !slices.Equal(got, tables) {
			t.Errorf("schema %s has the tables %v, want %v", schema, got, tables)
		}
		described := describedColumns(t, conn, workspace)
		for table := range columns {
			for column, got := range columns[table] {
				if want := described[table][column]; got != want {
					t.Errorf("%s.%s.%s is of type %s, its field says %q", schema, table, column, got, want)
				}
			}
		}
		for table := range described {
			for column := range described[table] {
				if columns[table][column] == "" {
					t.Errorf("no column %s.%s.%s, though there is a field", schema, table, column)
				}
			}
		}
	}
}

// columnTypes returns table → column → type, as format_type has it but without the schema of enum
// types.
func columnTypes(t *testing.T, conn *pgx.Conn, schema string) map[string]map[string]string {
	t.Helper()
	columns := map[string]map[string]string{}
	var table, column, columnType string
	forEachRow(t, conn, []any{&table, &column, &columnType}, func() {
		if columns[table] == nil {
			columns[table] = map[string]string{}
		}
		columns[table][column] = columnType
	}, `select relname, attname, replace(format_type(atttypid, atttypmod), $1 || '.', '')
		from pg_attribute join pg_class c on c.oid = attrelid
		where relnamespace = $1::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped`, schema)
	return columns
}

// describedColumns returns what columnTypes should, by the rules that Twenty makes columns from
// fields.
func describedColumns(t *testing.T, conn *pgx.Conn, workspace string) map[string]map[string]string {
	t.Helper()
	plain := map[string]string{
		"UUID": "uuid", "TEXT": "text", "NUMBER": "double precision", "POSITION": "double precision",
		"NUMERIC": "numeric",
		"BOOLEAN": "boolean", "DATE": "date", "DATE_TIME": "timestamp with time zone", "SELECT": "enum",
		"RATING":       "enum",
		"MULTI_SELECT": "enum[]", "ARRAY": "text[]", "RAW_JSON": "jsonb", "FILES": "jsonb",
		"TS_VECTOR": "tsvector",
	}
	composite := map[string]map[string]string{
		"FULL_NAME": {"FirstName": "text", "LastName": "text"},
		"EMAILS":    {"PrimaryEmail": "text", "AdditionalEmails": "jsonb"},
		"PHONES": {
			"PrimaryPhoneNumber": "text", "PrimaryPhoneCountryCode": "text",
			"PrimaryPhoneCallingCode": "text",
			"AdditionalPhones":        "jsonb",
		},
		"LINKS": {"PrimaryLinkLabel": "text", "PrimaryLinkUrl": "text", "SecondaryLinks": "jsonb"},
		"ADDRESS": {
			"AddressStreet1": "text", "AddressStreet2": "text", "AddressCity": "text",
			"AddressPostcode": "text",
			"AddressState":    "text", "AddressCountry": "text", "AddressLat": "numeric",
			"AddressLng": "numeric",
		},
		"CURRENCY":  {"AmountMicros": "numeric", "CurrencyCode": "text"},
		"ACTOR":     {"Source": "enum", "WorkspaceMemberId": "uuid", "Name": "text", "Context": "jsonb"},
		"RICH_TEXT": {"Blocknote": "text", "Markdown": "text"},
	}
	unseen := map[string]bool{"RELATION": true, "MORPH_RELATION": true}
	for fieldType := range plain {
		unseen[fieldType] = true
	}
	for fieldType := range composite {
		unseen[fieldType] = true
	}

	columns := map[string]map[string]string{}
	var table, name, fieldType, joinColumn string
	describe := func(column, columnType string) {
		if rest, ok := strings.CutPrefix(columnType, "enum"); ok {
			columnType = `"` + table + "_" + column + `_enum"` + rest
			if column == strings.ToLower(column) { // format_type quotes only when it has to
				columnType = strings.ReplaceAll(columnType, `"`, "")
			}
		}
		if columns[table] == nil {
			columns[table] = map[string]string{}
		}
		columns[table][column] = columnType
	}
	forEachRow(t, conn, []any{&table, &name, &fieldType, &joinColumn}, func() {
		delete(unseen, fieldType)
		switch {
		case joinColumn != "":
			describe(joinColumn, "uuid")
		case plain[fieldType] != "":
			describe(name, plain[fieldType])
		default:
			for subfield, columnType := range composite[fieldType] {
				describe(name+subfield, columnType)
			}
		}
	}, `select case a."universalIdentifier" when $2 then '' else '_' end || o."nameSingular", f.name, f.type,
			coalesce(f.settings ->> 'joinColumnName', '')
		from core."fieldMetadata" f join core."objectMetadata" o on o.id = f."objectMetadataId"
			join core.application a on a.id = o."applicationId"
		where f."workspaceId" = $1 and o."workspaceId" = $1 and a."workspaceId" = $1`, workspace, twentydb.StandardApplication)
	if len(unseen) > 0 {
		t.Errorf("workspace %s has no field of the types %v", workspace, slices.Sorted(maps.Keys(unseen)))
	}
	return columns
}

func TestRelationsHoldAtBothEndsAndInTheTables(t *testing.T) {
	conn := load(t)
	var relations int
	var field, inverse, inverseLeadsTo, relationType, onDelete, foreignKey string
	forEachRow(t, conn, []any{
		&field, &inverse, &inverseLeadsTo, &relationType, &onDelete,
		&foreignKey,
	}, func() {
		relations++
		if relationType != "ONE_TO_MANY" {
			t.Errorf("%s: the other end, %s, is %s, want ONE_TO_MANY", field, inverse, relationType)
		}
		if !strings.HasSuffix(foreignKey, "ON DELETE "+strings.ReplaceAll(onDelete, "_", " ")) {
			t.Errorf("%s: onDelete is %s, its foreign key %q", field, onDelete, foreignKey)
		}
		if object, _, _ := strings.Cut(field, "."); inverseLeadsTo != object {
			t.Errorf("%s: the other end, %s, leads to %s", field, inverse, inverseLeadsTo)
		}
	}, `select o."nameSingular" || '.' || f.name, target."nameSingular" || '.' || i.name, back."nameSingular",
			i.settings ->> 'relationType', f.settings ->> 'onDelete', coalesce(pg_get_constraintdef(k.oid), '')
		from core."fieldMetadata" f
			join core."objectMetadata" o on o.id = f."objectMetadataId"
			join core."objectMetadata" target on target.id = f."relationTargetObjectMetadataId"
			join core."fieldMetadata" i on i.id = f."relationTargetFieldMetadataId" and i."objectMetadataId" = target.id
			join core."objectMetadata" back on back.id = i."relationTargetObjectMetadataId"
			join core.application a on a.id = target."applicationId"
			left join pg_constraint k on k.contype = 'f'
				and k.conrelid = to_regclass(format('%I.%I', $1::text, o."nameSingular"))
				and k.confrelid = to_regclass(format('%I.%I', $1::text,
					case a."universalIdentifier" when $2 then '' else '_' end || target."nameSingular"))
				and pg_get_constraintdef(k.oid) like format('FOREIGN KEY (%I)%%', f.settings ->> 'joinColumnName')
		where f.settings ->> 'relationType' = 'MANY_TO_ONE'`, twentydb.Schema, twentydb.StandardApplication)
	if relations != 23 {
		t.Errorf("%d relations, want 23", relations)
	}
}

func TestTablesTakeRecords(t *testing.T) {
	conn := load(t)
	execute(t, conn, "set search_path to "+twentydb.Schema)
	execute(t, conn, `insert into company (name) values ('Göldén')`)
	execute(t, conn, `insert into person ("nameFirstName", "emailsPrimaryEmail", "companyId", "workPreference", "performanceRating")
		select 'Zoë', 'zoe@example.com', id, '{HYBRID,REMOTE_WORK}', 'RATING_4' from company`)
	execute(t, conn,
		`insert into _rocket (name, "launchedOn", "payloadMass", crew) values ('Saturn', '1969-07-16', 48.6, '{Neil}')`)
	execute(t, conn, `insert into note (title) values ('A note')`)
	execute(t, conn, `insert into "noteTarget" ("noteId", "targetPersonId", "targetRocketId")
		select note.id, person.id, _rocket.id from note, person, _rocket`)
	execute(t, conn, `insert into "workspaceMember" ("userId") values (gen_random_uuid())`)
	execute(t, conn, `insert into opportunity default values; insert into task default values;
		insert into "taskTarget" default values; insert into "timelineActivity" default values`)

	for query, want := range map[string]string{
		`select "searchVector"::text from person`:                                     `'zoe':1 'zoe@example.com':2`,
		`select "createdBySource" || ' ' || "createdByName" from company`:             "MANUAL System",
		`select "createdBySource" || coalesce("createdByName", ' null') from _rocket`: "MANUAL null",
		`select "whatsappPrimaryPhoneCallingCode" from person`:                        "+33",
		`select stage::text from opportunity`:                                         "NEW",
		`select "calendarStartDay" || ' ' || "dateFormat" from "workspaceMember"`:     "7 SYSTEM",
	} {
		if got := value(t, conn, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}

	for _, step := range []struct{ do, query, want string }{
		{"delete from company", `select coalesce("companyId"::text, 'null') from person`, "null"},
		{
			"delete from _rocket", `select coalesce("targetRocketId"::text, 'null') from "noteTarget"`,
			"null",
		},
		{"delete from note", `select count(*)::text from "noteTarget"`, "0"},
	} {
		execute(t, conn, step.do)
		if got := value(t, conn, step.query); got != step.want {
			t.Errorf("after %s, %s: %q, want %q", step.do, step.query, got, step.want)
		}
	}
}

func TestAddWebhook(t *testing.T) {
	conn := load(t)
	if _, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second"); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		webhook twentydb.Webhook
		want    string
	}{
		"defaults": {twentydb.Webhook{URL: "http://a"}, twentydb.Workspace + " Custom http://a {*.*} "},
		"all": {
			twentydb.Webhook{
				Workspace: secondWorkspace, URL: "http://b", Secret: "s3cret",
				Operations: []string{"person.*", "*.deleted"},
			},
			secondWorkspace + " Custom http://b {person.*,*.deleted} s3cret",
		},
	} {
		id, err := twentydb.AddWebhook(t.Context(), conn, tc.webhook)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := value(t, conn, `select concat_ws(' ', w."workspaceId", a.name, "targetUrl", operations, secret)
			from core.webhook w join core.application a on (a.id, a."workspaceId") = (w."applicationId", w."workspaceId")
			where w.id = $1 and w."deletedAt" is null`, id)
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	unknown := twentydb.Webhook{
		Workspace: "00000000-0000-4000-8000-000000000001", URL: "http://c",
		Secret: "s3cret",
	}
	if _, err := twentydb.AddWebhook(t.Context(), conn, unknown); err == nil ||
		strings.Contains(err.Error(), "s3cret") {
		t.Errorf("webhook of an unknown workspace: %v, want an error without the secret", err)
	}
}

// load returns a connection to a new database with the fixture in it.
func load(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := twentydb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

func forEachRow(t *testing.T, conn *pgx.Conn, into []any, do func(), query string, args ...any) {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, into, func() error { do(); return nil }); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func value(t *testing.T, conn *pgx.Conn, query string, args ...any) (value string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}
