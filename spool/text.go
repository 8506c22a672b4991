package spool

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// text returns s as a column of type text takes it. What a body is made of is changed only as the
// body has it already: bytes that are no UTF-8 become U+FFFD.
func text(
	s string,
) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// texts is text for a list, of which nil and empty are two things.
func texts(list []string) []string {
	for i, s := range list {
		if text(s) == s {
			continue
		}
		clean := append([]string(nil), list...)
		for ; i < len(clean); i++ {
			clean[i] = text(clean[i])
		}
		return clean
	}
	return list
}

// remark is text for people, whose exact characters matter less than that a database of any
// encoding takes it.
func remark(tx pgx.Tx, s string) string {
	s = text(s)
	if encoding := tx.Conn().PgConn().ParameterStatus("server_encoding"); encoding == "UTF8" {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return '?'
		}
		return r
	}, s)
}
