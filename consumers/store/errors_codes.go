package store

import "github.com/ClickHouse/ch-go/proto"

// Codes of errors of the server, by what they ask for.
var retryCodes = map[proto.Error]bool{
	proto.ErrTimeoutExceeded: true, proto.ErrSocketTimeout: true, proto.ErrNetworkError: true,
	proto.ErrTooManyParts: true, proto.ErrTooManySimultaneousQueries: true,
	proto.ErrNoFreeConnection: true, proto.ErrAllConnectionTriesFailed: true,
	proto.ErrMemoryLimitExceeded: true, proto.ErrQuotaExpired: true,
	proto.ErrTableIsReadOnly: true, proto.ErrNotEnoughSpace: true, proto.ErrCannotWriteToFileDescriptor: true,
	proto.ErrAborted: true, proto.ErrDeadlockAvoided: true,
	proto.ErrNoZookeeper: true, proto.ErrKeeperException: true, proto.ErrUnexpectedZookeeperError: true,
	proto.ErrTooFewLiveReplicas: true, proto.ErrUnsatisfiedQuorumForPreviousWrite: true,
	proto.ErrReplicaIsNotInQuorum: true, proto.ErrNoActiveReplicas: true, proto.ErrUnknownStatusOfInsert: true,
	proto.ErrTableIsDropped: true, proto.ErrTableIsBeingRestarted: true,
	proto.ErrCannotOpenFile: true, proto.ErrCannotCloseFile: true, proto.ErrCannotReadFromFileDescriptor: true,
	unfinished: true, cannotScheduleTask: true, queryWasCancelled: true,
	cannotFsync: true, cannotCreateDirectory: true, cannotWriteToFile: true, cannotCreateFile: true,
	serverOverloaded: true, tooManyConnections: true, tableIsPermanentlyReadOnly: true,
}

var setupCodes = map[proto.Error]bool{
	// the schema
	proto.ErrUnknownTable: true, proto.ErrUnknownDatabase: true, proto.ErrUnknownIdentifier: true,
	proto.ErrNoSuchColumnInTable: true, proto.ErrThereIsNoColumn: true, proto.ErrNotFoundColumnInBlock: true,
	proto.ErrNumberOfColumnsDoesntMatch: true, proto.ErrTypeMismatch: true, proto.ErrIncompatibleColumns: true,
	// the user
	proto.ErrAuthenticationFailed: true, proto.ErrUnknownUser: true, proto.ErrWrongPassword: true,
	proto.ErrRequiredPassword: true, proto.ErrIPAddressNotAllowed: true, proto.ErrAccessDenied: true,
	proto.ErrDatabaseAccessDenied: true, proto.ErrReadonly: true,
	// the profile
	proto.ErrUnknownSetting: true, proto.ErrSettingConstraintViolation: true,
}

// Codes without a name in ch-go, or with a doubtful one, as ClickHouse's
// ErrorCodes.cpp numbers them; `SELECT errorCodeToName(204)` tells.
const (
	cannotCreateDirectory      proto.Error = 172
	cannotFsync                proto.Error = 204
	cannotWriteToFile          proto.Error = 294
	unfinished                 proto.Error = 341
	queryWasCancelled          proto.Error = 394
	cannotScheduleTask         proto.Error = 439
	cannotCreateFile           proto.Error = 586
	serverOverloaded           proto.Error = 745
	tooManyConnections         proto.Error = 749
	tableIsPermanentlyReadOnly proto.Error = 774 // until its setting table_readonly is reset
)

// hints are sentences for the errors that somebody must act upon.
func hintOf(code proto.Error) string {
	switch code {
	case proto.ErrAuthenticationFailed, proto.ErrUnknownUser, proto.ErrWrongPassword, proto.ErrRequiredPassword:
		return "check the ClickHouse user and password"
	case proto.ErrAccessDenied, proto.ErrDatabaseAccessDenied, proto.ErrIPAddressNotAllowed, proto.ErrReadonly:
		return "the ClickHouse user lacks a grant"
	case proto.ErrUnknownSetting, proto.ErrSettingConstraintViolation:
		return "the ClickHouse server or profile does not allow a setting that runrate needs"
	}
	return "run `runrate migrate`"
}
