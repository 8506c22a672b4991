// Package pgtexttest compares with Node.js, and makes numbers and documents to compare with.
package pgtexttest
