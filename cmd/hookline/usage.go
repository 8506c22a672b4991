package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// said checks the flags and arguments of a command line: one that is said and empty is a variable
// of a shell that is not set, more often than not, and would be taken for one that is not said.
// Those with the tag clears:"" are different: there nothing is a value.
func said(command *kong.Context) error {
	for _, p := range command.Path {
		switch {
		case p.Resolved: // of the environment
		case p.Flag != nil && p.Flag.Required && isEmpty(p.Flag.Target):
			return fmt.Errorf("--%s is empty: %s", p.Flag.Name, p.Flag.Help)
		case p.Flag != nil && !p.Flag.Tag.Has("clears") && isEmpty(p.Flag.Target):
			return fmt.Errorf("--%s is empty: leave it out, or say it: %s", p.Flag.Name, p.Flag.Help)
		case p.Positional != nil && isEmpty(p.Positional.Target):
			return fmt.Errorf("<%s> is empty: %s", p.Positional.Name, p.Positional.Help)
		}
	}
	return nil
}

// joined puts a value that is a negative number to the flag before it, --rate=-1, as no flag is a
// number: so it is told what is wrong with the value.
func joined(args []string) []string {
	list := make([]string, 0, len(args))
	for _, arg := range args {
		n := len(list)
		if _, err := strconv.ParseFloat(strings.TrimRight(arg, "hmnsuµ"), 64); err == nil && n > 0 &&
			strings.HasPrefix(arg, "-") && strings.HasPrefix(list[n-1], "--") &&
			!strings.Contains(list[n-1], "=") {
			list[n-1] += "=" + arg
			continue
		}
		list = append(list, arg)
	}
	return list
}

// isEmpty reports whether a value, or something in it, is an empty text.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0
	case reflect.Pointer:
		return !v.IsNil() && isEmpty(v.Elem())
	case reflect.Slice, reflect.Map:
		for _, element := range v.Seq2() {
			if isEmpty(element) {
				return true
			}
		}
		return v.Len() == 0
	default:
		return false
	}
}
