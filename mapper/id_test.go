package mapper

import "testing"

func TestID(t *testing.T) {
	for text, want := range map[string]ID{
		"evt_0badcafe_00000000deadbeef_0":    {Commit: 0xdeadbeef},
		"evt_0badcafe_00000000deadbeef_12_1": {Commit: 0xdeadbeef, Index: 12, Second: true},
		"evt_0badcafe_00000000deadbeef_3p":   {Commit: 0xdeadbeef, Index: 3, Part: true},
		"evt_0badcafe_00000000deadbeef_3t4_1p": {
			Commit: 0xdeadbeef, Index: 3, Timeline: 4, Second: true, Part: true,
		},
		"evt_0badcafe_f0000000deadbeef_1t2": {Commit: 0xf0000000deadbeef, Index: 1, Timeline: 2},
		"evt_0badcafe_00000000deadbeef_4294967295t12_1": {
			Commit: 0xdeadbeef, Index: 1<<32 - 1, Timeline: 12, Second: true,
		},
	} {
		got, ok := ParseID(text)
		if !ok || got != want {
			t.Errorf("%s is read as %+v, %t, want %+v", text, got, ok, want)
		}
		if back := want.In("0badcafe"); back != text {
			t.Errorf("%+v is written as %s, want %s", want, back, text)
		}
	}
	for _, text := range []string{
		"", "plain", "evt_0badcafe_00000000deadbeef_", "evt_0badcafe_00000000deadbeef_x",
		"evt_0badcafe_00000000deadbeef_1t", "evt_0badcafe_00000000deadbeef_1t1",
		"evt_0badcafe_00000000deadbee__11", "evt_0badcafe_0000000gdeadbeef_1",
		"evt_0badcafe_00000000deadbeef_4294967296",
	} {
		if id, ok := ParseID(text); ok {
			t.Errorf("%q is read as %+v", text, id)
		}
	}
}

// Events of one commit are in the order of their numbers, not of their texts, whatever stands
// behind those.
func TestCompareIDs(t *testing.T) {
	want := []string{"", "plain"}
	for _, number := range []string{"2", "2_1", "3p", "3_1p", "9", "10", "10_1", "11p", "100"} {
		want = append(want, "evt_0badcafe_00000000deadbeef_"+number)
	}
	for _, number := range []string{"0", "9t2", "9t2_1", "10t2", "10t2p", "11t2"} {
		want = append(want, "evt_0badcafe_00000000deadbef0_"+number)
	}
	for _, number := range []string{"9", "10"} { // of operator events
		want = append(want, "evt_0badcafe_n19adf0c3b1e_"+number)
	}
	for i, a := range want {
		for j, b := range want {
			got := CompareIDs(a, b)
			if (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}
