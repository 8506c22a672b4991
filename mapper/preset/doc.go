// Package preset has what is known of the tables of some applications, one file for each: which
// tables are theirs alone, what their API calls records and fields, and which updates say nothing.
// A preset is data (Preset); package generic reads the database with it. docs/presets.md tells how
// to add one.
package preset
