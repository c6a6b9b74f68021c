package store

import "github.com/ClickHouse/ch-go/proto"

// Codes of errors of the server that halt a partition, by what they ask for. All
// others may pass, whatever they are: the same is tried again, and freshness says
// why the partition stands still.

// defectCodes say that a statement, or a value in it, is none that the server can
// take, and never will be.
var defectCodes = map[proto.Error]bool{
	proto.ErrSyntaxError: true, proto.ErrUnknownFunction: true, proto.ErrUnknownType: true, proto.ErrUnsupportedMethod: true,
	proto.ErrNumberOfArgumentsDoesntMatch: true, proto.ErrIllegalTypeOfArgument: true, proto.ErrIllegalColumn: true,
	proto.ErrBadArguments: true, proto.ErrNotImplemented: true, proto.ErrUnknownTypeOfQuery: true,
	proto.ErrCannotParseText: true, proto.ErrCannotParseQuotedString: true, proto.ErrCannotParseEscapeSequence: true,
	proto.ErrCannotParseInputAssertionFailed: true, proto.ErrCannotParseDate: true, proto.ErrCannotParseDatetime: true,
	proto.ErrCannotParseNumber: true, proto.ErrCannotConvertType: true,
	proto.ErrArgumentOutOfBound: true, proto.ErrValueIsOutOfRangeOfDataType: true, proto.ErrDecimalOverflow: true,
	proto.ErrCannotInsertNullInOrdinaryColumn: true,
}

// setupCodes stay until somebody changes the schema, a grant or a setting.
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

// hintOf says what to do about an error of a code in setupCodes.
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
