package pgtext

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestRedactorForgets goes through more keys than are remembered.
func TestRedactorForgets(t *testing.T) {
	r := NewRedactor(func(key string) KeyClass {
		if strings.HasPrefix(key, "token") {
			return SecretText
		}
		return 0
	})
	for i := range 3 * mostKeys {
		long := strings.Repeat("l", longestKey+1)
		in := fmt.Sprintf(`{"k%d":1,"token%d":"x","%s":2}`, i, i, long)
		if got := r.AppendJSON(nil, []byte(in)); bytes.Contains(got, []byte("token")) {
			t.Fatalf("got %s", got)
		}
	}
	if len(r.known) > mostKeys {
		t.Errorf("%d keys are remembered", len(r.known))
	}
}
