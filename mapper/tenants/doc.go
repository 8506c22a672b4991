// Package tenants has the words for databases that are shared by tenants which must not hear of
// each other: how a column that holds a tenant is called (names.go), how webhooks are kept apart
// (Tenancy), and whose the records of a table are (Ownership). Package generic finds out which
// column it is; package webhook, which tenant a webhook belongs to.
package tenants
