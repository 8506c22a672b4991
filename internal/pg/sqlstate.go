package pg

import (
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs by their names.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	ProtocolViolation         = "08P01"
	InvalidTextRepresentation = "22P02"
	ReadOnlyTransaction       = "25006" // the server takes no writes: for a while, or as a standby
	idleInTransactionTimeout  = "25P03"
	transactionTimeout        = "25P04"
	InvalidAuthorization      = "28000"
	InvalidPassword           = "28P01"
	InvalidCatalogName        = "3D000" // the database does not exist
	invalidSchemaName         = "3F000" // the schema does not exist
	InsufficientPrivilege     = "42501"
	SyntaxError               = "42601"
	UndefinedColumn           = "42703"
	// a slot, or inside the stream a publication, does not exist
	UndefinedObject              = "42704"
	DuplicateObject              = "42710" // a slot exists already
	UndefinedTable               = "42P01"
	DuplicatePreparedStatement   = "42P05"
	DiskFull                     = "53100"
	TooManyConnections           = "53300"
	ConfigurationLimitExceeded   = "53400" // no room for another slot
	ObjectNotInPrerequisiteState = "55000" // a slot is there but can no longer be read
	ObjectInUse                  = "55006" // another process reads a slot
	LockNotAvailable             = "55P03"
	QueryCanceled                = "57014"
	CannotConnectNow             = "57P03" // the server is shutting down, or not up yet
)

// Classes of SQLSTATEs: their first two characters.
const (
	classConnection = "08"
	classResources  = "53" // insufficient ones
	ClassLimit      = "54" // a program limit, such as that of a row's size
	classOperator   = "57" // operator intervention
	ClassInternal   = "XX"
)

// Refused returns the server's own error in err, nil when err is of another kind.
func Refused(err error) *pgconn.PgError {
	refused, _ := errors.AsType[*pgconn.PgError](err)
	return refused
}

// Is reports whether the server has refused something with one of the SQLSTATEs.
func Is(err error, codes ...string) bool {
	refused := Refused(err)
	return refused != nil && slices.Contains(codes, refused.Code)
}

// IsTableGone reports whether a statement was refused since its table, or its schema, is gone.
func IsTableGone(err error) bool { return Is(err, UndefinedTable, invalidSchemaName) }

// IsRowSecurity reports whether err says that row-level security would leave rows out. The server's
// message is in its own language, so the routine tells.
func IsRowSecurity(err error) bool {
	return Is(err, InsufficientPrivilege) && Refused(err).Routine == "check_enable_rls"
}

// IsTransient reports whether err says that the server is away or busy, so that the same may work a
// little later. An error that is not the server's own counts as one of the network.
func IsTransient(err error) bool {
	refused := Refused(err)
	if refused == nil {
		return err != nil
	}
	switch refused.Code[:2] {
	case classConnection, classResources, classOperator:
		return true
	}
	return Is(refused, ReadOnlyTransaction, idleInTransactionTimeout, transactionTimeout)
}
