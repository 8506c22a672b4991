// Package profile finds out which profile a database has, and makes its catalog. Config has the
// settings of all profiles; each takes its own of them.
package profile
