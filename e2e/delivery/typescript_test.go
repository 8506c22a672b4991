package delivery

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hookline/e2e"
)

// typeCheck has the real compiler look at what `hookline schema` prints of webhooks, under strict:
// every body that has come is of its webhook's type, a receiver by these types compiles, and one
// that is wrong does not.
func typeCheck(t *testing.T, types []string, boxes []*e2e.Inbox) {
	t.Helper()
	compiler, err := exec.CommandContext(t.Context(), "../../internal/tools/fetch-typescript",
		"--there").Output()
	if err != nil {
		t.Skip("there is no TypeScript compiler, so the types are not compiled: " +
			"internal/tools/fetch-typescript fetches one")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to run the TypeScript compiler with, so the types are not compiled")
	}
	dir := t.TempDir()
	compile := func(files ...string) (string, error) {
		arguments := append([]string{
			strings.TrimSpace(string(compiler)), "--strict", "--noEmit", "--pretty", "false",
			"--module", "nodenext", "--target", "es2022",
		}, files...)
		c := exec.CommandContext(t.Context(), node, arguments...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		return string(out), err
	}
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	var right []string
	for i, text := range types {
		module := fmt.Sprintf("events_%d", i)
		write(module+".mts", text)
		var bodies []string
		for _, r := range boxes[i].All() {
			bodies = append(bodies, string(r.Body))
		}
		if len(bodies) == 0 {
			t.Errorf("nothing has come to %s", formed[i])
		}
		right = append(right, write(fmt.Sprintf("bodies_%d.mts", i), fmt.Sprintf(
			"import type { HooklineEvent } from \"./%s.mjs\"\nexport const bodies: HooklineEvent[] = [\n%s]\n",
			module, strings.Join(bodies, ",\n"))))
	}
	right = append(right, write("receiver.mts", typedReceiver))
	if out, err := compile(right...); err != nil {
		t.Errorf("what is right does not compile: %v\n%s", err, out)
	}
	for wrong, says := range map[string]string{
		`if (event.event === "thing.sold") {}`:                                       "TS2367",
		`if (event.event === "thing.created") event.data.nothing`:                    "TS2339",
		`if (event.event === "pair.created") event.data.word`:                        "TS2339",
		`if (event.event === "thing.created") event.data.one.length`:                 "TS18047",
		`if (event.event === "thing.created") { const n: number = event.data.word }`: "TS2322",
		`const body: HooklineEvent = { event: "pair.created" }`:                      "TS2322",
		`event.data.id.length`: "TS2339",
	} {
		file := write("wrong.mts", "import type { HooklineEvent } from \"./events_0.mjs\"\n"+
			"export function receive(event: HooklineEvent) { "+wrong+" }\n")
		if out, err := compile(file); err == nil || !strings.Contains(out, says) {
			t.Errorf("%s: %v, want %s:\n%s", wrong, err, says, out)
		}
	}
}

// typedReceiver is one of the first of formed: it knows each event, and no other.
const typedReceiver = `import type { HooklineEvent, Thing } from "./events_0.mjs"

function told(thing: Thing): string {
	const amount: number | string = thing.real ?? 0
	return thing.word.toUpperCase() + amount + (thing.one?.length ?? 0)
}

export function receive(event: HooklineEvent): string {
	switch (event.event) {
	case "thing.created":
	case "thing.deleted":
	case "thing.restored":
	case "thing.destroyed":
		return told(event.data)
	case "thing.updated":
		return (event.updatedFields ?? []).join() + told(event.data) + event.key?.id
	case "pair.created":
	case "pair.updated":
	case "pair.deleted":
		return event.data.a.toFixed() + event.data.b + (event.previousKey?.b ?? "")
	case "hookline.test":
		return event.data.message
	}
	const nothingElse: never = event
	return nothingElse
}
`
