package twenty

import (
	"cmp"
	"strings"

	"hookline/mapper"
)

// Mark is the prefix that tells Hookline's operations from those that Twenty serves itself. Twenty
// stores such an operation and never matches it.
const Mark = "hookline:"

// ExactOnly is the event that no wildcard matches: a running workflow updates its run many times a
// second.
const ExactOnly = "workflowRun.updated"

// LegacyColumn is where Twenty kept what a webhook hears of before 0.33.
const LegacyColumn = "operation"

// FromLegacy returns an operation of that column as Twenty has spelled it since: person.create is
// person.created, and so is create.person, the order of the versions before mid 2024. What is
// neither stays as it is.
func FromLegacy(operation string) string {
	pattern := strings.TrimPrefix(operation, Mark)
	prefix := strings.TrimSuffix(operation, pattern)
	object, action, found := strings.Cut(pattern, ".")
	if !found {
		return operation
	}
	if fromLegacyAction(action) == "" &&
		(fromLegacyAction(object) != "" || object == "*" && action != "*") {
		object, action = action, object
	}
	return prefix + object + "." + cmp.Or(fromLegacyAction(action), action)
}

// fromLegacyAction returns an action by its name of today, "" for what is not one.
func fromLegacyAction(name string) string {
	switch name {
	case "create":
		return mapper.Created.String()
	case "update":
		return mapper.Updated.String()
	case "delete":
		return mapper.Deleted.String()
	case "destroy":
		return mapper.Destroyed.String()
	}
	if _, known := mapper.ParseAction(name); known {
		return name
	}
	return ""
}
