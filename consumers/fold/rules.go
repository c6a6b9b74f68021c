package fold

// Rules is the version of the rules of folding: two programs with the same number
// fold a log into the same rows. It is kept with each epoch, and rows of another
// number are folded anew. What changed:
//
//  1. Before there was a number.
const Rules = 1
