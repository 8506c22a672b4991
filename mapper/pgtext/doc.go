// Package pgtext turns values into JSON, from the text in which Postgres prints them under
// pg.SessionSettings. It is what every row goes through, and allocates next to nothing.
//
// An Encoder appends one value. It never fails: text that it cannot read becomes a JSON string.
//
//   - pgtext.go: numbers, timestamps, arrays, rows, hstore.
//   - json.go: JSON strings; javascript.go: documents, as they stand or as JSON.stringify prints
//     them.
//   - redact.go: documents without the members that are credentials.
//   - geometry.go: PostGIS geometries as GeoJSON.
package pgtext
