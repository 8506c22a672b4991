// Package mappertest has what tests of the mapper and its profiles have in common: databases,
// relations and rows as the stream has them, and the events of a change.
package mappertest
