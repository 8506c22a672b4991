package naming

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestObjectName(t *testing.T) {
	for table, want := range map[string]string{
		"people": "person", "person": "person", "companies": "company", "sales_orders": "salesOrder",
		"SalesOrders": "salesOrder",
		"salesOrders": "salesOrder", "SALES_ORDERS": "salesOrder", "Sales Orders": "salesOrder",
		"sales-orders": "salesOrder",
		"news_people":  "newsPerson", "people_addresses": "peopleAddress", "statuses": "status",
		"order_status":  "orderStatus",
		"opportunities": "opportunity", "analyses": "analysis", "taxes": "tax", "cases": "case",
		"series": "series", "boxes": "box",
		"children": "child", "customer_data": "customerData", "metadata": "metadata", "sms": "sms",
		"sms_messages": "smsMessage",
		"APIKeys":      "apiKey", "OAuthTokens": "oAuthToken", "HTTPLogs": "httpLog",
		"orders2":     "orders2",
		"orders_2024": "orders2024",
		"2024_orders": "2024Order", "2fa": "2fa",
		"_prisma_migrations": "prismaMigration", "__x__": "x", "s": "s", "a": "a",
		"tbl.contacts": "tblContact",
		"größen":       "größen", "Größe Tabellen": "größeTabellen", "顧客": "顧客",
		"e\u0301tudes": "e\u0301tudes", "o'clock": "oClock",
		"": "table51d8e999", "!!!": "tableda8e1de2", "???": "tablef6d986de",
	} {
		if got := Object(table); got != want {
			t.Errorf("objectName(%q) = %q, want %q", table, got, want)
		}
	}
}

func TestFieldNames(t *testing.T) {
	for name, want := range map[string]string{
		"id": "id", "ID": "id", "Id": "id",
		"first_name": "firstName", "FirstName": "firstName", "FIRST_NAME": "firstName",
		"First Name": "firstName",
		"createdAt":  "createdAt", "userID": "userID", "user_ID": "userId",
		"address_line_1": "addressLine1", "address1": "address1",
		"HTTPStatus": "httpStatus", "_private": "_private", "__x_y": "__xY", "_": "_",
		"2fa_enabled": "2faEnabled", "größe_cm": "größeCm",
		"a.b": "aB", "?": "?", "日本_語": "日本語",
	} {
		if got := Fields([]string{name}); got[0] != want {
			t.Errorf("%q gives %q, want %q", name, got[0], want)
		}
	}
	got := Fields([]string{"first_name", "FirstName", "last_name", "id", "ID", "Id"})
	if want := []string{"firstName", "FirstName", "lastName", "id", "ID", "Id"}; !slices.Equal(got,
		want) {
		t.Errorf("names that read alike: got %q, want %q", got, want)
	}
	// a column that is added changes the name of none that is there
	for _, columns := range [][]string{
		{"_status", "status"},
		{"first_name", "firstName", "First_Name", "FirstName"},
		{"a_b", "aB", "aB_"},
		{"id", "ID"},
	} {
		for n := range columns {
			before, after := Fields(columns[:n]), Fields(columns[:n+1])
			if !slices.Equal(before, after[:n]) || slices.Contains(before, after[n]) {
				t.Errorf("%q are %q, and then %q", columns[:n+1], before, after)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{
		"first_name FirstName", "ID id", "a_b aB A-B", "Größe_cm 2fa_x", "_ __ ?",
		"\u0301x X\u0301y", "\U0001d400\U0001d401_c", "ǅ_ǆ ßa_ßa",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		names := strings.Fields(text)
		slices.Sort(names)
		names = slices.Compact(names)
		keys := Fields(names)
		for _, key := range keys {
			if CamelCase(CamelCase(key)) != CamelCase(key) {
				t.Errorf("camelCase(%q) = %q, but then %q", key, CamelCase(key), CamelCase(CamelCase(key)))
			}
		}
		slices.Sort(keys)
		if unique := slices.Compact(slices.Clone(keys)); len(unique) != len(keys) {
			t.Errorf("%q gives %q", names, keys)
		}
		if name := Object(text); name == "" || strings.ContainsAny(name, ".*:, ") {
			t.Errorf("objectName(%q) = %q", text, name)
		}
	})
}

// TestSingulars has the names of tables in CRMs, shops and CMSes: a plural has its singular, which
// stays as it is.
func TestSingulars(t *testing.T) {
	text, err := os.ReadFile("testdata/singulars.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		plural, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, word := range []string{plural, want} {
			if got := singular(word); got != want {
				t.Errorf("the singular of %s is %s, want %s", word, got, want)
			}
		}
		n++
	}
	if n < 500 {
		t.Errorf("%d names, want 500", n)
	}
}

// TestEarlier has names as flect made them: whole words, endings of which the first counts, and
// those that merely lose an s.
func TestEarlier(t *testing.T) {
	for table, want := range map[string]string{
		"area": "areum", "drives": "drife", "ids": "idsids", "dns": "dnsdns", "aliases": "alias",
		"people": "person", "salespeople": "salesperson", "uses": "use", "houses": "house",
		"warehouses": "warehouse", "statuses": "status", "addresses": "address", "boxes": "box",
		"companies": "company", "keys": "key", "movies": "movie", "criteria": "criterion",
		"contacts": "contact", "data": "data", "metadata": "metadata", "x": "x", "news": "news",
		"sales_orders": "salesOrder", "Media": "media", "leads2": "leads2", "": Object(""),
	} {
		if got := Earlier(table); got != want {
			t.Errorf("%q was %s, want %s", table, got, want)
		}
	}
}
