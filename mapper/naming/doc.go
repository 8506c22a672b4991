// Package naming makes names of objects and fields of those of tables and columns: camelCase, and
// the singular of English words. Its functions are pure; the same name always gives the same.
package naming
