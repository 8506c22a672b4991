package filter

import (
	"bytes"
	"encoding/json"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// valueOf returns a value of JSON as one of CEL, which keeps nothing of src. A whole number is an
// int, unless it is too large: then it is a double, as all other numbers are.
func valueOf(src []byte) ref.Val {
	if len(src) == 0 {
		return types.NullValue
	}
	switch c := src[0]; {
	case c == '"' && bytes.IndexByte(src, '\\') < 0:
		return types.String(src[1 : len(src)-1])
	case c == 't':
		return types.True
	case c == 'f':
		return types.False
	case c == 'n':
		return types.NullValue
	case c == '-' || '0' <= c && c <= '9':
		return numberOf(string(src))
	}
	decoder := json.NewDecoder(bytes.NewReader(src))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return types.WrapErr(errElse)
	}
	return types.DefaultTypeAdapter.NativeToValue(plain(value))
}

func numberOf(text string) ref.Val {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return types.Int(n)
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil { // out of range
		return types.WrapErr(errElse)
	}
	return types.Double(x)
}

// plain replaces the numbers in a decoded value.
func plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		return numberOf(v.String())
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
	}
	return value
}
