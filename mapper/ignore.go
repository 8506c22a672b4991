package mapper

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Ignore is which changes a webhook does not hear of. It is immutable; the zero value ignores none.
type Ignore struct{ rules []ignoreRule }

// ignoreRule is one of them: of changes by an actor, from an origin, or with an annotation.
type ignoreRule struct {
	kind       ignoreKind
	key, value string
	any        bool // value is not asked for
}

type ignoreKind uint8

const (
	bySource ignoreKind = iota // key is the actor's source, and value its name
	byMember                   // key is the workspace member's id
	byOrigin                   // key is the replication origin
	byAnnotation
)

// What an entry begins with.
const (
	IgnoreActor      = "actor:"
	IgnoreOrigin     = "origin:"
	IgnoreAnnotation = "annotation:"
	ignoreMember     = "member:"
)

// maxIgnore is how many entries there may be.
const maxIgnore = 64

// ParseIgnore reads entries: actor:API, actor:API:name of the key, actor:member:id, origin:name,
// annotation:key or annotation:key=value. It returns nil for none.
func ParseIgnore(entries []string) (*Ignore, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if len(entries) > maxIgnore {
		return nil, fmt.Errorf("has %d entries, and may have %d", len(entries), maxIgnore)
	}
	i := &Ignore{rules: make([]ignoreRule, len(entries))}
	for n, entry := range entries {
		rule, ok := parseIgnored(entry)
		if !ok {
			return nil, fmt.Errorf("%.64q: want actor:SOURCE, "+
				"actor:SOURCE:NAME, actor:member:ID, origin:NAME, annotation:KEY or "+
				"annotation:KEY=VALUE", entry)
		}
		i.rules[n] = rule
	}
	return i, nil
}

func parseIgnored(entry string) (rule ignoreRule, ok bool) {
	if text, is := strings.CutPrefix(entry, IgnoreOrigin); is {
		return ignoreRule{kind: byOrigin, key: text}, text != ""
	}
	if text, is := strings.CutPrefix(entry, IgnoreAnnotation); is {
		key, value, valued := strings.Cut(text, "=")
		return ignoreRule{kind: byAnnotation, key: key, value: value, any: !valued}, key != ""
	}
	text, is := strings.CutPrefix(entry, IgnoreActor)
	if !is {
		return ignoreRule{}, false
	}
	if id, is := strings.CutPrefix(text, ignoreMember); is {
		return ignoreRule{kind: byMember, key: strings.ToLower(id)}, id != ""
	}
	source, name, named := strings.Cut(text, ":")
	return ignoreRule{kind: bySource, key: source, value: name, any: !named}, source != ""
}

// ignores reports whether a change of that cause is ignored.
func (i *Ignore) ignores(c *cause) bool {
	return slices.ContainsFunc(i.rules, func(r ignoreRule) bool { return r.matches(c) })
}

func (r *ignoreRule) matches(c *cause) bool {
	switch r.kind {
	case bySource:
		return c.actor.source == r.key && (r.any || c.actor.name == r.value)
	case byMember:
		return c.actor.source != "" && c.actor.member == r.key
	case byOrigin:
		return c.origin == r.key
	default:
		value, says := c.annotated()[r.key]
		return says && (r.any || value == r.value)
	}
}

// annotated returns what the annotation says under each of its keys: texts as they are, numbers and
// booleans as JSON has them. Of what is null, and of arrays and objects, it says that it is there.
func (c *cause) annotated() map[string]string {
	if c.annotation == nil || c.said != nil {
		return c.said
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(c.annotation.JSON, &members) // which is an object
	c.said = make(map[string]string, len(members))
	for key, value := range members {
		var text string
		switch value[0] {
		case '"':
			_ = json.Unmarshal(value, &text)
		case '{', '[', 'n':
		default:
			text = string(value)
		}
		c.said[key] = text
	}
	return c.said
}
