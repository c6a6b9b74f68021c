package fold

// Rules is the version of the rules of folding: two programs with the same number
// fold a log into the same rows. It is kept with each epoch, and rows of another
// number are folded anew. What changed:
//
//  1. Before there was a number.
//  2. A tick far ahead of the clock is refused (DEFINITIONS R9), a price book older
//     than the one in force changes nothing, and a quantity may be written 5.0 or 5e3.
//  3. CloudEvents in binary mode, with a content type, and with data_base64 are read.
//  4. rates.published is a control record, and was an unknown type. A Protobuf field
//     beyond the largest number there may be makes a record malformed.
//  5. An adjustment with one_off is no part of usage ARR; before, one_off was ignored.
//  6. Usage by account and day is written when a day closes (account_daily), and the first
//     midnight of an account's ARR when it is passed (arr_bridge).
//  7. What late events add is written by the day of the clock (restatements).
const Rules = 7
