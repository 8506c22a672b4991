package generic

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"hookline/mapper/pattern"
	"hookline/mapper/pgtext"
)

// orUnset returns an encoder of dates and timestamps which has null for those that stand for none.
// Of a timestamp, that is the beginning of the day.
func orUnset(encode pgtext.Encoder, base uint32, said []pattern.Entry) pgtext.Encoder {
	if len(said) == 0 || !isDay(base) {
		return encode
	}
	texts := unsetTexts(base, said)
	return func(dst, text []byte) []byte {
		if slices.Contains(texts, string(text)) {
			return append(dst, "null"...)
		}
		return encode(dst, text)
	}
}

// unsetTexts returns the days as the stream has them in columns of a type.
func unsetTexts(base uint32, said []pattern.Entry) (texts []string) {
	for _, e := range said {
		text := e.Value
		if _, err := time.Parse(time.DateOnly, text); err == nil && base != pgtype.DateOID {
			text += " 00:00:00"
			if base == pgtype.TimestamptzOID {
				text += "+00"
			}
		}
		texts = append(texts, text)
	}
	return texts
}
