// Package pattern reads settings that name columns, tables and objects, with * for anything:
//
//   - Columns: column, table.column or schema.table.column, with - before it for an exception.
//   - Entries: the same with a value behind a colon; SoftDeletes, Omissions and UnsetDates are
//     such lists.
//   - Objects: an object, a table or schema.table; a Selection of them is what is announced.
//
// Names are compared without regard to case and separators: first_name and firstName are alike.
// Where entries contradict each other the last one decides. A Mistake is an entry that names
// nothing.
package pattern
