package worker

// ReasonOf is for the tests of package worker_test.
var ReasonOf = reasonOf
