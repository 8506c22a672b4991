// Package filter decides which events a webhook gets, by an expression in CEL over an event: what
// it is called, the record as the event has it, the record before, and what has changed.
//
// https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md
package filter
