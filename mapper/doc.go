// Package mapper turns row changes into events: it knows which object a table holds, how a row reads as JSON, what an update really
// changed, and how an event is wrapped for its receivers.
//
// What an object looks like is the business of a Catalog, one per profile; everything after that is the same for every database.
package mapper
