package cdc

// XIDAge is SQL for how long ago a transaction id was given out, to be compared with other ages and sorted by. x is an
// expression of type xid.
//
// The server's age() is a signed number of 32 bits. It is negative for what is more than two billion transactions old, as
// rows that were frozen may be: they keep their xmin. It is also negative for what others have committed since the
// transaction that asks got an id of its own. Taken as unsigned, the one would be right and the other as old as can
// be; so it is moved by a billion first. What is right, then, is whatever is up to three billion old.
func XIDAge(x string) string { return "((age(" + x + ")::bigint + 1073741824) & 4294967295)" }
