package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"hookline/webhook"
)

// A command line that cannot be meant ends with 2, with what is wrong, the nearest name, and where
// the rest is told. Nothing is connected to.
func TestUsageErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"webhok list", "unexpected argument webhok, did you mean \"webhooks\"?\nhookline --help"},
		{"teardwn", `did you mean "teardown"?`},
		{"webhooks rotat x", `did you mean "rotate"?`},
		{
			"webhooks list --jsn",
			"unknown flag --jsn, did you mean \"--json\"?\nhookline webhooks list --help tells",
		},
		{"webhooks add", "expected \"<url>\"\nhookline webhooks add --help tells"},
		{"webhooks add http://x --secret abc", "--secret: want - for standard input, or env:"},
		{"webhooks add http://x --secret env:", "--secret: want - for standard input, or env:"},
		{
			"webhooks add http://x --secret - --unsigned",
			"--secret and --unsigned can't be used together",
		},
		{"webhooks add ''", "<url> is empty: Where events are posted to"},
		{
			"webhooks add http://x -o ''",
			"--operations is empty: leave it out, or say it: What it hears of",
		},
		{"webhooks add http://x --header A=", "--header is empty"},
		{
			"webhooks add http://x --rate -1",
			`--rate: "-1": want requests in a second from 0.001 to 100000, or 0 for no limit`,
		},
		{"webhooks edit x --rate fast", `--rate: "fast": want requests in a second from 0.001`},
		{"webhooks edit x --rate NaN", `--rate: "NaN": want requests in a second from 0.001`},
		{"webhooks add http://x --batch -5", `--batch: "-5": want events in a request from 2 to 100`},
		{"webhooks add http://x --batch 2.5", `--batch: "2.5": want events in a request from 2 to 100`},
		{"webhooks list -1", "unknown flag -1"},
		{"webhooks edit x --url ''", "--url is empty: leave it out, or say it: Where events are"},
		{"webhooks edit x --url=", "--url is empty"},
		{"webhooks edit ''", "say what is to change"},
		{"webhooks edit '' --per commit", "<webhook> is empty: Its key, its ID"},
		{"webhooks pause ''", "<webhook> is empty"},
		{"webhooks resume ''", "<webhook> is empty"},
		{"webhooks test ''", "<webhook> is empty"},
		{"webhooks remove ''", "<webhook> is empty"},
		{"webhooks rotate ''", "<webhook> is empty"},
		{"webhooks rotate x --secret ''", "--secret: want - for standard input, or env:"},
		{"webhooks rotate x --grace ''", "--grace"},
		{
			"webhooks rotate x --finish --grace 1h",
			"--finish and --grace can't be used together: --finish ends the grace period now, and " +
				"--grace 1h0m0s begins one",
		},
		{"webhooks edit x", "say what is to change"},
		{
			"webhooks edit x --no-headers --header A=b",
			"--no-headers and --header can't be used together",
		},
		{"webhooks rotate x --grace=-1h", "--grace -1h0m0s: want a time such as 24h, or 0s"},
		{"webhooks rotate x --finish --secret -", "can't be used together"},
		{
			"deliveries list --state ded",
			`--state must be one of "waiting","dead","all" but got "ded"`,
		},
		{"deliveries list --webhook ''", "--webhook is empty"},
		{"deliveries list --event ''", `event "": want person.created`},
		{"deliveries list --since ''", `time "": want one such as`},
		{"deliveries list --limit 0", "--limit 0: want at least 1"},
		{"deliveries list --limit -1", "--limit"},
		{"deliveries list --since 1h --until 2h", "nothing is in between"},
		{"deliveries show ''", "<id> is empty"},
		{"deliveries show evt_1 --webhook ''", "--webhook is empty"},
		{"deliveries replay ''", "<id> is empty"},
		{"deliveries replay --webhook '' --event person.*", "--webhook is empty"},
		{"deliveries discard --webhook '' --since 2h", "--webhook is empty"},
		{"deliveries discard --all evt_1", "--all is all dead deliveries, and something else says which"},
		{"deliveries discard --all --webhook x", "--all is all dead deliveries, and something else says"},
		{"deliveries replay --since 1h --until 2h", "nothing is in between"},
		{"listen ''", "<addr> is empty: Where to listen"},
		{"listen --secret ''", "--secret is empty"},
		{"listen --fail 3", `--fail: "3": want a percentage such as 20%`},
		{"listen --latency=-1s", "--latency -1s: want a time such as 200ms"},
		{"verify --secret ''", "--secret is empty: The webhook's secret"},
		{"verify --secret x --header A", `--header "A": want 'Name: value'`},
		{"verify --secret x --tolerance=-1s", "--tolerance -1s: want a time such as 5m"},
		{"demo --load ''", "--load is empty"},
		{"demo --once --load postgres://x", "--once and --load can't be used together"},
		{"setup --accept-gap --spool=", "--spool is empty"},
		{"setup --spool keep", "--spool goes with --accept-gap"},
		{"setup --print-sql --accept-gap", "can't be used together"},
		{"completion ''", "<shell>"},
		{"run now", "unexpected argument now"},
		{"version --jsn", "unknown flag --jsn"},
		{"status --every 5s", "--every 5s goes with --watch"},
		{"status --watch --every 1ms", "--every 1ms: want at least 100ms"},
		{"teardown", "say --dry-run to see what would be removed, or --yes to remove it"},
		{"teardown --dry-run --yes", "--dry-run and --yes can't be used together"},
		{"completion tcsh", `must be one of "bash","zsh","fish" but got "tcsh"`},
		{
			"deliveries replay --event person.sold --dry-run",
			`event "person.sold": want person.created`,
		},
	} {
		var stderr strings.Builder
		args := strings.Fields(c.line)
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "''", "")
		}
		code := execute(args, &stderr)
		if code != exitUsage || !strings.Contains(stderr.String(), c.want) ||
			!strings.Contains(stderr.String(), "--help tells what there is.\n") {
			t.Errorf("%s ends with %d: %s; want %s", c.line, code, stderr.String(), c.want)
		}
	}
}

// Every command refuses what it does not know, and says where it is told what there is.
func TestUnknownFlags(t *testing.T) {
	parser, err := kong.New(&commands{}, about, kong.Name("hookline"))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		var stderr strings.Builder
		args := append(strings.Fields(leaf.Path()), "--no-such-flag")
		if code := execute(args, &stderr); code != exitUsage ||
			!strings.Contains(stderr.String(), "--no-such-flag") ||
			!strings.Contains(stderr.String(), "--help tells what there is.\n") {
			t.Errorf("%q ends with %d: %s", args, code, stderr.String())
		}
	}
}

// A command is read without the others, and what is none with all of them.
func TestParserFor(t *testing.T) {
	all, err := parserFor("--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range all.Model.Children {
		one, err := parserFor(child.Name)
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		if child.Hidden { // it tells of all
			want = len(all.Model.Children)
		}
		is := func(other *kong.Node) bool { return other.Name == child.Name && other.Help == child.Help }
		if got := one.Model.Children; len(got) != want || !slices.ContainsFunc(got, is) {
			t.Errorf("%s is read with %d commands, want %d and itself", child.Name, len(got), want)
		}
	}
}

func TestCompletion(t *testing.T) {
	parser, err := kong.New(&commands{}, about, kong.Name("hookline"))
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"web":                          "webhooks",
		"webhooks re":                  "resume remove",
		"webhooks add --un":            "--unsigned",
		"deliveries replay --webhook ": "",
		"deliveries list --sta":        "--state=",
		"deliveries list --state ":     "waiting dead all",
		"deliveries list --state=d":    "--state=dead",
		"deliveries list --state = d":  "dead", // as bash has it
		"deliveries list --state =":    "waiting dead all",
		"deliveries list --st=x":       "",
		"completion ":                  "bash zsh fish",
		"compl":                        "completion",
		"status --wa":                  "--watch",
		"nothing ":                     "run",
	} {
		var got []string
		for _, candidate := range complete(parser.Model.Node, strings.Split(line, " ")) {
			name, _, _ := strings.Cut(candidate, "\t")
			got = append(got, name)
		}
		if line == "nothing " {
			got = got[:1]
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	if got := complete(parser.Model.Node, nil); !slices.Contains(got, "version\tPrint the version") {
		t.Errorf("of nothing: %q", got)
	}
}

func TestSecretsComeFromElsewhere(t *testing.T) {
	t.Setenv("HOOK_SECRET", "of the environment")
	for _, c := range []struct {
		source secretSource
		stdin  string
		want   webhook.Secret
		err    string
	}{
		{"env:HOOK_SECRET", "", "of the environment", ""},
		{"env:HOOK_NONE", "", "", `the environment variable "HOOK_NONE" is not set`},
		{"-", "typed\n", "typed", ""},
		{"-", " two words \r\n", " two words ", ""},
		{"-", "\n", "", "standard input is empty"},
		{"-", strings.Repeat("x", 5000), "", "more than 4096 bytes"},
	} {
		got, err := c.source.read(strings.NewReader(c.stdin))
		if got != c.want || (err == nil) != (c.err == "") ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s with %.20q: %q, %v; want %q, %s", c.source, c.stdin, string(got), err,
				string(c.want), c.err)
		}
	}
}
